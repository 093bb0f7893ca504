package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * An uplink that shares its MAC address: what leaves has that address as its source, and no guest's
 * where neighbours look for one; what comes is read within its bounds, which decide nothing by what
 * lies behind them.
 *
 * <p>An input is a series of steps: who sends (two guests, or the wire twice), then length, offload
 * header and frame. What comes by the wire gets the shared address as its destination.
 */
class SharedMacFuzzTest {
  private static final long NIC = 0x0200_0000_0009L;
  private static final int BEHIND = 128;

  private final ByteBuf scratch = Frames.untracked(SharedMac.capacity());

  /** The guest's address whose frame is sent. */
  private long sender;

  private final class Uplink extends ObservedPort {
    private final SharedMac shared;

    Uplink(Switch network, SharedMac shared) {
      super("uplink", "uplink", Ethernet.LARGEST_PACKET, PortState.up());
      this.shared = shared;
      network.attach(this);
    }

    @Override
    public boolean transmit(Passage passage, ByteBuf frame) {
      byte[] before = ByteBufUtil.getBytes(frame);
      sender = passage.source();
      int sent =
          shared.write(passage, frame.memoryAddress() + frame.readerIndex(), frame.readableBytes());
      assertThat(ByteBufUtil.getBytes(frame)).as("what was lent").isEqualTo(before);
      return sent >= 0;
    }

    @Override
    public Offloads offloads() {
      return Offloads.ALL;
    }

    @Override
    public void start() {}

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @FuzzTest
  void framesOfAnyFormSayNobodyElsesAddress(byte[] input) {
    LogWatch.allowWarnings();
    Switch network = new Switch("fuzz", new SteppedTimers(), Frames.UNTRACKED);
    SharedMac shared =
        new SharedMac(NIC, new SharedAddresses(SharedAddressesTest.SEED), scratch, this::leaves);
    InMemoryPort a = InMemoryPort.attached("a", Offloads.ALL, network);
    InMemoryPort b = InMemoryPort.attached("b", Offloads.ALL, network);
    Uplink uplink = new Uplink(network, shared);
    FuzzInput in = new FuzzInput(input);
    for (int step = 0; step < 32 && in.hasNext(); step++) {
      int who = in.choice(4);
      ByteBuf frame = Frames.untracked(256).writeBytes(in.chunk());
      if (frame.readableBytes() < Frames.PAYLOAD) {
        frame.writeZero(Frames.PAYLOAD - frame.readableBytes());
      }
      if (who < 2) {
        (who == 0 ? a : b).send(frame);
        a.clear();
        b.clear();
      } else {
        comes(shared, ByteBufUtil.getBytes(frame, Frames.ETHERNET, wire(frame)));
        frame.release();
      }
    }
    a.close();
    b.close();
    network.detach(uplink);
    network.close();
  }

  private static int wire(ByteBuf frame) {
    return frame.writerIndex() - Frames.ETHERNET;
  }

  @SuppressWarnings("restricted") // what is sent is there
  private int leaves(long address, int length) {
    byte[] sent =
        MemorySegment.ofAddress(address).reinterpret(length).toArray(ValueLayout.JAVA_BYTE);
    int ethernet = Frames.ETHERNET;
    assertThat(mac(sent, ethernet + 6)).as("the source").isEqualTo(NIC);
    int network = ethernet + 14;
    int type = word(sent, network - 2);
    if (sender == NIC) {
      return length;
    }
    // Behind a tag, and in a frame longer than any of these, nobody looks.
    if (type == 0x0806 && sent.length - network >= 28 && isArp(sent, network)) {
      assertThat(mac(sent, network + 8)).as("ARP's sender").isEqualTo(NIC);
    }
    if (type == 0x86dd && sent.length - network >= 48 && sent[network + 6] == 58) {
      discovery(sent, network);
    }
    return length;
  }

  private static boolean isArp(byte[] frame, int at) {
    return word(frame, at) == 1
        && word(frame, at + 2) == 0x0800
        && word(frame, at + 4) == 0x0604
        && (word(frame, at + 6) == 1 || word(frame, at + 6) == 2);
  }

  /** RFC 4861 section 4: options say whose MAC address is whose. */
  private void discovery(byte[] frame, int ip) {
    int message = ip + 40;
    int end = Math.min(frame.length, message + word(frame, ip + 4));
    int option =
        switch (frame[message] & 0xff) {
          case 133 -> message + 8;
          case 134 -> message + 16;
          case 135, 136 -> message + 24;
          default -> end;
        };
    boolean longer = frame.length > SharedMac.capacity();
    while (!longer && option + 8 <= end && frame[option + 1] != 0) {
      if (frame[option] == 1 || frame[option] == 2) {
        assertThat(mac(frame, option + 2)).as("an option's address").isNotEqualTo(sender);
      }
      option += 8 * (frame[option + 1] & 0xff);
    }
  }

  /** Takes a frame twice, with other bytes behind it each time. */
  private static void comes(SharedMac shared, byte[] bytes) {
    for (int i = 0; i < 6; i++) {
      bytes[i] = (byte) (NIC >> (40 - 8 * i));
    }
    byte[] first = received(shared, bytes, (byte) 0);
    byte[] second = received(shared, bytes, (byte) 0xff);
    assertThat(second).as("with other bytes behind it").isEqualTo(first);
    byte[] likely = received(shared, bytes, (byte) 0x44);
    assertThat(likely).as("with yet others").isEqualTo(first);
    boolean hosts = first[0] == 0;
    byte[] frame = Arrays.copyOfRange(first, 1, first.length);
    if (hosts) {
      assertThat(frame).as("the host's own").isEqualTo(bytes);
    } else {
      assertThat(frame[0] & 1).as("a guest's address").isZero();
      assertThat(mac(frame, 0)).isNotEqualTo(NIC);
    }
  }

  /** Whether it is a guest's, and the frame as it is then. */
  private static byte[] received(SharedMac shared, byte[] bytes, byte behind) {
    ByteBuf memory = Frames.untracked(bytes.length + BEHIND).writeBytes(bytes);
    for (int i = 0; i < BEHIND; i++) {
      memory.writeByte(behind);
    }
    byte[] result = new byte[1 + bytes.length];
    result[0] = (byte) (shared.receive(memory.memoryAddress(), bytes.length) ? 1 : 0);
    memory.getBytes(0, result, 1, bytes.length);
    for (int i = 0; i < BEHIND; i++) {
      assertThat(memory.getByte(bytes.length + i)).as("what lies behind").isEqualTo(behind);
    }
    memory.release();
    return result;
  }

  private static int word(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
  }

  private static long mac(byte[] bytes, int at) {
    return (long) word(bytes, at) << 32 | (long) word(bytes, at + 2) << 16 | word(bytes, at + 4);
  }
}
