package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches of datagrams over the loopback, and their ends: what the NAT assumes of the kernel. */
class InetDatagramTest {
  private static final Address LOOPBACK = Address.LOOPBACK_IPV4;

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

  private int batch(int length, int segment, int port) {
    return socket.sendBatch(data.address(), length, segment, DatagramEnds.to(LOOPBACK, port));
  }

  @Test
  void aSocketOfIpv6AloneLeavesThePortToIpv4() throws Exception {
    try (InetDatagram six = InetDatagram.udpOfFamily(Address.ANY_IPV6, 0);
        InetDatagram four = InetDatagram.udpOfFamily(Address.ANY_IPV4, six.localPort())) {
      assertThat(four.localPort()).isEqualTo(six.localPort());
      assertThat(six.ttl(1)).isZero();
      assertThat(six.dontFragment(true)).isZero();
      DatagramEnds mapped = DatagramEnds.to(LOOPBACK, four.localPort());
      assertThat(six.send(data.address(), 1, mapped)).isNegative();
      DatagramEnds self = DatagramEnds.to(Address.LOOPBACK_IPV6, six.localPort());
      assertThat(six.send(data.address(), 1, self)).isEqualTo(1);
    }
  }

  @Test
  void aBatchComesAsSingleDatagramsToAReceiverThatAsksForNone() throws Exception {
    try (DatagramSocket receiver =
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      receiver.setSoTimeout(60_000);
      assertThat(batch(250, 100, receiver.getLocalPort())).isEqualTo(250);
      for (int i = 0; i < 3; i++) {
        DatagramPacket packet = new DatagramPacket(new byte[1000], 1000);
        receiver.receive(packet);
        assertThat(packet.getLength()).isEqualTo(i < 2 ? 100 : 50);
        assertThat(packet.getData()[0]).isEqualTo((byte) i);
      }
    }
  }

  @Test
  void aBatchComesWholeToAReceiverThatAsksAndASingleDatagramIsNone() {
    InetDatagram receiver = open();
    MemorySegment head = arena.allocate(1000);
    try (DatagramBatch batch = new DatagramBatch(4)) {
      for (int slot = 0; slot < 4; slot++) {
        batch.buffer(slot, head.address() + 250L * slot, 250);
      }
      int port = receiver.localPort();
      DatagramEnds to = DatagramEnds.to(LOOPBACK, port);
      assertThat(batch(6350, 100, port)).isEqualTo(6350);
      assertThat(socket.send(data.address(), 120, to)).isEqualTo(120);
      assertThat(socket.send(data.address(), 0, to)).isZero();
      assertThat(receiver.receive(batch)).isEqualTo(3);
      assertThat(batch.length(0)).isEqualTo(6350);
      assertThat(batch.segment(0)).isEqualTo(100);
      assertThat(batch.overflow(0, 6100).get(6099)).isEqualTo((byte) 63);
      DatagramEnds from = new DatagramEnds();
      batch.ends(0, from);
      assertThat(from).isEqualTo(DatagramEnds.to(LOOPBACK, socket.localPort()));
      assertThat(batch.length(1)).isEqualTo(120);
      assertThat(batch.segment(1)).isZero();
      assertThat(batch.length(2)).isZero();
      assertThat(batch.segment(2)).isZero();
    } finally {
      receiver.close();
    }
  }

  @Test
  void theLongestBatchPassesAndOneTooLargeIsRefused() throws Exception {
    InetDatagram receiver = open();
    try {
      int port = receiver.localPort();
      int most = InetDatagram.MOST_SEGMENTS;
      assertThat(batch(most, 1, port)).isEqualTo(most);
      int largest = InetDatagram.LARGEST_PAYLOAD;
      assertThat(batch(largest, 1400, port)).isEqualTo(largest);
      assertThat(batch(largest + 1, 1400, port)).isEqualTo(-Errno.EMSGSIZE);
      assertThat(batch(1000, 1, port)).isEqualTo(-Errno.EINVAL);
      // The same arguments serve both kinds of call.
      assertThat(batch(300, 100, port)).isEqualTo(300);
    } finally {
      receiver.close();
    }
  }

  @Test
  void aClosedSocketSendsNoBatch() {
    socket.close();
    assertThat(batch(200, 100, 9)).isEqualTo(-Errno.EBADF);
  }

  private static final Address SECOND = Address.parse("127.0.0.2");

  /** One datagram that waits in a socket. */
  private DatagramEnds receive(InetDatagram from, DatagramBatch batch) {
    MemorySegment head = arena.allocate(1000);
    for (int slot = 0; slot < batch.slots(); slot++) {
      batch.buffer(slot, head.address(), 1000);
    }
    assertThat(from.receive(batch)).isEqualTo(1);
    DatagramEnds ends = new DatagramEnds();
    batch.ends(0, ends);
    return ends;
  }

