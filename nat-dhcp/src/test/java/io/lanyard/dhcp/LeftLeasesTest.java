package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A port's clients come one after another, and leave without a word. */
class LeftLeasesTest {
  private static final Address SERVER = Address.parse("192.168.127.2");
  private static final Address FIRST = Address.parse("192.168.127.128");
  private static final Subnet SUBNET6 = Subnet.parse("fd6c:616e:7961:8::/64");
  private static final long MAC = 0x5254_0000_0001L;
  private static final String SHARED = "shared";
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final SteppedLink link = new SteppedLink();
  private final MemoryJournal journal = new MemoryJournal(link);
  private final TestPorts ports = new TestPorts(link);
  private SteppedProbe probe = new SteppedProbe();
  private DhcpServer server = start(127, "dhcp: {leases-per-port: 1}");

  private DhcpServer start(int size, String... lines) {
    server =
        new DhcpServer(
            TestNetworks.pool(FIRST, FIRST.plus(size - 1), lines), List.of(), link, journal);
    probe = new SteppedProbe();
    server.common().probeWith(probe);
    return server;
  }

  private TestClient client(long n, String port) {
    return new TestClient(server, MAC + n, port, ports);
  }

  /** Nobody answers what was probed since, and the disk is done with what came of it. */
  private void settle() {
    while (!probe.sent.isEmpty()) {
      List<SteppedProbe.Sent> sent = List.copyOf(probe.sent);
      probe.sent.clear();
      sent.forEach(one -> one.listener().silent());
      journal.sync();
    }
    journal.sync();
  }

  /** The address that a client gets, where nobody answers probes; null if it gets none. */
  private @Nullable Address lease(TestClient client) {
    client.message(DISCOVER).send();
    settle();
    TestClient.Answer offer = client.poll();
    if (offer == null) {
      return null;
    }
    client.message(REQUEST).address(54, SERVER).address(50, offer.yiaddr()).send();
    settle();
    TestClient.Answer answer = client.next();
    return answer.type() == MessageType.ACK.code() ? answer.yiaddr() : null;
  }

  private long bound(String port) {
    return server.leases().leases().stream().filter(lease -> lease.port().equals(port)).count();
  }

  private Address leased(TestClient client) {
    Address address = lease(client);
    assertThat(address).as("a lease").isNotNull();
    return address;
  }

  @Test
  void aPortsNextClientGetsWhatItsPredecessorHasLeftBehind() {
    Address address = leased(client(1, SHARED));
    ports.lose(SHARED);
    TestClient next = client(2, SHARED);
    assertThat(lease(next)).isEqualTo(address);
    assertThat(journal.stored(address).mac()).isEqualTo(next.mac);
    assertThat(bound(SHARED)).isOne();
    assertThat(server.counters().get(DhcpCount.RECLAIMED)).isOne();
    assertThat(server.common().problems()).isEmpty();
  }

  @Test
  void aHolderThatAnswersKeepsItsLease() {
    LogWatch.expect("event=dhcp-port-limited .*");
    Address address = leased(client(1, SHARED));
    ports.lose(SHARED); // and has it again: nobody was sent away by that
    TestClient next = client(2, SHARED);
    next.message(DISCOVER).send();
    assertThat(probe.sent.getLast().address()).isEqualTo(address);
    assertThat(probe.answeredBy(ports.station("other", MAC + 1))).as("elsewhere").isFalse();
    assertThat(probe.answeredBy(ports.station(SHARED, MAC + 1))).isTrue();
    journal.sync();
    assertThat(next.answers).isEmpty();
    assertThat(server.leases().leases()).extracting(Lease::mac).containsExactly(MAC + 1);
    int asked = probe.sent.size();
    next.message(DISCOVER).send();
    assertThat(probe.sent).as("it is known to be there").hasSize(asked);
    assertThat(String.join("; ", server.common().problems())).startsWith("port shared has 1 of");
  }

