package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.Timers;
import io.lanyard.testing.Await;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The behaviour of every kind of port, on any medium. Run again for each kind. */
@SuppressWarnings("NullAway.Init") // the fields are set on the loop before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class PortSuite {
  static final long GUEST = 0x525400000001L;
  static final long PEER = 0x525400000002L;

  /** Many times the frames that all queues on the way to a guest hold. */
  private static final int FLOOD = 100_000;

  private static final int FROM = 0x0a000001;
  private static final int TO = 0x0a000002;

  private final LoopFaults faults = new LoopFaults("suite", Clock.system());
  private final AfterBatch later = new AfterBatch(faults);
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, later.around(EpollIoHandler.newFactory()));
  final IoEventLoop loop = group.next();
  Switch network;
  Timers timers;
  InMemoryPort peer;
  private Port port;
  private Port first;
  Guest guest;

  /** The far end of the port: what a VMM does. */
  interface Guest {
    /** Sends one Ethernet frame without header. */
    void send(byte[] frame) throws Exception;

    /** Takes the next Ethernet frame; waits for it with a limit. */
    byte[] receive() throws Exception;

    /** Goes away. */
    void close() throws Exception;
  }

  /** Makes and starts the port, on the loop. */
  abstract Port start() throws Exception;

  /** Connects the far end. */
  abstract Guest connect(Port port) throws Exception;

  /** The port that the guest's frames come by, where that is not the one that was started. */
  Port ofGuest(Port started) throws Exception {
    return started;
  }

  PortSuite() {}

  /** The network, as the ports of the test see it. On the loop. */
  final PortContext context() {
    return new PortContext(loop, timers, network, PooledByteBufAllocator.DEFAULT, Runnable::run);
  }

  /** Waits until a port has a state. */
  final void awaitState(Port which, String label) throws Exception {
    awaitOnLoop("port " + which.name() + " is " + label, () -> which.state().label().equals(label));
  }

  @BeforeEach
  void setUp() throws Exception {
    onLoop(() -> {
      timers = LoopAlarm.wheel(loop, Clock.system(), faults);
      network = new Switch("suite", timers, later, PooledByteBufAllocator.DEFAULT);
      peer = InMemoryPort.attached("peer", Offloads.NONE, network);
      return 0;
    });
    port = onLoop(this::start);
    Port started = port;
    first = port;
    try {
      guest = connect(started);
      port = ofGuest(started);
    } catch (Exception | AssertionError e) {
      onLoop(() -> {
        started.close();
        return 0;
      });
      throw e;
    }
  }

  @AfterEach
  void tearDown() throws Exception {
    guest.close();
    onLoop(() -> {
      network.detach(port);
      port.close();
      port.close();
      first.close();
      peer.close();
      network.close();
      return 0;
    });
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
  }

  <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  static void await(String what, BooleanSupplier condition) {
    Await.until(what, condition::getAsBoolean);
  }

  final void awaitOnLoop(String what, Callable<Boolean> condition) {
    Await.until(what, () -> onLoop(condition));
  }

  private static byte[] ethernet(ByteBuf frame) {
    byte[] bytes = new byte[frame.readableBytes() - OffloadHeader.LENGTH];
    frame.getBytes(frame.readerIndex() + OffloadHeader.LENGTH, bytes);
    frame.release();
    return bytes;
  }

  static byte[] numbered(long to, long from, int number, int length) {
    byte[] payload = new byte[length];
    new SplittableRandom(number).nextBytes(payload);
    payload[0] = (byte) (number >>> 8);
    payload[1] = (byte) number;
    // A type that no host's stack answers (IEEE 802 local experimental 1).
    return ethernet(Frames.ethernet(to, from, 0x88b5, payload));
  }

  List<byte[]> arrivals() throws Exception {
    return onLoop(() -> peer.drain().stream().filter(f -> (f[12] & 0xff) == 0x88).toList());
  }

  @Test
  void framesFromTheGuestArriveWholeAndInOrder() throws Exception {
    List<byte[]> expected = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      byte[] frame = numbered(PEER, GUEST, i, 46 + (i * 37) % 1454);
      expected.add(frame);
      guest.send(frame);
    }
    List<byte[]> got = new ArrayList<>();
    await(
        "200 frames at the peer",
        () -> {
          try {
            got.addAll(arrivals());
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
          return got.size() >= 200;
        });
    assertThat(got).usingRecursiveComparison().isEqualTo(expected);
    assertThat(port.counters().receivedFrames()).isGreaterThanOrEqualTo(200);
  }

  @Test
  void framesToTheGuestArriveWholeAndInOrder() throws Exception {
    List<byte[]> expected = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      expected.add(numbered(GUEST, PEER, i, 46 + (i * 53) % 1454));
    }
    onLoop(() -> {
      for (byte[] frame : expected) {
        ByteBuf b = Frames.blank(frame.length);
        b.setBytes(OffloadHeader.LENGTH, frame);
        peer.send(b);
      }
      return 0;
    });
    for (byte[] frame : expected) {
      assertThat(guest.receive()).isEqualTo(frame);
    }
    assertThat(port.counters().transmittedFrames()).isGreaterThanOrEqualTo(200);
    assertThat(port.counters().transmitDrops()).isZero();
  }

  @Test
  void aPortWithAGuestIsUpAndSaysItsKind() throws Exception {
    awaitState(port, "up");
    assertThat(port.kind()).matches("[a-z]+(-[a-z]+)*");
    assertThat(port.state().problem()).isEmpty();
  }

  @Test
  void aPortThatIsClosedTellsItsListenerOnceAndDropsFrames() throws Exception {
    awaitState(port, "up");
    List<String> heard = new ArrayList<>();
    boolean taken =
        onLoop(() -> {
          port.addListener((which, before, now) -> {
            assertThat(which).isSameAs(port);
            heard.add(before.label() + " to " + now.label());
          });
          port.close();
          port.close();
          ByteBuf frame = Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]);
          peer.send(frame);
          return port.state().hasCarrier();
        });
    assertThat(taken).isFalse();
    awaitOnLoop("the drop is counted", () -> port.counters().transmitDrops() > 0);
    assertThat(port.counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(1);
    assertThat(onLoop(() -> List.copyOf(heard))).containsExactly("up to no-carrier");
  }

  @Test
  void whatWasLearnedFromThePortIsForgottenWithItsCarrier() throws Exception {
    guest.send(numbered(PEER, GUEST, 1, 60));
    awaitOnLoop(
        "the guest's address is learned",
        () -> network.addresses().stream().anyMatch(known -> known.mac() == GUEST));
    onLoop(() -> {
      port.close();
      return 0;
    });
    awaitOnLoop(
        "it is forgotten",
        () -> network.addresses().stream().noneMatch(known -> known.mac() == GUEST));
  }

  @Test
  void aSuperFrameReachesTheGuestAsPayloadThatIsWhole() throws Exception {
    passSuperFrame();
  }

  /** Sends a super-frame of 20 segments to the guest and compares what arrives. */
  final void passSuperFrame() throws Exception {
    byte[] payload = new byte[20_000];
    new SplittableRandom(9).nextBytes(payload);
    onLoop(() -> {
      ByteBuf frame = Frames.tcp4(GUEST, PEER, FROM, 1, TO, 2, 0, 0, Tcp.ACK, payload);
      Tcp.setChecksum(
          frame,
          Frames.PAYLOAD + 20,
          Checksum.fold(Checksum.pseudo4(FROM, TO, Ipv4.TCP, 20 + payload.length)));
      OffloadHeader.set(
          frame, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_TCPV4, 54, 1000, 34, 16);
      peer.send(frame);
      return 0;
    });
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    while (joined.size() < payload.length) {
      byte[] frame = guest.receive();
      if (((frame[12] & 0xff) << 8 | (frame[13] & 0xff)) == Ethernet.TYPE_IPV4) {
        joined.write(frame, 54, frame.length - 54);
      }
    }
    assertThat(joined.toByteArray()).isEqualTo(payload);
  }

  /** A frame with the tag of a VLAN behind its addresses. */
  static byte[] withTag(byte[] frame, int tag) {
    return ByteBuffer.allocate(frame.length + 4)
        .put(frame, 0, 12)
        .putInt(0x8100_0000 | tag)
        .put(frame, 12, frame.length - 12)
        .array();
  }

  /** Whether the guest's own end of the medium takes no longer packets than the port does. */
  boolean guestsEndHasItsMtu() {
    return false;
  }

  /** Sends a frame to the guest, or wherever it leads. */
  final void send(InMemoryPort from, byte[] frame) throws Exception {
    onLoop(() -> {
      sendNow(from, frame);
      return 0;
    });
  }

  private static void sendNow(InMemoryPort from, byte[] frame) {
    ByteBuf copy = Frames.blank(frame.length);
    copy.setBytes(OffloadHeader.LENGTH, frame);
    from.send(copy);
  }

  /** Waits until a port of the test has got a frame. */
  final void awaitFrame(InMemoryPort at, byte[] frame) throws Exception {
    awaitOnLoop(
        "a frame at " + at.name(),
        () -> at.drain().stream().anyMatch(got -> Arrays.equals(got, frame)));
  }

  @Test
  void tagsOfVlansPassBothWaysAsTheyAre() throws Exception {
    byte[] in = withTag(numbered(PEER, GUEST, 1, 1500), 0x6014);
    guest.send(in);
    awaitFrame(peer, in);
    byte[] out = withTag(numbered(GUEST, PEER, 2, 1500), 0x14);
    send(peer, out);
    assertThat(guest.receive()).isEqualTo(out);
  }

  @Test
  void whatIsLongerThanTheMtuIsDroppedAndCountedBothWays() throws Exception {
    InMemoryPort jumbo =
        onLoop(() -> {
          InMemoryPort made = new InMemoryPort("jumbo", 9000, Offloads.NONE);
          made.attachTo(network);
          return made;
        });
    long before = onLoop(() -> port.counters().transmitDrops(DropCause.BAD_LENGTH));
    send(jumbo, numbered(GUEST, PEER, 1, 1501));
    awaitOnLoop(
        "the drop on the way out is counted",
        () -> port.counters().transmitDrops(DropCause.BAD_LENGTH) == before + 1);
    if (!guestsEndHasItsMtu()) {
      guest.send(numbered(PEER, GUEST, 2, 1501));
      awaitOnLoop(
          "the drop on the way in is counted",
          () -> port.counters().receiveDrops(DropCause.BAD_LENGTH) > 0);
    }
    byte[] longest = numbered(GUEST, PEER, 3, 1500);
    send(jumbo, longest);
    assertThat(guest.receive()).isEqualTo(longest);
    onLoop(() -> {
      jumbo.close();
      return 0;
    });
  }

  @Test
  void aStationMovesAwayFromThePortAndBack() throws Exception {
    byte[] known = numbered(GUEST, PEER, 1, 60);
    send(peer, known); // the peer's address is known from now on
    assertThat(guest.receive()).isEqualTo(known);
    InMemoryPort other = onLoop(() -> InMemoryPort.attached("other", Offloads.NONE, network));
    byte[] here = numbered(PEER, GUEST, 2, 60);
    guest.send(here);
    awaitFrame(peer, here);
    send(other, numbered(PEER, GUEST, 3, 60));
    byte[] away = numbered(GUEST, PEER, 4, 60);
    send(peer, away);
    awaitFrame(other, away);
    byte[] back = numbered(PEER, GUEST, 5, 60);
    guest.send(back);
    awaitFrame(peer, back);
    byte[] last = numbered(GUEST, PEER, 6, 60);
    send(peer, last);
    assertThat(guest.receive()).isEqualTo(last);
    assertThat(onLoop(other::drain)).noneMatch(got -> Arrays.equals(got, last));
    onLoop(() -> {
      other.close();
      return 0;
    });
  }

  @Test
  void aFloodToAGuestThatDoesNotReadIsAccountedForToItsLastFrame() throws Exception {
    awaitState(port, "up");
    long before = onLoop(this::outcome);
    byte[] frame = numbered(GUEST, PEER, 1, 50);
    // Leak detection would note each look at the frame.
    ByteBuf flood = Frames.untracked(OffloadHeader.LENGTH + frame.length);
    flood.writeZero(OffloadHeader.LENGTH).writeBytes(frame);
    int batch = 1000;
    for (int i = 0; i < FLOOD / batch; i++) {
      onLoop(() -> {
        for (int j = 0; j < batch; j++) {
          network.receive(peer, flood);
        }
        network.flush();
        return 0;
      });
    }
    long outcome = onLoop(this::outcome);
    assertThat(outcome - before).isGreaterThanOrEqualTo(FLOOD);
    // One that the port took and lost later counts twice.
    assertThat(onLoop(() -> port.counters().transmittedFrames()))
        .isLessThanOrEqualTo(before + FLOOD + 10);
    // As soon as the guest reads, frames get through again.
    byte[] last = numbered(GUEST, PEER, 4711, 70);
    // Not once for some that are received: the first may be lost, and nothing else come behind it.
    Future<?> sending =
        loop.scheduleAtFixedRate(() -> sendNow(peer, last), 0, 50, TimeUnit.MILLISECONDS);
    try {
      while (!Arrays.equals(guest.receive(), last)) {
        // A frame of the flood.
      }
    } finally {
      onLoop(() -> sending.cancel(false));
      onLoop(flood::release);
    }
  }

  private long outcome() {
    return port.counters().transmittedFrames() + port.counters().transmitDrops();
  }

  @Test
  void aGuestThatComesBackIsServedAgain() throws Exception {
    byte[] before = numbered(PEER, GUEST, 1, 60);
    guest.send(before);
    awaitFrame(peer, before);
    Port started = first;
    Guest gone = guest;
    gone.close();
    guest = reconnect(started);
    port = ofGuest(started);
    awaitState(port, "up");
    byte[] after = numbered(PEER, GUEST, 2, 60);
    guest.send(after);
    awaitFrame(peer, after);
    byte[] answer = numbered(GUEST, PEER, 3, 60);
    send(peer, answer);
    byte[] got = guest.receive();
    assertThat(got).isEqualTo(answer);
  }

  /** Connects the far end again, after it has gone. */
  Guest reconnect(Port started) throws Exception {
    return connect(started);
  }

  @Test
  void randomFramesFromTheGuestHurtNobody() throws Exception {
    SplittableRandom random = new SplittableRandom(13);
    for (int i = 0; i < hostileFrames(); i++) {
      byte[] frame = new byte[14 + random.nextInt(i % 100 == 0 ? 1500 : 100)];
      random.nextBytes(frame);
      try {
        guest.send(frame);
      } catch (RefusedException e) {
        // the far end itself would not take it
      }
    }
    awaitOnLoop(
        "drops and frames are counted",
        () -> {
          peer.clear();
          return port.counters().receivedFrames() > 0 && port.counters().receiveDrops() > 0;
        });
    onLoop(() -> {
      peer.clear();
      return 0;
    });
    // It still works.
    byte[] last = numbered(PEER, GUEST, 4711, 60);
    List<byte[]> got = new ArrayList<>();
    await(
        "a good frame after the bad ones",
        () -> {
          try {
            guest.send(last);
            got.addAll(arrivals());
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
          return got.stream().anyMatch(f -> Arrays.equals(f, last));
        });
  }

  /** Frames of the hostile test; fewer where each costs a system call. */
  int hostileFrames() {
    return 10_000;
  }

  /** The far end did not take a frame. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;
  }
}
