package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.INFORM;
import static io.lanyard.dhcp.MessageType.RELEASE;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.gateway.Gateway;
import io.lanyard.nat.gateway.GatewayAddresses;
import io.lanyard.nat.station.StationMemory;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.StormLimits;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server behind a switch and a gateway: what counts is the port, as frames show it. */
class DhcpBehindPortsTest {
  private static final long HONEST = 0x5254_0000_0001L;
  private static final long EVIL = 0x5254_0000_0666L;
  private static final long GATEWAY = 0x0250_0000_0002L;
  private static final Address SERVER = Address.parse("192.168.127.2");
  private static final Address FIRST = Address.parse("192.168.127.128");
  private static final int POOL = 16;
  private static final Duration PROBE = Duration.ofMillis(200);
  private static final int UDP_PAYLOAD = 14 + 20 + 8;

  private final SteppedTimers timers = new SteppedTimers();
  private final Switch network = new Switch("test", timers, PooledByteBufAllocator.DEFAULT);
  private final InMemoryPort honest = InMemoryPort.attached("honest", Offloads.NONE, network);
  private final InMemoryPort evil = InMemoryPort.attached("evil", Offloads.NONE, network);
  private final MemoryJournal journal = new MemoryJournal(timers.clock());
  private final Gateway gateway =
      new Gateway(
          new EmbeddedChannel().eventLoop(),
          timers,
          PooledByteBufAllocator.DEFAULT,
          network,
          "gateway",
          new GatewayAddresses(
              GATEWAY, TestNetworks.mode(TestNetworks.nat()).gateway().ipv4(), null, false),
          1500,
          DescriptorBudget.ample().share("test"),
          StationMemory.alone());
  private final DhcpServer server =
      new DhcpServer(TestNetworks.pool(FIRST, FIRST.plus(POOL - 1)), List.of(), gateway, journal);

  @BeforeEach
  void start() {
    gateway.attach();
    gateway.serve(DhcpServer.SERVER_PORT, server);
    server.locateWith(gateway::isElsewhere);
    server.common().probeWith(gateway::probe);
  }

  @AfterEach
  void stop() {
    server.common().close();
    gateway.close();
    honest.close();
    evil.close();
  }

  /** Sends a message as its client does, in a frame; with a tag of priority alone if asked. */
  private void send(InMemoryPort port, long source, TestClient.Request request, boolean tagged) {
    send(port, Ethernet.BROADCAST, source, request, tagged);
  }

  private void send(InMemoryPort port, long to, long source, TestClient.Request request) {
    send(port, to, source, request, false);
  }

  private void send(
      InMemoryPort port, long to, long source, TestClient.Request request, boolean tagged) {
    port.send(frame(to, source, request, tagged));
  }

  private static ByteBuf frame(long to, long source, TestClient.Request request, boolean tagged) {
    ByteBuf payload = request.buffer().writeByte(255);
    int tag = tagged ? 4 : 0;
    int length = payload.readableBytes();
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(12 + tag + UDP_PAYLOAD + length);
    frame.writeZero(12 + tag + UDP_PAYLOAD);
    int ip = 12 + 14 + tag;
    Ethernet.write(frame, 12, to, source, Ethernet.TYPE_IPV4);
    if (tagged) {
      frame.setShort(24, 0x8100).setShort(26, 5 << 13).setShort(28, Ethernet.TYPE_IPV4);
    }
    Ipv4.write(frame, ip, 28 + length, 1, 0, 64, Ipv4.UDP, 0, -1);
    Udp.write(frame, ip + 20, 68, 67, 8 + length);
    frame.setShort(ip + 26, 0); // no checksum
    frame.writeBytes(payload);
    payload.release();
    return frame;
  }

  private void answerArp(InMemoryPort port, long mac, Address address) {
    answerArp(port, mac, mac, address);
  }

  private void answerArp(InMemoryPort port, long source, long mac, Address address) {
    answerArp(port, GATEWAY, source, mac, address);
  }

  private void answerArp(InMemoryPort port, long to, long source, long mac, Address address) {
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(54);
    frame.writeZero(54);
    Ethernet.write(frame, 12, to, source, Ethernet.TYPE_ARP);
    Arp.write(frame, 26, Arp.REPLY, mac, address.ipv4(), GATEWAY, 0);
    port.send(frame);
  }

