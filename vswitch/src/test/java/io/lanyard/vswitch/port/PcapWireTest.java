package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.Errno;
import io.lanyard.linux.HostInterface;
import io.lanyard.testing.Await;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.pcap.PcapInterface;
import io.lanyard.vswitch.pcap.PcapLibrary;
import io.lanyard.vswitch.pcap.PcapSession;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The wire over a libpcap that the test plays. */
class PcapWireTest {
  private static final HostInterface AT =
      new HostInterface("eth9", 9, 1500, 0x020000000009L, true, true, true);
  private static final int ROOM = 70_000;

  /** Captures what is put into {@code captured}, and takes what is sent one at a time. */
  private static final class Played implements PcapLibrary, PcapSession {
    private static final byte[] STOP = {};
    final BlockingQueue<byte[]> captured = new LinkedBlockingQueue<>();
    final SynchronousQueue<Integer> sent = new SynchronousQueue<>();
    final AtomicBoolean closed = new AtomicBoolean();
    volatile String filter = "";
    volatile boolean refuses;

    @Override
    public String version() {
      return "played";
    }

    @Override
    public List<PcapInterface> interfaces() {
      return List.of();
    }

    @Override
    public long[] compile(String expression) {
      return new long[0];
    }

    @Override
    public PcapSession open(String device, int bufferBytes, String expression) {
      filter = expression;
      return this;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // a mark
    public void run(Receiver receiver) throws IOException {
      try {
        for (byte[] frame = captured.take(); frame != STOP; frame = captured.take()) {
          if (frame.length == 1) {
            throw new IOException("the interface went down");
          }
          receiver.accept(frame);
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }

    @Override
    public void stop() {
      captured.add(STOP);
    }

    @Override
    public void send(byte[] frame, int length) throws IOException {
      if (refuses) {
        throw new IOException("send: No buffer space available");
      }
      try {
        boolean _ = sent.offer(length, 10, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }

    @Override
    public long missed() {
      return 0;
    }

    @Override
    public void close() {
      closed.set(true);
    }
  }

  private final Played pcap = new Played();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment place = arena.allocate(ROOM, 8);
  private final MemorySegment vectors = arena.allocate(32, 8);
  private PcapWire wire;

  @BeforeEach
  void open() throws IOException {
    wire = PcapWire.open(AT, pcap, false, 0, TestBuffers.ample());
    vectors.set(ValueLayout.JAVA_LONG, 0, place.address());
    vectors.set(ValueLayout.JAVA_LONG, 8, 2000);
    vectors.set(ValueLayout.JAVA_LONG, 16, place.address() + 2000);
    vectors.set(ValueLayout.JAVA_LONG, 24, ROOM - 2000);
  }

  @AfterEach
  void close() {
    wire.close();
    pcap.sent.poll(); // a frame that the writer holds
    Await.until(pcap.closed::get);
    arena.close();
  }

  private int read() {
    int[] length = {0};
    Await.until(() -> (length[0] = wire.read(vectors.address(), 2)) != -Errno.EAGAIN);
    return length[0];
  }

  private static byte[] bytes(ByteBuf frame) {
    byte[] bytes = new byte[frame.readableBytes() - OffloadHeader.LENGTH];
    frame.getBytes(frame.readerIndex() + OffloadHeader.LENGTH, bytes);
    frame.release();
    return bytes;
  }

  private static ByteBuf segment(int payload) {
    return Frames.tcp4(
        AT.mac(), 0x52L, 0x0a000001, 80, 0x0a000002, 8000, 1, 1, Tcp.ACK, new byte[payload]);
  }

  @Test
  void whatTheHostReceivesItselfIsFilteredInTheKernel() {
    assertThat(pcap.filter).isEqualTo("not ether dst 02:00:00:00:00:09");
    assertThat(wire.offloads()).isEqualTo(Offloads.NONE);
  }

  @Test
  void aFrameComesWhole() {
    byte[] frame = bytes(segment(1000));
    pcap.captured.add(frame);
    assertThat(read()).isEqualTo(OffloadHeader.LENGTH + frame.length);
    assertThat(place.asSlice(0, OffloadHeader.LENGTH).toArray(ValueLayout.JAVA_BYTE))
        .containsOnly(0);
    assertThat(place.asSlice(OffloadHeader.LENGTH, frame.length).toArray(ValueLayout.JAVA_BYTE))
        .isEqualTo(frame);
    assertThat(wire.source()).isEqualTo(0x52L);
    assertThat(wire.read(vectors.address(), 2)).isEqualTo(-Errno.EAGAIN);
  }

  @Test
  void aFrameLongerThanTheMtuIsMarkedAsASuperFrame() {
    byte[] frame = bytes(segment(40_000));
    pcap.captured.add(frame);
    assertThat(read()).isEqualTo(OffloadHeader.LENGTH + frame.length);
    assertThat(place.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) OffloadHeader.NEEDS_CSUM);
    assertThat(place.get(ValueLayout.JAVA_BYTE, 1)).isEqualTo((byte) OffloadHeader.GSO_TCPV4);
    assertThat(place.get(ValueLayout.JAVA_SHORT_UNALIGNED, 4)).isEqualTo((short) 1460);
  }

  @Test
  void whatFindsNoRoomIsCounted() {
    byte[] frame = bytes(segment(10));
    for (int i = 0; i < 1100; i++) {
      pcap.captured.add(frame);
    }
    pcap.captured.add(new byte[5]); // no frame at all
    Await.until(pcap.captured::isEmpty);
    int[] missed = {0};
    Await.until(() -> (missed[0] += wire.missed()) >= 1100 - 1024 + 1);
    assertThat(missed[0]).isEqualTo(1100 - 1024 + 1);
    assertThat(wire.missed()).isZero();
  }

  @Test
  void aWriterThatWaitsCostsTheLoopNothingButFrames() {
    ByteBuf frame = segment(100);
    int length = frame.readableBytes();
    int refused = 0;
    for (int i = 0; i < 600; i++) {
      if (wire.write(frame.memoryAddress(), length) == -Errno.ENOBUFS) {
        refused++;
      }
    }
    assertThat(refused).isBetween(600 - 512 - 1, 600 - 512);
    for (int i = 0; i < 600 - refused; i++) {
      Await.until(() -> pcap.sent.poll() != null);
    }
    assertThat(wire.unsent()).isZero();
    frame.release();
  }

  @Test
  void whatTheInterfaceRefusesIsCounted() {
    pcap.refuses = true;
    ByteBuf frame = segment(100);
    int length = frame.readableBytes();
    for (int i = 0; i < 3; i++) {
      assertThat(wire.write(frame.memoryAddress(), length)).isEqualTo(length);
    }
    int[] unsent = {0};
    Await.until(() -> (unsent[0] += wire.unsent()) == 3);
    frame.release();
  }

  @Test
  void anInterfaceThatGoesDownTakesNothing() {
    pcap.captured.add(new byte[1]);
    Await.until(() -> !wire.ended().isEmpty());
    assertThat(wire.ended()).contains("went down");
    ByteBuf frame = segment(100);
    assertThat(wire.write(frame.memoryAddress(), frame.readableBytes())).isEqualTo(-Errno.ENETDOWN);
    frame.release();
  }
}
