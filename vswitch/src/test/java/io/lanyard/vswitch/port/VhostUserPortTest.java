package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.FullEvent;
import io.lanyard.linux.OpenFiles;
import io.lanyard.testing.LogWatch;
import io.lanyard.virtio.Ring;
import io.lanyard.virtio.VirtQueue;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.vhost.VhostFeatures;
import io.lanyard.vswitch.vhost.VhostFrontEnd;
import io.lanyard.vswitch.vhost.VhostNic;
import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A front end that connects to the port. */
class VhostUserPortTest extends PortSuite {
  static final VhostNic NIC = new VhostNic(GUEST, 1500, 1);

  @TempDir Path directory;

  @Override
  Port start() {
    VhostUserPort port = new VhostUserPort("vm", NIC, new StreamAddress.Listen(path()), context());
    network.attach(port);
    port.start();
    return port;
  }

  private Path path() {
    return directory.resolve("vm.sock");
  }

  @Override
  Guest connect(Port port) throws Exception {
    VhostFrontEnd frontEnd = VhostFrontEnd.connect(path());
    frontEnd.start(VhostFrontEnd.PLAIN);
    awaitState(port, "up");
    return new Driver(frontEnd);
  }

  /** The guest's driver, by way of its front end. */
  record Driver(VhostFrontEnd frontEnd) implements Guest {
    @Override
    public void send(byte[] frame) throws InterruptedException {
      frontEnd.send(frame);
    }

    @Override
    public byte[] receive() throws InterruptedException {
      return frontEnd.receive();
    }

    @Override
    public void close() throws IOException {
      frontEnd.close();
    }
  }

  @Override
  int hostileFrames() {
    return 3_000;
  }

  private VhostFrontEnd frontEnd() {
    return ((Driver) guest).frontEnd();
  }

  @Test
  void theDriverIsInterruptedForFrames() throws Exception {
    frontEnd().interrupts(VhostFrontEnd.RECEIVE);
    sendToGuest(1);
    assertThat(guest.receive()).hasSize(60);
    await("an interrupt", () -> interrupts() > 0);
  }

  /** A full counter has a write wait where the other process wants it so. */
  @Test
  void aDriverWhoseEventDescriptorIsFullDoesNotHoldTheLoop() throws Exception {
    FullEvent.fill(frontEnd().call(VhostFrontEnd.RECEIVE));
    for (int i = 1; i <= 3; i++) {
      sendToGuest(1);
      assertThat(guest.receive()).hasSize(60);
    }
  }