  /** The addresses that the gateway has probed since the port was last looked at. */
  private static List<Address> probed(InMemoryPort port) {
    List<Address> addresses = new ArrayList<>();
    for (byte[] bytes : port.drain()) {
      ByteBuf frame = Unpooled.wrappedBuffer(bytes);
      if (Ethernet.type(frame, 0) == Ethernet.TYPE_ARP && Arp.senderAddress(frame, 14) == 0) {
        addresses.add(Address.ofIpv4(Arp.targetAddress(frame, 14)));
      }
    }
    return addresses;
  }

  /** The address in the newest offer or acknowledgement that a port got; null without one. */
  private static @Nullable Address given(InMemoryPort port, MessageType type) {
    Address address = null;
    for (byte[] bytes : port.drain()) {
      ByteBuf frame = Unpooled.wrappedBuffer(bytes);
      if (Ethernet.type(frame, 0) == Ethernet.TYPE_IPV4
          && frame.getByte(UDP_PAYLOAD + 242) == type.code()) {
        address = Address.ofIpv4(frame.getInt(UDP_PAYLOAD + 16));
      }
    }
    return address;
  }

  private TestClient client(long mac) {
    return new TestClient(server, mac);
  }

  /** The number of messages of a type that a port got. */
  private static int messages(InMemoryPort port, MessageType type) {
    int n = 0;
    for (byte[] bytes : port.drain()) {
      ByteBuf frame = Unpooled.wrappedBuffer(bytes);
      if (Ethernet.type(frame, 0) == Ethernet.TYPE_IPV4
          && frame.getByte(UDP_PAYLOAD + 242) == type.code()) {
        n++;
      }
    }
    return n;
  }

  private @Nullable Address lease(InMemoryPort port, long mac) {
    return lease(port, mac, mac);
  }

  private @Nullable Address lease(InMemoryPort port, long source, long mac) {
    send(port, source, client(mac).message(DISCOVER), false);
    timers.advance(PROBE.multipliedBy(2));
    Address offer = given(port, MessageType.OFFER);
    if (offer == null) {
      return null;
    }
    TestClient.Request request =
        client(mac).message(REQUEST).address(54, SERVER).address(50, offer);
    send(port, source, request, false);
    timers.advance(PROBE.multipliedBy(2));
    journal.sync();
    return given(port, MessageType.ACK);
  }

  @Test
  void aLeaseHasThePortThatItsClientIsBehind() {
    Address address = lease(honest, HONEST);
    assertThat(address).isNotNull();
    assertThat(server.leases().leases()).extracting(Lease::port).containsExactly("honest");
  }

  /** By the client's hardware address in an INFORM the gateway would carry frames between ports. */
  @Test
  void anInformIsAnsweredToItsSenderAndNobodyElse() {
    LogWatch.expect("event=dhcp-client-elsewhere .*");
    TestClient.Request forged = client(HONEST).message(INFORM).ciaddr(FIRST);
    send(evil, EVIL, forged, false);
    assertThat(messages(evil, MessageType.ACK)).isOne();
    Address address = lease(honest, HONEST);
    assertThat(address).isNotNull();
    send(evil, GATEWAY, EVIL, client(HONEST).message(INFORM).ciaddr(FIRST));
    assertThat(messages(honest, MessageType.ACK)).isZero();
    assertThat(messages(evil, MessageType.ACK)).isZero();
    assertThat(server.counters().get(DhcpCount.CLIENT_ELSEWHERE)).isOne();
    send(honest, GATEWAY, HONEST, client(HONEST).message(INFORM).ciaddr(FIRST));
    assertThat(messages(honest, MessageType.ACK)).isOne();
  }

  /** A port whose every frame costs the loop a millisecond; the clock stands still otherwise. */
  private final class Slow {
    private static final long MAC = 0x5254_0000_0777L;

    final SinkPort port =
        new SinkPort(
            "slow", Offloads.NONE, network, frame -> timers.clock().advance(Duration.ofMillis(1)));

    void send(TestClient.Request request) {
      ByteBuf frame = frame(Ethernet.BROADCAST, MAC, request, false);
      network.receive(port, frame);
      frame.release();
    }

    /** Its milliseconds of the loop while something is done. */
    long charged(Runnable task) {
      long before = port.counters().loopNanos();
      task.run();
      return (port.counters().loopNanos() - before) / 1_000_000;
    }
  }

  @Test
  void whatComesOfAProbeIsChargedToThePortThatAsked() {
    Slow slow = new Slow();
    slow.send(client(Slow.MAC).message(DISCOVER));
    assertThat(slow.charged(() -> timers.advance(PROBE))).as("the offer").isEqualTo(1);
  }