  private DatagramSocket connected(String address, int port) throws Exception {
    DatagramSocket client = new DatagramSocket();
    client.setSoTimeout(60_000);
    client.connect(InetAddress.ofLiteral(address), port);
    return client;
  }

  private static void ask(DatagramSocket client) throws Exception {
    client.send(new DatagramPacket(new byte[] {1, 2, 3}, 3));
  }

  private static int answer(DatagramSocket client) throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
    client.receive(packet);
    return packet.getLength();
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, 127.0.0.1",
    "0.0.0.0, 127.0.0.2",
    "::, ::1",
    "::, 127.0.0.1",
    "::, 127.0.0.2"
  })
  void theAnswerToAConnectedClientLeavesFromTheAddressThatItHasAsked(String listen, String asked)
      throws Exception {
    try (InetDatagram server = InetDatagram.listen(Address.parse(listen), 0);
        DatagramBatch batch = new DatagramBatch(4);
        DatagramSocket client = connected(asked, server.localPort())) {
      ask(client);
      DatagramEnds ends = receive(server, batch);
      assertThat(ends.local()).isEqualTo(Address.parse(asked));
      assertThat(ends.remotePort()).isEqualTo(client.getLocalPort());
      assertThat(ends.scope()).isZero();
      assertThat(server.send(data.address(), 5, ends)).isEqualTo(5);
      assertThat(answer(client)).isEqualTo(5);
      assertThat(server.sendBatch(data.address(), 250, 100, ends)).isEqualTo(250);
      assertThat(answer(client)).isEqualTo(100);
      assertThat(answer(client)).isEqualTo(100);
      assertThat(answer(client)).isEqualTo(50);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::"})
  void aBatchTellsItsSizeAndTheAddressThatItCameTo(String listen) throws Exception {
    try (InetDatagram server = InetDatagram.listen(Address.parse(listen), 0);
        DatagramBatch batch = new DatagramBatch(4)) {
      DatagramEnds to = DatagramEnds.to(SECOND, server.localPort());
      assertThat(socket.sendBatch(data.address(), 900, 300, to)).isEqualTo(900);
      assertThat(receive(server, batch).local()).isEqualTo(SECOND);
      assertThat(batch.length(0)).isEqualTo(900);
      assertThat(batch.segment(0)).isEqualTo(300);
    }
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0, 127.0.0.2", "::, ::1", "::, 127.0.0.2"})
  void theErrorOfAClientThatIsGoneTellsBothEnds(String listen, String asked) throws Exception {
    try (InetDatagram server = InetDatagram.listen(Address.parse(listen), 0);
        DatagramBatch batch = new DatagramBatch(1)) {
      DatagramSocket client = connected(asked, server.localPort());
      ask(client);
      DatagramEnds ends = receive(server, batch);
      client.close();
      assertThat(server.send(data.address(), 5, ends)).isEqualTo(5);
      SocketError error = server.receiveError(batch);
      assertThat(error).isNotNull();
      assertThat(error.number()).isEqualTo(Errno.ECONNREFUSED);
      assertThat(error.fromIcmp()).isTrue();
      assertThat(error.ends()).isEqualTo(ends);
    }
  }

  @Test
  void anAddressThatTheHostDoesNotHaveSendsNothing() throws Exception {
    try (InetDatagram server = InetDatagram.listen(Address.ANY_IPV4, 0);
        InetDatagram server6 = InetDatagram.listen(Address.ANY_IPV6, 0)) {
      DatagramEnds ends = DatagramEnds.to(LOOPBACK, 9);
      ends.local(0, Address.parse("192.0.2.7").low(), 0);
      assertThat(server.send(data.address(), 5, ends)).isIn(-Errno.EINVAL, -Errno.ENETUNREACH);
      assertThat(server6.send(data.address(), 5, ends)).isIn(-Errno.EINVAL, -Errno.ENETUNREACH);
      DatagramEnds ends6 = DatagramEnds.to(Address.LOOPBACK_IPV6, 9);
      Address documentation = Address.parse("2001:db8::7");
      ends6.local(documentation.high(), documentation.low(), 0);
      assertThat(server6.send(data.address(), 5, ends6)).isIn(-Errno.EINVAL, -Errno.ENETUNREACH);
      assertThat(server.send(data.address(), 5, ends6)).isEqualTo(-Errno.EAFNOSUPPORT);
    }
  }

  @Test
  void aSocketWithOneAddressHasNoOtherToTell() throws Exception {
    try (InetDatagram server = InetDatagram.listen(SECOND, 0);
        DatagramBatch batch = new DatagramBatch(1);
        DatagramSocket client = connected("127.0.0.2", server.localPort())) {
      ask(client);
      DatagramEnds ends = receive(server, batch);
      assertThat(ends).isEqualTo(DatagramEnds.to(LOOPBACK, client.getLocalPort()));
      assertThat(server.send(data.address(), 5, ends)).isEqualTo(5);
      assertThat(answer(client)).isEqualTo(5);
    }
  }
}
