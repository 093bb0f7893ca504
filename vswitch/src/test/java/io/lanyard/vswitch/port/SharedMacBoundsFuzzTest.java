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
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Frames that share an uplink's address leave with it, come back to a guest or to the host, and are
 * read and written within their bounds: by two uplinks that differ in what lies behind each frame.
 *
 * <p>An input is a series of steps: whether a guest sends, and which, or the wire; how long the
 * frame is; then the frame, that of a guest behind an offload header, and what lies behind it for
 * one of the two.
 */
class SharedMacBoundsFuzzTest {
  private static final long NIC = 0x020000000009L;

  /** Bytes behind a frame that are none of its. */
  private static final int BEHIND = 64;

  private static final int LARGEST = 4096;

  @FuzzTest
  void whatLiesBehindAFrameIsNeitherReadNorWritten(byte[] input) {
    LogWatch.allowWarnings();
    try (Scene one = new Scene();
        Scene other = new Scene()) {
      FuzzInput in = new FuzzInput(input);
      for (int step = 0; step < 32 && in.hasNext(); step++) {
        int from = in.choice(4);
        int length = in.word();
        byte[] all = in.chunk();
        if (all.length > LARGEST) {
          continue;
        }
        byte[] frame = Arrays.copyOf(all, Math.min(length, all.length));
        byte[] behind = Arrays.copyOfRange(all, frame.length, frame.length + BEHIND);
        byte[] inverse = new byte[BEHIND];
        for (int i = 0; i < BEHIND; i++) {
          inverse[i] = (byte) ~behind[i];
        }
        if (from < 2) {
          one.send(from, frame, behind);
          other.send(from, frame, inverse);
          assertThat(other.wire).hasSameSizeAs(one.wire);
          for (int i = 0; i < one.wire.size(); i++) {
            assertThat(other.wire.get(i)).isEqualTo(one.wire.get(i));
          }
          one.wire.clear();
          other.wire.clear();
        } else {
          assertThat(other.receive(frame, inverse)).isEqualTo(one.receive(frame, behind));
        }
      }
    }
  }

  /** A switch with two guests and an uplink, and a wire. */
  private static final class Scene implements AutoCloseable {
    final List<byte[]> wire = new ArrayList<>();
    private final Switch network = new Switch("fuzz", new SteppedTimers(), Frames.UNTRACKED);
    private final ByteBuf scratch = Frames.untracked(SharedMac.capacity());
    private final SharedMac shared =
        new SharedMac(NIC, new SharedAddresses(SharedAddressesTest.SEED), scratch, this::sent);
    private final List<InMemoryPort> guests =
        List.of(
            InMemoryPort.attached("a", Offloads.ALL, network),
            InMemoryPort.attached("b", Offloads.ALL, network));

    Scene() {
      network.attach(new Uplink());
    }

    @SuppressWarnings("restricted") // what is sent is there
    private int sent(long address, int length) {
      byte[] frame =
          MemorySegment.ofAddress(address).reinterpret(length).toArray(ValueLayout.JAVA_BYTE);
      assertThat(mac(frame, OffloadHeader.LENGTH + 6)).as("source").isEqualTo(NIC);
      wire.add(frame);
      return length;
    }

    private static ByteBuf buffer(byte[] bytes, byte[] behind) {
      ByteBuf buffer = Frames.untracked(bytes.length + BEHIND);
      buffer.writeBytes(bytes);
      buffer.setBytes(bytes.length, behind);
      return buffer;
    }

    void send(int guest, byte[] bytes, byte[] behind) {
      byte[] whole = Arrays.copyOf(bytes, Math.max(bytes.length, Frames.PAYLOAD));
      guests.get(guest).send(buffer(whole, behind));
      guests.forEach(InMemoryPort::clear);
    }

    /** The frame as the network gets it; one byte where it is the host's. */
    byte[] receive(byte[] bytes, byte[] behind) {
      ByteBuf buffer = buffer(bytes, behind);
      boolean guests = shared.receive(buffer.memoryAddress(), bytes.length);
      byte[] after = all(buffer);
      buffer.release();
      assertThat(Arrays.copyOfRange(after, bytes.length, after.length))
          .as("behind the frame")
          .isEqualTo(behind);
      byte[] frame = Arrays.copyOf(after, bytes.length);
      boolean isForUs = bytes.length >= Ethernet.HEADER_LENGTH && mac(bytes, 0) == NIC;
      if (!guests || !isForUs) {
        assertThat(frame).as("left alone").isEqualTo(bytes);
        assertThat(guests).isEqualTo(!isForUs);
        return guests ? frame : new byte[1];
      }
      long destination = mac(frame, 0);
      assertThat(destination).isNotEqualTo(NIC).isNotZero();
      assertThat(Ethernet.isGroup(destination)).as("a group").isFalse();
      return frame;
    }

    @Override
    public void close() {
      guests.forEach(InMemoryPort::close);
      network.close();
      scratch.release();
    }

    private static byte[] all(ByteBuf buffer) {
      byte[] bytes = new byte[buffer.capacity()];
      buffer.getBytes(0, bytes);
      return bytes;
    }

    /** It leaves what is lent to it as it was. */
    private final class Uplink extends ObservedPort {
      Uplink() {
        super("uplink", "uplink", Ethernet.LARGEST_PACKET, PortState.up());
      }

      @Override
      public boolean transmit(Passage passage, ByteBuf frame) {
        byte[] before = all(frame);
        int length = frame.readableBytes();
        int sent = shared.write(passage, frame.memoryAddress() + frame.readerIndex(), length);
        assertThat(all(frame)).as("lent").isEqualTo(before);
        byte[] last = wire.getLast();
        assertThat(last).hasSize(length);
        int type = passage.etherType();
        if (type != Ethernet.TYPE_ARP && type != Ethernet.TYPE_IPV4 && type != Ethernet.TYPE_IPV6) {
          byte[] same = Arrays.copyOfRange(before, frame.readerIndex(), frame.writerIndex());
          System.arraycopy(last, OffloadHeader.LENGTH + 6, same, OffloadHeader.LENGTH + 6, 6);
          assertThat(last).isEqualTo(same);
        }
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
  }

  private static long mac(byte[] bytes, int at) {
    long mac = 0;
    for (int i = 0; i < 6; i++) {
      mac = mac << 8 | (bytes[at + i] & 255);
    }
    return mac;
  }
}