  @Test
  void whatComesOfALeaseOnDiskIsChargedToThePortThatAsked() {
    Slow slow = new Slow();
    slow.send(client(Slow.MAC).message(DISCOVER));
    timers.advance(PROBE);
    slow.send(client(Slow.MAC).message(REQUEST).address(54, SERVER).address(50, FIRST));
    timers.advance(PROBE);
    assertThat(slow.charged(journal::sync)).as("the acknowledgement").isEqualTo(1);
  }

  @Test
  void theEndOfALeaseIsChargedToThePortOfItsClient() {
    Slow slow = new Slow();
    lease(honest, HONEST);
    slow.send(client(Slow.MAC).message(DISCOVER));
    timers.advance(PROBE);
    slow.send(client(Slow.MAC).message(REQUEST).address(54, SERVER).address(50, FIRST.plus(1)));
    timers.advance(PROBE);
    journal.sync();
    assertThat(server.leases().leases()).hasSize(2);
    server
        .leases()
        .addListener(
            new LeaseListener() {
              @Override
              public void leaseAdded(Lease lease) {}

              @Override
              public void leaseChanged(Lease before, Lease after) {}

              @Override
              public void leaseRemoved(Lease lease) {
                timers.clock().advance(Duration.ofMillis(1));
              }
            });
    assertThat(slow.charged(() -> timers.advance(Duration.ofDays(1)))).isEqualTo(1);
    assertThat(server.leases().leases()).isEmpty();
  }

  @Test
  void aClientIsToldTheMtuOfItsPortWhereThatIsLess() {
    InMemoryPort narrow = new InMemoryPort("narrow", 1400, Offloads.NONE);
    narrow.attachTo(network);
    byte mtu = (byte) DhcpOption.INTERFACE_MTU;
    for (InMemoryPort port : List.of(honest, narrow)) {
      send(port, HONEST, client(HONEST).message(INFORM).ciaddr(FIRST).option(55, mtu), false);
      assertThat(toldMtu(port)).isEqualTo(port == narrow ? 1400 : 1500);
    }
    narrow.close();
  }

  /** The MTU in the answer that a port got; 0 without one. */
  private static int toldMtu(InMemoryPort port) {
    for (byte[] bytes : port.drain()) {
      ByteBuf frame = Unpooled.wrappedBuffer(bytes);
      for (int at = UDP_PAYLOAD + 240; at + 4 <= bytes.length && bytes[at] != -1; ) {
        if (bytes[at] == DhcpOption.INTERFACE_MTU) {
          return frame.getUnsignedShort(at + 2);
        }
        at += 2 + bytes[at + 1];
      }
    }
    return 0;
  }

  @Test
  void aFrameWithAPriorityTagIsHeard() {
    send(honest, HONEST, client(HONEST).message(DISCOVER), true);
    timers.advance(PROBE.multipliedBy(2));
    assertThat(given(honest, MessageType.OFFER)).isNotNull();
  }

