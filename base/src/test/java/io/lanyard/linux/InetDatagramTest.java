package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Trains of datagrams over the loopback: what the NAT assumes of the kernel. */
class InetDatagramTest {
  private static final int LOOPBACK = 0x7f00_0001;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment data = arena.allocate(70_000);
  private final InetDatagram socket = open();

  private static InetDatagram open() {
    try {
      return InetDatagram.udp(LOOPBACK, 0);
    } catch (ErrnoException e) {
      throw new AssertionError(e);
    }
  }

  InetDatagramTest() {
    for (int i = 0; i < 70_000; i++) {
      data.set(ValueLayout.JAVA_BYTE, i, (byte) (i / 100));
    }
  }

  @AfterEach
  void close() {
    socket.close();
    arena.close();
  }

  private int train(int length, int segment, int port) {
    return socket.sendTrain(data.address(), length, segment, LOOPBACK, port);
  }

  @Test
  void a_train_comes_as_single_datagrams_to_who_does_not_ask_for_trains() throws Exception {
    try (DatagramSocket receiver =
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      receiver.setSoTimeout(5000);
      assertThat(train(250, 100, receiver.getLocalPort())).isEqualTo(250);
      for (int i = 0; i < 3; i++) {
        DatagramPacket packet = new DatagramPacket(new byte[1000], 1000);
        receiver.receive(packet);
        assertThat(packet.getLength()).isEqualTo(i < 2 ? 100 : 50);
        assertThat(packet.getData()[0]).isEqualTo((byte) i);
      }
    }
  }

  @Test
  void a_train_comes_whole_to_who_does_and_a_single_datagram_is_none() {
    InetDatagram receiver = open();
    MemorySegment head = arena.allocate(1000);
    try (DatagramBatch batch = new DatagramBatch(4)) {
      for (int slot = 0; slot < 4; slot++) {
        batch.buffer(slot, head.address() + 250L * slot, 250);
      }
      int port = receiver.localPort();
      assertThat(train(6350, 100, port)).isEqualTo(6350);
      assertThat(socket.send(data.address(), 120, LOOPBACK, port)).isEqualTo(120);
      assertThat(socket.send(data.address(), 0, LOOPBACK, port)).isZero();
      assertThat(receiver.receive(batch)).isEqualTo(3);
      assertThat(batch.length(0)).isEqualTo(6350);
      assertThat(batch.segment(0)).isEqualTo(100);
      assertThat(batch.overflow(0, 6100).get(6099)).isEqualTo((byte) 63);
      assertThat(batch.port(0)).isEqualTo(socket.localPort());
      assertThat(batch.length(1)).isEqualTo(120);
      assertThat(batch.segment(1)).isZero();
      assertThat(batch.length(2)).isZero();
      assertThat(batch.segment(2)).isZero();
    } finally {
      receiver.close();
    }
  }

  @Test
  void the_longest_train_passes_and_what_cannot_be_one_is_refused() throws Exception {
    InetDatagram receiver = open();
    try {
      int port = receiver.localPort();
      int most = InetDatagram.MOST_SEGMENTS;
      assertThat(train(most, 1, port)).isEqualTo(most);
      int largest = InetDatagram.LARGEST_PAYLOAD;
      assertThat(train(largest, 1400, port)).isEqualTo(largest);
      assertThat(train(largest + 1, 1400, port)).isEqualTo(-Errno.EMSGSIZE);
      assertThat(train(1000, 1, port)).isEqualTo(-Errno.EINVAL);
      // The same arguments serve both kinds of call.
      assertThat(train(300, 100, port)).isEqualTo(300);
    } finally {
      receiver.close();
    }
  }

  @Test
  void a_closed_socket_sends_no_train() {
    socket.close();
    assertThat(train(200, 100, 9)).isEqualTo(-Errno.EBADF);
  }
}