  @Test
  void aLeaseBehindALinkThatWasThereAllTheTimeIsNotReclaimed() {
    LogWatch.expect("event=dhcp-port-limited .*");
    leased(client(1, SHARED));
    assertThat(lease(client(2, SHARED))).isNull();
    assertThat(bound(SHARED)).isOne();
  }

  @Test
  void aLeaseThatWasRenewedSinceIsNotReclaimed() {
    LogWatch.expect("event=dhcp-port-limited .*");
    TestClient first = client(1, SHARED);
    Address address = leased(first);
    ports.lose(SHARED);
    first.message(REQUEST).ciaddr(address).send(); // unchanged on disk
    settle();
    assertThat(first.next().type()).isEqualTo(MessageType.ACK.code());
    assertThat(lease(client(2, SHARED))).isNull();
    ports.lose(SHARED);
    link.step(MINUTE);
    first.message(REQUEST).ciaddr(address).send();
    settle();
    first.next();
    assertThat(lease(client(2, SHARED))).isNull();
  }

  @Test
  void aHolderThatAnswersTooLateKeepsOthersFromItsAddress() {
    LogWatch.expect("event=dhcp-address-in-use .*");
    Address address = leased(client(1, SHARED));
    ports.lose(SHARED);
    TestClient next = client(2, SHARED);
    next.message(DISCOVER).send();
    SteppedProbe.Sent sent = probe.silent();
    journal.sync();
    assertThat(next.next().yiaddr()).isEqualTo(address);
    assertThat(sent.listener().answered(MAC + 1, ports.station(SHARED, MAC + 1))).isTrue();
    next.message(REQUEST).address(54, SERVER).address(50, address).send();
    journal.sync();
    assertThat(next.next().type()).isEqualTo(MessageType.NAK.code());
  }

  /** By connecting anew it gets nothing that it could not have by one connection. */
  @Test
  void aPortHasNoMoreThanItsShareHoweverOftenItsLinkComesAndGoes() {
    start(16);
    for (int i = 0; i < 100; i++) {
      lease(client(100 + i, "evil"));
      if (i % 3 == 0) {
        ports.lose("evil");
      }
      assertThat(bound("evil")).isLessThanOrEqualTo(16 - 16 / 8);
    }
    assertThat(bound("evil")).isEqualTo(14);
    leased(client(1, "honest"));
  }

  /** Full otherwise: the ones that took all have gone, and their leases run on. */
  @Test
  void aPortWithFewerGetsWhatAPortThatHasGoneHasLeft() {
    LogWatch.expect("event=dhcp-(port-limited|pool-exhausted) .*");
    start(16);
    for (int i = 0; i < 30; i++) {
      lease(client(100 + i, "evil"));
    }
    int others = 0;
    while (server.leases().available() > 0) {
      leased(client(1000 + others, "other" + others));
      others++;
    }
    assertThat(lease(client(1, "late"))).isNull();
    ports.lose("evil");
    assertThat(lease(client(1, "late"))).as("it may come back").isNull();
    link.step(MINUTE);
    leased(client(1, "late"));
    leased(client(2, "late"));
    assertThat(bound("late")).isEqualTo(2);
    assertThat(lease(client(3, "evil"))).as("the port is back").isNotNull();
    for (int i = 0; i < 30; i++) {
      lease(client(10 + i, "late"));
    }
    assertThat(bound("late")).as("not more than it").isLessThanOrEqualTo(bound("evil") + 1);
    for (int i = 0; i < others; i++) {
      assertThat(bound("other" + i)).isOne();
    }
  }

  @Test
  void aMachineHasALeaseInEachStageOfItsBootWhereItsPortMayHaveOne() {
    TestClient rom = client(1, SHARED);
    Address address = leased(rom);
    TestClient system = client(1, SHARED);
    byte[] duid = {(byte) 255, 1, 2, 3};
    system.message(DISCOVER).option(61, duid).send();
    settle();
    TestClient.Answer offer = system.next();
    assertThat(offer.yiaddr()).isEqualTo(address);
    system.message(REQUEST).option(61, duid).address(54, SERVER).address(50, address).send();
    settle();
    assertThat(system.next().yiaddr()).isEqualTo(address);
    assertThat(bound(SHARED)).isOne();
  }