  @Test
  void aReleaseInAnothersNameChangesNothing() {
    LogWatch.expect("event=dhcp-impostor .*type=\"(release|decline)\".*");
    Address address = lease(honest, HONEST);
    assertThat(address).isNotNull();
    for (long source : new long[] {EVIL, HONEST}) {
      TestClient.Request release =
          client(HONEST).message(RELEASE).address(54, SERVER).ciaddr(address);
      send(evil, source, release, false);
    }
    journal.sync();
    assertThat(server.leases().byMac(HONEST)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {HONEST, EVIL})
  void anOfferIsTakenByThePortThatItWasMadeToAlone(long source) {
    LogWatch.expect("event=dhcp-(client-elsewhere|impostor) .*");
    send(honest, HONEST, client(HONEST).message(DISCOVER), false);
    timers.advance(PROBE.multipliedBy(2));
    Address offer = given(honest, MessageType.OFFER);
    assertThat(offer).isNotNull();
    for (MessageType type : List.of(REQUEST, DISCOVER, MessageType.DECLINE)) {
      TestClient.Request forged = client(HONEST).message(type).address(54, SERVER);
      send(evil, source, forged.address(50, offer), false);
      timers.advance(PROBE.multipliedBy(2));
      journal.sync();
    }
    assertThat(server.leases().leases()).isEmpty();
    TestClient.Request request = client(HONEST).message(REQUEST).address(54, SERVER);
    send(honest, HONEST, request.address(50, offer), false);
    journal.sync();
    assertThat(given(honest, MessageType.ACK)).isEqualTo(offer);
    assertThat(server.leases().leases()).extracting(Lease::port).containsExactly("honest");
  }

  enum Place {
    PINNED,
    KEPT,
    HEARD
  }

  @ParameterizedTest
  @EnumSource
  void aGuestGetsNoLeaseInTheNameOfAClientOfAnotherPort(Place place) {
    LogWatch.expect("event=dhcp-client-elsewhere .*port=\"evil\".*");
    switch (place) {
      case PINNED -> network.pin(HONEST, honest);
      case KEPT -> network.reserve(HONEST);
      case HEARD -> answerArp(honest, HONEST, FIRST.plus(9));
    }
    assertThat(lease(evil, EVIL, HONEST)).isNull();
    for (String relay : List.of("0.0.0.0", "192.168.127.9")) {
      for (MessageType type : List.of(DISCOVER, REQUEST)) {
        TestClient.Request request = client(HONEST).message(type).giaddr(relay).address(50, FIRST);
        send(evil, EVIL, request, false);
      }
    }
    timers.advance(PROBE.multipliedBy(2));
    journal.sync();
    assertThat(server.leases().leases()).isEmpty();
    assertThat(server.leases().byAddress(FIRST)).isEmpty();
    assertThat(server.counters().get(DhcpCount.CLIENT_ELSEWHERE)).isEqualTo(5);
    assertThat(messages(evil, MessageType.OFFER)).isZero();
    network.pin(HONEST, honest);
    assertThat(lease(honest, HONEST)).isNotNull();
  }

  @Test
  void theLogNamesEachPortThatAsksForAnothersClientOnceAMinute() {
    LogWatch.expect("event=dhcp-client-elsewhere .*port=\"(evil|worse)\".*");
    InMemoryPort worse = InMemoryPort.attached("worse", Offloads.NONE, network);
    network.pin(HONEST, honest);
    for (InMemoryPort port : List.of(evil, worse)) {
      for (int i = 0; i < 200; i++) {
        send(port, EVIL, client(HONEST).message(DISCOVER), false);
      }
    }
    worse.close();
    String line = "event=dhcp-client-elsewhere network=\"vmnet8\" port=";
    assertThat(LogWatch.count(line + "\"evil\"")).isEqualTo(1);
    assertThat(LogWatch.count(line + "\"worse\"")).isEqualTo(1);
  }

  @Test
  void aClientBehindABridgeThatHasOneAddressForAllGetsALease() {
    assertThat(lease(honest, EVIL, HONEST)).isNotNull();
    assertThat(server.leases().byMac(HONEST)).hasSize(1);
    send(honest, HONEST + 1, client(HONEST + 1).message(DISCOVER), false);
    assertThat(lease(honest, EVIL, HONEST + 1)).as("heard behind the same port").isNotNull();
  }

  @Test
  void aClientGetsItsLeaseFromOneThatTookItInItsNameAndAnswersInItsName() {
    Address taken = lease(evil, EVIL, HONEST);
    assertThat(taken).isNotNull();
    for (MessageType type : List.of(DISCOVER, REQUEST)) {
      TestClient.Request request = client(HONEST).message(type);
      if (type == REQUEST) {
        request.address(54, SERVER).address(50, taken);
      }
      send(honest, HONEST, request, false);
      probed(evil).forEach(one -> answerArp(evil, EVIL, HONEST, one));
      timers.advance(PROBE.multipliedBy(2));
      journal.sync();
      assertThat(given(honest, type == REQUEST ? MessageType.ACK : MessageType.OFFER))
          .isEqualTo(taken);
    }
    assertThat(server.leases().leases()).extracting(Lease::port).containsExactly("honest");
    assertThat(server.counters().get(DhcpCount.IMPOSTOR)).isZero();
  }

  @Test
  void aClientBehindABridgeThatHasOneAddressForAllKeepsItsLease() {
    LogWatch.expect("event=dhcp-impostor .*");
    Address address = lease(honest, HONEST + 1, HONEST);
    assertThat(address).isNotNull();
    evil.drain(); // the replies to an address that the switch does not know
    send(evil, EVIL, client(HONEST).message(REQUEST).address(50, address), false);
    probed(honest).forEach(one -> answerArp(honest, HONEST + 1, HONEST, one));
    timers.advance(PROBE.multipliedBy(2));
    journal.sync();
    assertThat(server.leases().leases()).extracting(Lease::port).containsExactly("honest");
    assertThat(given(evil, MessageType.ACK)).isNull();
  }

  private void ask(MessageType reply, Address own, int times) {
    for (int i = 0; i < times; i++) {
      TestClient.Request request =
          switch (reply) {
            case OFFER -> client(EVIL).message(DISCOVER).broadcast();
            case ACK -> client(EVIL).message(REQUEST).address(50, own).broadcast();
            default -> client(EVIL).message(REQUEST).address(50, Address.parse("10.0.0.5"));
          };
      send(evil, EVIL, request, false);
    }
  }

  /** A broadcast could be meant to refuse or mislead another port's client. */
  @ParameterizedTest
  @EnumSource(names = {"NAK", "OFFER", "ACK"})
  void aReplyThatIsBroadcastReachesThePortThatAsksAlone(MessageType type) {
    Address own = lease(evil, EVIL);
    assertThat(own).isNotNull();
    honest.drain();
    ask(type, own, 300);
    assertThat(messages(honest, type)).isZero();
    assertThat(messages(evil, type)).isEqualTo(300);
    assertThat(gateway.stations().budget(evil).problem()).isEmpty();
  }

  /** The switch takes the client for one of the port that has sent in its name last. */
  @ParameterizedTest
  @EnumSource(names = {"OFFER", "ACK"})
  void aReplyReachesThePortThatHasAskedWhoeverSendsInItsClientsName(MessageType type) {
    Address offer = null;
    if (type == MessageType.ACK) {
      send(honest, HONEST, client(HONEST).message(DISCOVER), false);
      timers.advance(PROBE.multipliedBy(2));
      offer = given(honest, MessageType.OFFER);
      send(
          honest,
          HONEST,
          client(HONEST).message(REQUEST).address(54, SERVER).address(50, offer),
          false);
    } else {
      send(honest, HONEST, client(HONEST).message(DISCOVER), false);
    }
    answerArp(evil, HONEST, FIRST.plus(9));
    timers.advance(PROBE.multipliedBy(2));
    journal.sync();
    assertThat(messages(evil, type)).isZero();
    assertThat(messages(honest, type)).isOne();
  }

  @Test
  void aRequestThatStormControlHasLetPassIsNotDroppedForWhatItCost() {
    LogWatch.expect("cause=\"broadcast-storm\"");
    InMemoryPort small = new InMemoryPort("small", Offloads.NONE);
    StormLimits storm = new StormLimits(1, 1, 1);
    small.attachTo(
        network,
        new PortRules(List.of(), List.of(), PortRules.Reach.ORDINARY, 99_999, false, storm));
    for (int i = 0; i < 33; i++) { // to three ports each: one token of 100 is left
      answerArp(small, Ethernet.BROADCAST, EVIL, EVIL, FIRST.plus(9));
    }
    assertThat(lease(small, EVIL)).isNull(); // the REQUEST is broadcast too, and one too many
    assertThat(server.counters().get(DhcpCount.PROBE_LIMIT)).isZero();
    assertThat(server.counters().get(DhcpCount.OFFER)).isEqualTo(1);
    small.close();
  }

  /** The switch knows none of them, and would flood the replies. */
  @Test
  void aReplyToAMadeUpClientReachesThePortThatAsksAlone() {
    for (int i = 0; i < 100; i++) {
      send(evil, EVIL, client(EVIL + 1 + i).message(DISCOVER), false);
      timers.advance(PROBE.dividedBy(10));
    }
    timers.advance(PROBE);
    assertThat(messages(honest, MessageType.OFFER)).isZero();
    assertThat(messages(evil, MessageType.OFFER)).isPositive();
  }

  @Test
  void aFloodOfBroadcastRepliesIsForThePortThatAsksAlone() {
    for (int i = 0; i < 300; i++) {
      send(evil, EVIL, client(EVIL + 1 + i).message(DISCOVER).broadcast(), false);
      timers.advance(PROBE.dividedBy(100));
    }
    timers.advance(PROBE);
    assertThat(messages(honest, MessageType.OFFER)).isZero();
    evil.drain();
    assertThat(lease(honest, HONEST)).isNotNull();
  }

  @Test
  void aPortThatAnswersEveryProbeDoesNotKeepAnotherFromItsAddress() {
    LogWatch.expect("event=dhcp-address-in-use .*");
    LogWatch.expect("event=dhcp-probe-answer-ignored .*");
    Address address = null;
    for (int tries = 0; address == null && tries < 5; tries++) {
      send(honest, HONEST, client(HONEST).message(DISCOVER), false);
      for (List<Address> asked = probed(evil); !asked.isEmpty(); asked = probed(evil)) {
        asked.forEach(one -> answerArp(evil, EVIL, one));
      }
      timers.advance(PROBE.multipliedBy(2));
      address = given(honest, MessageType.OFFER);
    }
    assertThat(address).isNotNull();
    assertThat(server.leases().available()).isEqualTo(POOL - 2);
  }

  @Test
  void aPortCausesNoMoreProbesThanStormControlLetsItBroadcast() {
    InMemoryPort flooding = new InMemoryPort("flooding", Offloads.NONE);
    StormLimits storm = new StormLimits(1000, 1000, 1000);
    flooding.attachTo(
        network,
        new PortRules(List.of(), List.of(), PortRules.Reach.ORDINARY, 99_999, false, storm));
    int probes = 0;
    for (int i = 0; i < 1000; i++) {
      long machine = EVIL + 1 + i;
      send(flooding, GATEWAY, machine, client(machine).message(DISCOVER));
      probes += probed(honest).size();
      flooding.drain();
    }
    assertThat(probes).as("a burst of 100 copies to 3 ports each").isEqualTo(34);
    assertThat(server.counters().get(DhcpCount.PROBE_LIMIT)).isEqualTo(1000 - 34);
    assertThat(network.problem(flooding))
        .contains("a storm of requests that broadcast frames follow");
    timers.advance(PROBE.multipliedBy(2));
    assertThat(lease(honest, HONEST)).as("another port's").isNotNull();
    timers.advance(Duration.ofSeconds(10));
    assertThat(lease(flooding, EVIL)).as("once the storm is over").isNotNull();
    flooding.close();
  }

  @Test
  void machinesThatAnswerForTheAddressesTheyAreAboutToGetWantNoMoreThanTheirShare() {
    for (int i = 0; i < 150; i++) {
      long machine = HONEST + i;
      send(honest, machine, client(machine).message(DISCOVER), false);
      List<Address> asked = probed(honest);
      assertThat(asked).isNotEmpty();
      asked.forEach(one -> answerArp(honest, machine, one));
      timers.advance(PROBE.multipliedBy(2));
    }
    assertThat(gateway.stations().budget(honest).problem()).isEmpty();
    assertThat(server.counters().get(DhcpCount.CONFLICT)).isZero();
  }

  @Test
  void aStationThatAnswersForAnotherAddressThanItLeasesIsIgnoredAndSaidToHaveALease() {
    LogWatch.expect("event=dhcp-probe-answer-ignored .*");
    assertThat(lease(evil, EVIL)).isNotNull();
    evil.drain();
    send(honest, HONEST, client(HONEST).message(DISCOVER), false);
    List<Address> asked = probed(evil);
    assertThat(asked).isNotEmpty();
    asked.forEach(one -> answerArp(evil, EVIL, one));
    timers.advance(PROBE.multipliedBy(2));
    assertThat(given(honest, MessageType.OFFER)).isEqualTo(asked.getFirst());
    assertThat(LogWatch.count("cause=\"the station has a lease of another address\"")).isEqualTo(1);
  }

  @Test
  void aPortThatAnswersForAHundredAddressesTooManyIsAProblem() {
    LogWatch.expect("event=dhcp-address-in-use .*");
    LogWatch.expect("event=dhcp-probe-answer-ignored .*");
    for (int i = 0; i < 150; i++) {
      send(honest, HONEST + i, client(HONEST + i).message(DISCOVER), false);
      probed(evil).forEach(one -> answerArp(evil, EVIL, one));
    }
    assertThat(gateway.stations().budget(evil).problem())
        .contains("addresses that DHCP finds in use");
    assertThat(gateway.stations().budget(honest).problem()).isEmpty();
  }

  @Test
  void aPortThatTakesAllItCanLeavesAnAddressForAnother() {
    LogWatch.expect("event=dhcp-port-limited .*");
    for (int i = 0; i < 3 * POOL; i++) {
      lease(evil, EVIL + 1 + i);
    }
    assertThat(server.leases().leases()).hasSize(POOL - POOL / 8);
    assertThat(String.join("; ", server.common().problems()))
        .startsWith("port evil has 14 of the DHCP pool's 16 addresses");
    assertThat(lease(honest, HONEST)).isNotNull();
  }
}