  private long interrupts() {
    try {
      return frontEnd().interrupts(VhostFrontEnd.RECEIVE);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void sendToGuest(int frames) throws Exception {
    onLoop(() -> {
      for (int i = 0; i < frames; i++) {
        peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
      }
      network.flush();
      return 0;
    });
  }

  @Test
  void framesWaitForAGuestWithoutBuffersUpToALimitAndReachItInTheirOrder() throws Exception {
    guest.send(numbered(PEER, GUEST, 0, 60));
    await("it is known where the guest is", () -> peerHas(1));
    int fit = VhostFrontEnd.ENTRIES + WaitingFrames.MOST;
    int more = 44;
    onLoop(() -> {
      for (int i = 0; i < fit + more; i++) {
        sendNumbered(i);
      }
      network.flush();
      return 0;
    });
    PortCounters counters = port().counters();
    awaitOnLoop("the rest is dropped", () -> counters.transmitDrops() == more);
    assertThat(counters.transmitDrops(DropCause.QUEUE_FULL)).isEqualTo(more);
    for (int i = 0; i < fit; i++) {
      assertThat(guest.receive()).as("frame %s", i).isEqualTo(numbered(GUEST, PEER, i, 60));
    }
    onLoop(() -> {
      sendNumbered(4711);
      network.flush();
      return 0;
    });
    assertThat(guest.receive()).isEqualTo(numbered(GUEST, PEER, 4711, 60));
    assertThat(counters.transmitDrops()).isEqualTo(more);
  }

  private void sendNumbered(int number) {
    byte[] frame = numbered(GUEST, PEER, number, 60);
    ByteBuf b = Frames.blank(frame.length);
    b.setBytes(OffloadHeader.LENGTH, frame);
    peer.send(b);
  }

  @Test
  void aFrameThatAWholeRingIsTooSmallForMakesNoOtherWaitForEver() throws Exception {
    VhostFrontEnd frontEnd = frontEnd();
    frontEnd.reset(VhostFrontEnd.PLAIN & ~VhostFeatures.MRG_RXBUF); // each buffer is one frame
    awaitState(port(), "up");
    frontEnd.shrinkReceiveBuffers(1000);
    onLoop(() -> {
      byte[] large = numbered(GUEST, PEER, 1, 1400);
      ByteBuf b = Frames.blank(large.length);
      b.setBytes(OffloadHeader.LENGTH, large);
      peer.send(b);
      sendNumbered(2);
      network.flush();
      return 0;
    });
    assertThat(guest.receive()).isEqualTo(numbered(GUEST, PEER, 2, 60));
    assertThat(port().counters().transmitDrops(DropCause.QUEUE_FULL)).isEqualTo(1);
  }

  @Test
  void framesThatWaitAreGoneWithTheirGuest() throws Exception {
    sendToGuest(VhostFrontEnd.ENTRIES + 100);
    PortCounters counters = port().counters();
    guest.close();
    awaitState(port(), "no-carrier");
    assertThat(counters.transmitDrops(DropCause.NO_CARRIER)).isEqualTo(100);
  }

  private Port port() throws Exception {
    return onLoop(() -> network.ports().stream().filter(p -> p.name().equals("vm")).findFirst())
        .orElseThrow();
  }

  /** Runs with another guest of the same kind beside it, which has to notice nothing. */
  private void besideAnother(Hostile hostile) throws Exception {
    Path other = directory.resolve("other.sock");
    VhostUserPort beside =
        onLoop(() -> {
          VhostUserPort made =
              new VhostUserPort("other", NIC, new StreamAddress.Listen(other), context());
          network.attach(made);
          made.start();
          return made;
        });
    try (VhostFrontEnd honest = VhostFrontEnd.connect(other)) {
      honest.start(VhostFrontEnd.PLAIN);
      awaitState(beside, "up");
      hostile.act(honest);
      onLoop(() -> {
        peer.clear();
        return 0;
      });
      byte[] frame = numbered(PEER, PEER + 7, 1, 100);
      honest.send(frame);
      awaitOnLoop("the other guest's frame", () -> !peer.drain().isEmpty());
      byte[] back = numbered(PEER + 7, PEER, 2, 100);
      onLoop(() -> {
        ByteBuf b = Frames.blank(back.length);
        b.setBytes(12, back);
        peer.send(b);
        return 0;
      });
      byte[] got = honest.receive();
      while (!Arrays.equals(got, back)) { // those of the other guest that went to everybody
        got = honest.receive();
      }
      assertThat(beside.state().hasCarrier()).isTrue();
    } finally {
      onLoop(() -> {
        network.detach(beside);
        beside.close();
        return 0;
      });
    }
  }

  private interface Hostile {
    void act(VhostFrontEnd honest) throws Exception;
  }

  @Test
  void aDriverThatBreaksTheRulesLosesItsRingAloneUntilItIsReset() throws Exception {
    LogWatch.expect("ring-broken network=\"suite\" port=\"vm\" ring=\"1\"");
    long good = VhostFrontEnd.GUEST + 0x20_0000;
    long[][] bad = {
      {good, 64, VirtQueue.NEXT, 0}, // a loop
      {good, 64, VirtQueue.NEXT, 999}, // out of the table
      {0x1000, 64, 0, 0}, // before the memory
      {VhostFrontEnd.GUEST + VhostFrontEnd.MEMORY - 8, 64, 0, 0}, // over its end
      {VhostFrontEnd.GUEST + VhostFrontEnd.MEMORY / 2 - 8, 64, 0, 0}, // over a region's end
      {-8, 64, 0, 0}, // around the address space
      {good, 0xffff_ffffL, 0, 0},
      {good, 64, VirtQueue.INDIRECT, 0} // not agreed on
    };
    besideAnother(honest -> {
      for (long[] descriptor : bad) {
        VhostFrontEnd frontEnd = frontEnd();
        frontEnd.rings[VhostFrontEnd.TRANSMIT].descriptor(
            0, descriptor[0], descriptor[1], (int) descriptor[2], (int) descriptor[3]);
        frontEnd.offerRaw(VhostFrontEnd.TRANSMIT, 0);
        awaitState(port(), "failed");
        assertThat(port().state().problem()).contains("ring 1").contains("reset the guest's NIC");
        frontEnd.restartRings();
        awaitState(port(), "up");
      }
      frontEnd()
          .memory
          .putShort(frontEnd().rings[VhostFrontEnd.TRANSMIT].available + 2, (short) 0x7000);
      frontEnd().kick(VhostFrontEnd.TRANSMIT);
      awaitState(port(), "failed");
    });
  }

  @Test
  void chainsOfSingleBytesAsLongAsTheRingCostTheirGuestAlone() throws Exception {
    int entries = 16_384;
    long at = VhostFrontEnd.GUEST + 0x20_0000;
    besideAnother(honest -> {
      VhostFrontEnd frontEnd = frontEnd();
      frontEnd.enlargeTransmitRing(entries);
      Ring ring = frontEnd.rings[VhostFrontEnd.TRANSMIT];
      for (int i = 0; i < entries; i++) {
        ring.descriptor(i, at, 1, i == entries - 1 ? 0 : VirtQueue.NEXT, i + 1);
      }
      int chains = 1_000;
      for (int i = 0; i < chains; i++) {
        frontEnd.offerRaw(VhostFrontEnd.TRANSMIT, 0);
      }
      await("all are given back", () -> ring.used() == chains);
      assertThat(port().counters().receiveDrops(DropCause.BAD_LENGTH)).isEqualTo(chains);
      assertThat(port().state().hasCarrier()).isTrue();
    });
    assertThat(arrivals()).isEmpty();
  }

  @Test
  void aFrontEndThatTakesItsMemoryAwayLosesItsPortAlone() throws Exception {
    besideAnother(honest -> {
      VhostFrontEnd frontEnd = frontEnd();
      guest.send(numbered(PEER, GUEST, 0, 60));
      await("it is known where the guest is", () -> peerHas(1));
      frontEnd.truncate(0);
      // From the loop of another port's burst, and by the guest's own kick.
      sendToGuest(3);
      honest.send(numbered(GUEST, PEER + 7, 3, 60));
      frontEnd.kick(VhostFrontEnd.TRANSMIT);
      awaitState(port(), "no-carrier");
      frontEnd.truncate(VhostFrontEnd.MEMORY);
    });
    assertThat(frontEnd().isHungUp()).isTrue();
  }

  @Test
  void aFrameWhoseMemoryGoesIsNotSentWithWhatWasInItsBuffer() throws Exception {
    VhostFrontEnd frontEnd = frontEnd();
    int half = VhostFrontEnd.MEMORY / 2;
    long headers = VhostFrontEnd.GUEST + 0x20_0000;
    byte[] begin = new byte[12 + 14];
    System.arraycopy(numbered(PEER, GUEST, 0, 60), 0, begin, 12, 14);
    frontEnd.memory.put(headers, begin);
    Ring ring = frontEnd.rings[VhostFrontEnd.TRANSMIT];
    ring.descriptor(0, headers, begin.length, VirtQueue.NEXT, 1);
    ring.descriptor(1, VhostFrontEnd.GUEST + half, 400, 0, 0);
    frontEnd.truncate(half);
    frontEnd.offerRaw(VhostFrontEnd.TRANSMIT, 0);
    awaitState(port(), "no-carrier");
    frontEnd.truncate(VhostFrontEnd.MEMORY);
    assertThat(arrivals()).isEmpty();
  }

  @Test
  void aFrontEndThatComesBackGoesOnWhereItWas() throws Exception {
    for (int i = 0; i < 3; i++) {
      guest.send(numbered(PEER, GUEST, i, 60));
    }
    sendToGuest(2);
    guest.receive();
    await("three frames", () -> peerHas(3));
    frontEnd().disconnect();
    awaitState(port(), "no-carrier");
    frontEnd().reconnect(VhostFrontEnd.socket(path()));
    awaitState(port(), "up");
    assertThat(guest.receive()).hasSize(60);
    sendToGuest(1);
    assertThat(guest.receive()).hasSize(60);
    guest.send(numbered(PEER, GUEST, 3, 60));
    await("the fourth frame", () -> peerHas(1));
  }

  private boolean peerHas(int frames) {
    try {
      seen += arrivals().size();
      if (seen >= frames) {
        seen = 0;
        return true;
      }
      return false;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private int seen;

  @Test
  void aPortThatIsMadeAgainGoesOnWhereItsGuestWas() throws Exception {
    guest.send(numbered(PEER, GUEST, 0, 60));
    await("a frame", () -> peerHas(1));
    Port first = port();
    onLoop(() -> {
      network.detach(first);
      first.close();
      return 0;
    });
    assertThat(frontEnd().isHungUp()).isTrue();
    guest.send(numbered(PEER, GUEST, 1, 60)); // while nobody is there
    Path listening = directory.resolve("front.sock");
    Socket server = Socket.newSocketDomain();
    server.bind(new DomainSocketAddress(listening.toString()));
    server.listen(1);
    VhostUserPort second =
        onLoop(() -> {
          VhostUserPort made =
              new VhostUserPort("vm", NIC, new StreamAddress.Connect(listening), context());
          network.attach(made);
          made.start();
          return made;
        });
    try {
      frontEnd().reconnect(accept(server));
      await("the frame that waited", () -> peerHas(1));
      sendToGuest(1);
      assertThat(guest.receive()).hasSize(60);
      frontEnd().disconnect();
      frontEnd().reconnect(accept(server));
      sendToGuest(1);
      assertThat(guest.receive()).hasSize(60);
    } finally {
      server.close();
      onLoop(() -> {
        network.detach(second);
        second.close();
        return 0;
      });
    }
  }

  private static Socket accept(Socket server) throws Exception {
    byte[] address = new byte[128];
    long deadline = System.nanoTime() + 90_000_000_000L;
    while (true) {
      int accepted = server.accept(address);
      if (accepted >= 0) {
        return new Socket(accepted);
      }
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(1);
    }
  }

  @Test
  void superFramesPassUntouchedWhereTheDriverHasAgreed() throws Exception {
    Path other = directory.resolve("large.sock");
    VhostUserPort large =
        onLoop(() -> {
          VhostUserPort made =
              new VhostUserPort("large", NIC, new StreamAddress.Listen(other), context());
          network.attach(made);
          made.start();
          return made;
        });
    byte[] payload = new byte[30_000];
    byte[] sent = superFrame(payload);
    try (VhostFrontEnd taker = VhostFrontEnd.connect(other)) {
      taker.start(VhostFrontEnd.PLAIN | 1 | 1 << 1 | 1 << 7 | 1 << 11);
      awaitState(large, "up");
      taker.send(numbered(GUEST, PEER + 9, 1, 60));
      guest.receive();
      byte[] whole = new byte[sent.length];
      System.arraycopy(sent, 0, whole, 0, sent.length);
      frontEnd().transmit(whole);
      byte[] got = taker.receiveWhole();
      int buffers = got[10] & 0xff;
      assertThat(buffers).isEqualTo((sent.length + 2047) / 2048);
      got[10] = 0;
      assertThat(got).isEqualTo(sent);
      assertThat(large.counters().softwareSegmentations()).isZero();
    } finally {
      onLoop(() -> {
        network.detach(large);
        large.close();
        return 0;
      });
    }
  }

  private static byte[] superFrame(byte[] payload) {
    ByteBuf frame = Frames.tcp4(PEER + 9, GUEST, 1, 1, 2, 2, 0, 0, Tcp.ACK, payload);
    Tcp.setChecksum(
        frame,
        Frames.PAYLOAD + 20,
        Checksum.fold(Checksum.pseudo4(1, 2, Ipv4.TCP, 20 + payload.length)));
    OffloadHeader.set(
        frame, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_TCPV4, 54, 1000, 34, 16);
    byte[] bytes = new byte[frame.readableBytes()];
    frame.getBytes(frame.readerIndex(), bytes);
    frame.release();
    return bytes;
  }

  @Test
  void aLegacyDriverHasAShorterHeader() throws Exception {
    frontEnd().reset(VhostFeatures.PROTOCOL_FEATURES);
    awaitState(port(), "up");
    byte[] frame = numbered(PEER, GUEST, 1, 300);
    guest.send(frame);
    List<byte[]> got = new ArrayList<>();
    await(
        "the frame",
        () -> {
          try {
            got.addAll(arrivals());
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
          return !got.isEmpty();
        });
    assertThat(got.getFirst()).isEqualTo(frame);
    sendToGuest(1);
    assertThat(guest.receive()).hasSize(60);
  }

  @Test
  void messagesThatAreNoneEndTheConnectionAndLeakNoDescriptor() throws Exception {
    frontEnd().disconnect();
    awaitState(port(), "no-carrier");
    List<Consumer<VhostFrontEnd>> bad =
        List.of(
            f -> f.sendRaw(1, 2, 0), // a version that is none
            f -> f.sendRaw(1, 1 | 4, 0), // a reply
            f -> f.sendRaw(1, 1, 513),
            f -> f.sendRaw(1, 1, -1),
            f -> f.send(999, 0, new int[] {f.memfd()}),
            f -> f.send(2, 0, new int[0], -1), // features that were not offered
            f -> f.send(5, 0, new int[] {f.memfd()}, 2, 0, 4096, 0, 0, 4096, 4096, 4096, 0),
            f -> f.send(5, 0, new int[] {f.memfd()}, 1, 0, 1L << 40, 0, 0), // behind the file
            f -> f.send(5, 0, new int[] {f.kickDescriptor(0)}, 1, 0, 4096, 0, 0), // no memory
            f -> f.send(5, 0, new int[] {f.memfd(), f.memfd()}, 2, 0, 4096, 0, 0, 4095, 4096, 0, 0),
            f -> f.send(12, 0, new int[] {f.memfd()}, 0), // no eventfd
            f -> f.send(12, 0, new int[] {f.kickDescriptor(0), f.kickDescriptor(0)}, 0),
            f -> f.send(12, 0, new int[] {f.kickDescriptor(0)}, 0), // before its addresses
            f -> f.send(12, 0, new int[0], 1 << 8), // to be polled
            f -> f.send(8, 0, new int[0], 77L | 256L << 32), // no such ring
            f -> f.send(8, 0, new int[0], 100L << 32), // no power of two
            f -> f.send(8, 0, new int[0]), // cut short
            f -> f.send(18, 0, new int[0], 7L << 32),
            f -> f.send(6, 0, new int[] {f.memfd()}, 0, 0)); // the log of dirty pages
    for (Consumer<VhostFrontEnd> act : bad) {
      int before;
      try (VhostFrontEnd frontEnd = VhostFrontEnd.connect(path())) {
        frontEnd.negotiate(VhostFrontEnd.PLAIN);
        act.accept(frontEnd);
        assertThat(frontEnd.isHungUp()).isTrue();
      }
      before = OpenFiles.count();
      try (VhostFrontEnd frontEnd = VhostFrontEnd.connect(path())) {
        frontEnd.negotiate(VhostFrontEnd.PLAIN);
        act.accept(frontEnd);
        assertThat(frontEnd.isHungUp()).isTrue();
      }
      await("all descriptors are closed", () -> OpenFiles.count() <= before);
    }
  }
}