  @Test
  void whoWasLeftByAFormerDaemonIsLookedFor() {
    LogWatch.expect("event=dhcp-port-limited .*");
    Address address = leased(client(1, SHARED));
    start(127, "dhcp: {leases-per-port: 1}");
    TestClient next = client(2, SHARED);
    next.message(DISCOVER).send();
    assertThat(probe.sent.getLast().address()).isEqualTo(address);
    assertThat(probe.answeredBy(ports.station(SHARED, MAC + 1))).isTrue();
    journal.sync();
    assertThat(next.answers).isEmpty();
    start(127, "dhcp: {leases-per-port: 1}");
    assertThat(lease(client(2, SHARED))).isEqualTo(address);
  }

  @Test
  void aLeaseThatIsNotOnDiskAsReleasedIsNotGivenToAnother() {
    Address address = leased(client(1, SHARED));
    ports.lose(SHARED);
    TestClient next = client(2, SHARED);
    next.message(DISCOVER).send();
    probe.silent();
    assertThat(next.answers).as("before it is on disk").isEmpty();
    journal.broken = true;
    journal.sync();
    assertThat(next.answers).isEmpty();
    assertThat(journal.stored(address).mac()).isEqualTo(MAC + 1);
    assertThat(server.leases().leases()).extracting(Lease::mac).containsExactly(MAC + 1);
  }

  @Test
  void aChangedConfigurationForgetsNobodyWhoIsThere() {
    LogWatch.expect("event=dhcp-port-limited .*");
    leased(client(1, SHARED));
    server.configure(
        TestNetworks.pool(FIRST, FIRST.plus(126), "dhcp: {leases-per-port: 1, lease-time: 1h}"),
        List.of());
    TestClient next = client(2, SHARED);
    next.message(DISCOVER).send();
    assertThat(probe.sent).isEmpty();
    assertThat(next.answers).isEmpty();
  }

  // IPv6

  private Dhcp6Server start6(String dhcp) {
    Dhcp6Server six =
        new Dhcp6Server(
            TestNetworks.nat(
                "ipv6: {subnet: \"" + SUBNET6 + "\"}", "dhcp: {ipv6: stateful, " + dhcp + "}"),
            SUBNET6,
            List.of(),
            link,
            journal,
            new UUID(0x8000, 1L << 63));
    six.common().probeWith(probe);
    return six;
  }

  @Test
  void thatIsSoInBothFamilies() {
    LogWatch.expect("event=dhcp-port-limited .*");
    Dhcp6Server six = start6("leases-per-port: 1");
    Dhcp6TestClient first = new Dhcp6TestClient(six, MAC + 1, SHARED, ports);
    first.select(first.solicit());
    journal.sync();
    Address address = first.next().given();
    for (boolean commits : new boolean[] {false, true}) {
      Dhcp6TestClient refused = new Dhcp6TestClient(six, MAC + 2, SHARED, ports);
      refused.message(Dhcp6Type.SOLICIT).association(1).send();
      assertThat(refused.next().status()).isEqualTo(Dhcp6Option.NO_ADDRESSES);
      ports.lose(SHARED);
      Dhcp6TestClient next = new Dhcp6TestClient(six, MAC + (commits ? 4 : 3), SHARED, ports);
      var solicit = next.message(Dhcp6Type.SOLICIT).association(1);
      (commits ? solicit.option(Dhcp6Option.RAPID_COMMIT) : solicit).send();
      assertThat(probe.silent().address()).isEqualTo(address);
      journal.sync();
      Dhcp6TestClient.Answer answer = next.next();
      assertThat(answer.given()).isEqualTo(address);
      if (!commits) {
        next.select(answer);
        journal.sync();
        assertThat(next.next().given()).isEqualTo(address);
      }
      assertThat(six.common().table().leases()).extracting(Lease::mac).containsExactly(next.mac);
    }
  }
}
