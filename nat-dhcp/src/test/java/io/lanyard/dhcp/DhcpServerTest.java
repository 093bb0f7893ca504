package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DECLINE;
import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.INFORM;
import static io.lanyard.dhcp.MessageType.RELEASE;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Ethernet;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DhcpServerTest {
  private static final int OFFER = 2;
  private static final int ACK = 5;
  private static final int NAK = 6;
  private static final Address SERVER = Address.parse("192.168.127.2");
  private static final Subnet SUBNET = Subnet.parse("192.168.127.0/24");

  private static final String IN_USE = "event=dhcp-address-in-use";
  private static final long RIVAL = 0x525400000099L;

  private final SteppedLink link = new SteppedLink();
  private final MemoryJournal journal = new MemoryJournal(link);
  private DhcpServer server = start();

  private DhcpServer start(String... lines) {
    return start(TestNetworks.nat(lines));
  }

  private DhcpServer start(NetworkConfig config, GuestConfig... guests) {
    return new DhcpServer(config, List.of(guests), link, journal);
  }

  private TestClient client(String mac) {
    return new TestClient(server, mac);
  }

  private Answer lease(TestClient client) {
    client.select(client.discover());
    journal.sync();
    return client.next();
  }

  @Test
  void aClientGetsAnOfferAndThenAnAck() {
    TestClient client = client("52:54:00:00:00:01");
    Answer offer = client.discover();
    assertThat(offer.type()).isEqualTo(OFFER);
    assertThat(offer.server()).isEqualTo(SERVER);
    client.select(offer);
    journal.sync();
    Answer ack = client.next();
    assertThat(ack.type()).isEqualTo(ACK);
    assertThat(ack.yiaddr()).isEqualTo(offer.yiaddr());
    assertThat(ack.intOption(51)).isEqualTo(1800);
    assertThat(ack.intOption(58)).isEqualTo(900);
    assertThat(ack.intOption(59)).isEqualTo(1575);
    assertThat(ack.intOption(1)).isEqualTo(0xffffff00);
    assertThat(ack.intOption(3)).isEqualTo(SERVER.ipv4());
    assertThat(ack.intOption(6)).isEqualTo(SERVER.ipv4());
    assertThat(new String(ack.option(15), StandardCharsets.US_ASCII)).isEqualTo("lan");
    assertThat(SUBNET.contains(ack.yiaddr())).isTrue();
    assertThat(ack.yiaddr().ipv4() & 255).isBetween(128, 254);
    assertThat(ack.bytes()).hasSizeGreaterThanOrEqualTo(300);
  }

  @Test
  void anAckDoesNotLeaveBeforeItsLeaseIsOnDisk() {
    TestClient client = client("52:54:00:00:00:01");
    client.select(client.discover());
    assertThat(client.answers).isEmpty();
    assertThat(server.leases().leases()).isEmpty();
    journal.sync();
    assertThat(client.next().type()).isEqualTo(ACK);
    assertThat(server.leases().leases()).hasSize(1);
  }

  @Test
  void aLeaseThatCannotBeStoredIsNotAcknowledged() {
    journal.broken = true;
    TestClient client = client("52:54:00:00:00:01");
    client.select(client.discover());
    journal.sync();
    assertThat(client.answers).isEmpty();
    assertThat(server.leases().leases()).isEmpty();
    assertThat(server.counters().get(DhcpCount.STORE_FAILED)).isEqualTo(1);
    assertThat(server.common().problems())
        .containsExactly("no lease is acknowledged: the disk is full");
    journal.broken = false;
    assertThat(lease(client).type()).isEqualTo(ACK);
    assertThat(server.common().problems()).isEmpty();
  }

  /** After half of the writes of a refused client the disk fails, so that they cannot be undone. */
  @Test
  void aLeaseThatWasRefusedIsTakenOffTheDiskOnceThatTakesWritesAgain() {
    LeaseKeeper keeper = server.common().parts().keeper();
    Address address = Address.parse("192.168.127.200");
    Lease refused =
        new Lease(
            address, ClientId.ofMac(RIVAL), RIVAL, "", null, 0, Lease.NEVER, Lease.State.BOUND);
    keeper.write(refused, "", () -> {});
    journal.sync(1);
    journal.broken = true;
    journal.sync();
    assertThat(journal.stored(address)).isEqualTo(refused);
    journal.broken = false;
    assertThat(lease(client("52:54:00:00:00:01")).type()).isEqualTo(ACK);
    assertThat(journal.stored(address).state()).isEqualTo(Lease.State.RELEASED);
  }

  @Test
  void repliesGoWhereSection41Says() {
    TestClient client = client("52:54:00:00:00:01");
    Answer unicast = client.discover();
    assertThat(unicast.mac()).isEqualTo(client.mac);
    assertThat(unicast.address()).isEqualTo(unicast.yiaddr());
    assertThat(unicast.port()).isEqualTo(68);

    client.message(DISCOVER).broadcast().send();
    Answer broadcast = client.next();
    assertThat(broadcast.mac()).isEqualTo(Ethernet.BROADCAST);
    assertThat(broadcast.address()).isEqualTo(Address.BROADCAST_IPV4);
    assertThat(broadcast.intAt(10) >>> 16).isEqualTo(0x8000);

    client
        .message(DISCOVER)
        .giaddr("192.168.127.9")
        .option(82, (byte) 1, (byte) 1, (byte) 7)
        .send();
    Answer relayed = client.next();
    assertThat(relayed.address()).isEqualTo(Address.parse("192.168.127.9"));
    assertThat(relayed.port()).isEqualTo(67);
    assertThat(relayed.option(82)).containsExactly(1, 1, 7);

    client.message(DISCOVER).giaddr("10.0.0.9").send();
    assertThat(client.answers).isEmpty();
    assertThat(server.counters().get(DhcpCount.NOT_OURS)).isEqualTo(1);
  }

  @Test
  void aRenewalIsAnsweredToItsAddressAndKeepsTheStart() {
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    Lease before = server.leases().leases().getFirst();
    link.step(Duration.ofMinutes(15));
    client.message(REQUEST).ciaddr(ack.yiaddr()).send();
    journal.sync();
    Answer renewed = client.next();
    assertThat(renewed.type()).isEqualTo(ACK);
    assertThat(renewed.address()).isEqualTo(ack.yiaddr());
    assertThat(renewed.yiaddr()).isEqualTo(ack.yiaddr());
    Lease after = server.leases().leases().getFirst();
    assertThat(after.startMillis()).isEqualTo(before.startMillis());
    assertThat(after.expiryMillis())
        .isEqualTo(before.expiryMillis() + Duration.ofMinutes(15).toMillis());
  }

  @Test
  void aClientThatRebootsKeepsItsAddress() {
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    client.message(REQUEST).address(50, ack.yiaddr()).send();
    journal.sync();
    assertThat(client.next().yiaddr()).isEqualTo(ack.yiaddr());
  }

  @Test
  void aClientFromAnotherNetworkIsRefusedAloud() {
    TestClient client = client("52:54:00:00:00:01");
    client.message(REQUEST).address(50, Address.parse("10.0.0.5")).send();
    Answer nak = client.next();
    assertThat(nak.type()).isEqualTo(NAK);
    assertThat(nak.address()).isEqualTo(Address.BROADCAST_IPV4);
    assertThat(nak.mac()).isEqualTo(Ethernet.BROADCAST);
    assertThat(nak.yiaddr().isAny()).isTrue();
    assertThat(nak.options()).doesNotContainKey(51);
  }

  @Test
  void aClientWithAnAddressOfAnotherNetworkIsOfferedOneOfThis() {
    TestClient client = client("52:54:00:00:00:01");
    client.source = Address.parse("10.0.0.5");
    Answer offer = client.discover();
    assertThat(offer.type()).isEqualTo(OFFER);
    assertThat(offer.mac()).isEqualTo(client.mac);
    assertThat(SUBNET.isHost(offer.address())).isTrue();
    client.message(REQUEST).ciaddr(client.source).send(); // REBINDING
    assertThat(client.next().type()).isEqualTo(NAK);
  }

  @Test
  void aRefusalByWayOfARelayHasTheBroadcastBit() {
    TestClient client = client("52:54:00:00:00:01");
    client.message(REQUEST).giaddr("192.168.127.9").address(50, Address.parse("10.0.0.5")).send();
    Answer nak = client.next();
    assertThat(nak.address()).isEqualTo(Address.parse("192.168.127.9"));
    assertThat(nak.intAt(10) >>> 16).isEqualTo(0x8000);
  }

  @Test
  void anUnknownClientIsMetWithSilenceUnlessTheServerIsAuthoritative() {
    server = start("dhcp: {authoritative: false}");
    TestClient client = client("52:54:00:00:00:01");
    client.message(REQUEST).address(50, Address.parse("192.168.127.200")).send();
    assertThat(client.answers).isEmpty();
    server = start();
    TestClient other = client("52:54:00:00:00:02");
    other.message(REQUEST).address(50, Address.parse("192.168.127.200")).send();
    journal.sync();
    assertThat(other.next().type()).isEqualTo(ACK);
  }

  @Test
  void anAddressOfAnotherClientIsRefused() {
    Answer ack = lease(client("52:54:00:00:00:01"));
    TestClient thief = client("52:54:00:00:00:02");
    thief.message(REQUEST).address(50, ack.yiaddr()).send();
    assertThat(thief.next().type()).isEqualTo(NAK);
    thief.message(REQUEST).ciaddr(ack.yiaddr()).send();
    assertThat(thief.next().type()).isEqualTo(NAK);
    thief.message(REQUEST).address(54, SERVER).address(50, ack.yiaddr()).send();
    assertThat(thief.next().type()).isEqualTo(NAK);
  }

  @Test
  void anOfferIsWithdrawnWhenTheClientTakesAnotherServer() {
    TestClient client = client("52:54:00:00:00:01");
    Answer offer = client.discover();
    int before = server.leases().available();
    client
        .message(REQUEST)
        .address(54, Address.parse("192.168.127.77"))
        .address(50, offer.yiaddr())
        .send();
    assertThat(client.answers).isEmpty();
    assertThat(server.leases().available()).isEqualTo(before + 1);
  }

  @Test
  void aReleasedAddressComesBackToItsClient() {
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    client.message(RELEASE).ciaddr(ack.yiaddr()).address(54, SERVER).send();
    journal.sync();
    assertThat(client.answers).isEmpty();
    assertThat(server.leases().leases()).isEmpty();
    assertThat(lease(client("52:54:00:00:00:02")).yiaddr()).isNotEqualTo(ack.yiaddr());
    assertThat(lease(client).yiaddr()).isEqualTo(ack.yiaddr());
  }

  @Test
  void onlyTheHolderReleases() {
    Answer ack = lease(client("52:54:00:00:00:01"));
    client("52:54:00:00:00:02").message(RELEASE).ciaddr(ack.yiaddr()).address(54, SERVER).send();
    journal.sync();
    assertThat(server.leases().leases()).hasSize(1);
  }

  @Test
  void aReleaseRightAfterARequestWins() {
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    client.message(REQUEST).ciaddr(ack.yiaddr()).send();
    client.message(RELEASE).ciaddr(ack.yiaddr()).address(54, SERVER).send();
    journal.sync();
    assertThat(server.leases().leases()).isEmpty();
    assertThat(journal.stored(ack.yiaddr()).state()).isEqualTo(Lease.State.RELEASED);
  }

  @Test
  void aDeclinedAddressIsQuarantinedForAWhile() {
    LogWatch.expect(IN_USE);
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    client.message(DECLINE).address(54, SERVER).address(50, ack.yiaddr()).send();
    journal.sync();
    Answer other = lease(client);
    assertThat(other.yiaddr()).isNotEqualTo(ack.yiaddr());
    assertThat(journal.stored(ack.yiaddr()).state()).isEqualTo(Lease.State.DECLINED);
    TestClient second = client("52:54:00:00:00:02");
    second.message(DISCOVER).address(50, ack.yiaddr()).send();
    assertThat(second.next().yiaddr()).isNotEqualTo(ack.yiaddr());
    link.step(Duration.ofMinutes(11));
    second.message(DISCOVER).address(50, ack.yiaddr()).send();
    assertThat(server.leases().byAddress(ack.yiaddr()).orElseThrow().state())
        .isNotEqualTo(Lease.State.DECLINED);
  }

  @Test
  void informIsAnsweredWithParametersAndNoLease() {
    TestClient client = client("52:54:00:00:00:01");
    client
        .message(INFORM)
        .ciaddr(Address.parse("192.168.127.9"))
        .option(55, (byte) 6, (byte) 1)
        .send();
    Answer ack = client.next();
    assertThat(ack.type()).isEqualTo(ACK);
    assertThat(ack.yiaddr().isAny()).isTrue();
    assertThat(ack.options()).containsKeys(1, 6).doesNotContainKeys(51, 58, 59);
    assertThat(ack.address()).isEqualTo(Address.parse("192.168.127.9"));
  }

  @Test
  void leasesRunOutAndTheListenerHears() {
    List<String> heard = new ArrayList<>();
    server.leases().addListener(recorder(heard));
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    link.step(Duration.ofMinutes(1));
    client.message(REQUEST).ciaddr(ack.yiaddr()).send();
    journal.sync();
    link.step(Duration.ofMinutes(29));
    assertThat(server.leases().leases()).hasSize(1);
    link.step(Duration.ofMinutes(2));
    assertThat(server.leases().leases()).isEmpty();
    assertThat(heard).containsExactly("added", "changed", "removed");
  }

  private static LeaseListener recorder(List<String> heard) {
    return new LeaseListener() {
      @Override
      public void leaseAdded(Lease lease) {
        heard.add("added");
      }

      @Override
      public void leaseChanged(Lease before, Lease after) {
        heard.add("changed");
      }

      @Override
      public void leaseRemoved(Lease lease) {
        heard.add("removed");
      }
    };
  }

  @Test
  void storedLeasesAreThereAfterARestart() {
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    server = start();
    assertThat(server.leases().leases()).hasSize(1);
    assertThat(lease(client("52:54:00:00:00:01")).yiaddr()).isEqualTo(ack.yiaddr());
  }

  @Test
  void aReservationHoldsInsideAndOutsideOfThePool() {
    server =
        start(
            """
            dhcp: {reservations: [
              {mac: "52:54:00:00:00:10", address: 192.168.127.10, hostname: web},
              {mac: "52:54:00:00:00:11", address: 192.168.127.200}]}\
            """);
    TestClient web = client("52:54:00:00:00:10");
    web.message(DISCOVER).option(55, (byte) 12).option(12, "mallory").send();
    Answer offer = web.next();
    assertThat(offer.yiaddr()).isEqualTo(Address.parse("192.168.127.10"));
    assertThat(new String(offer.option(12), StandardCharsets.US_ASCII)).isEqualTo("web");
    TestClient thief = client("52:54:00:00:00:99");
    thief.message(DISCOVER).address(50, Address.parse("192.168.127.200")).send();
    assertThat(thief.next().yiaddr()).isNotEqualTo(Address.parse("192.168.127.200"));
    thief.message(REQUEST).address(50, Address.parse("192.168.127.10")).send();
    assertThat(thief.next().type()).isEqualTo(NAK);
    assertThat(lease(client("52:54:00:00:00:11")).yiaddr())
        .isEqualTo(Address.parse("192.168.127.200"));
    // The boot loader and the system that it loads send different identifiers.
    TestClient loader = client("52:54:00:00:00:10");
    loader.message(DISCOVER).option(61, (byte) 0, (byte) 1, (byte) 2).send();
    assertThat(loader.next().yiaddr()).isEqualTo(Address.parse("192.168.127.10"));
  }

  @Test
  void aFullPoolIsCountedAndTheLongestIdleAddressGoesFirst() {
    LogWatch.expect("event=dhcp-pool-exhausted");
    Address first = Address.parse("192.168.127.128");
    server = start(TestNetworks.pool(first, first.plus(1)));
    Answer one = lease(client("52:54:00:00:00:01"));
    lease(client("52:54:00:00:00:02"));
    TestClient late = client("52:54:00:00:00:03");
    late.message(DISCOVER).send();
    assertThat(late.answers).isEmpty();
    assertThat(server.counters().get(DhcpCount.POOL_EXHAUSTED)).isEqualTo(1);
    assertThat(String.join("; ", server.common().problems()))
        .isEqualTo(
            "the DHCP pool 192.168.127.128-192.168.127.129 has no address left: widen the pool or"
                + " shorten the leases");
    client("52:54:00:00:00:01").message(RELEASE).ciaddr(one.yiaddr()).address(54, SERVER).send();
    journal.sync();
    assertThat(server.common().problems()).isEmpty();
    assertThat(late.discover().yiaddr()).isEqualTo(one.yiaddr());
    assertThat(String.join("; ", server.common().problems()))
        .as("a full pool that nobody was turned away from")
        .isEmpty();
  }

  @Test
  void excludedAddressesAreGivenToNobody() {
    LogWatch.expect("event=dhcp-pool-exhausted");
    Address first = Address.parse("192.168.127.128");
    server =
        start(
            TestNetworks.pool(
                first,
                first.plus(3),
                "dns: {hosts: {nas: 192.168.127.128, printer: 192.168.127.130}}",
                "ports: [{name: static, kind: tap, device: t0, guard: strict, addresses:"
                    + " [192.168.127.129]}]"));
    // .131 is all there is.
    assertThat(lease(client("52:54:00:00:00:01")).yiaddr()).isEqualTo(first.plus(3));
    TestClient late = client("52:54:00:00:00:03");
    late.message(DISCOVER).send();
    assertThat(late.answers).isEmpty();
  }

  @Test
  void subnetsThatPortsMayUseAreGivenToNobody() {
    LogWatch.expect("event=dhcp-pool-exhausted");
    Address first = Address.parse("192.168.127.128");
    server =
        start(
            TestNetworks.pool(
                first,
                first.plus(31),
                "ports:",
                "  - {name: a, kind: tap, device: t0, guard: strict, addresses: [10.0.0.0/8,"
                    + " 192.168.127.128/28]}",
                "  - {name: b, kind: tap, device: t1, guard: learn, addresses:"
                    + " [192.168.127.144/29, 192.168.127.152/30, 192.168.127.156/31,"
                    + " 192.168.127.159/32]}"));
    // .158 is all there is, whatever a client asks for.
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).address(50, first.plus(3)).send();
    assertThat(client.next().yiaddr()).isEqualTo(first.plus(30));
    assertThat(lease(client).yiaddr()).isEqualTo(first.plus(30));
    TestClient late = client("52:54:00:00:00:03");
    late.message(DISCOVER).send();
    assertThat(late.answers).isEmpty();
  }

  @Test
  void theLeaseTimeAskedForIsHeldWithinBounds() {
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).number(51, 5).send();
    assertThat(client.next().intOption(51)).isEqualTo(120);
    client.message(DISCOVER).number(51, 600).send();
    assertThat(client.next().intOption(51)).isEqualTo(600);
    client.message(DISCOVER).number(51, -1).send();
    assertThat(client.next().intOption(51)).isEqualTo(86400);
  }

  @Test
  void parametersComeInTheOrderOfTheList() {
    server =
        start(
            "dhcp: {options: {domain-search: [lan, corp.example], ntp-servers: [192.168.127.9]}}");
    TestClient client = client("52:54:00:00:00:01");
    client
        .message(DISCOVER)
        .option(55, (byte) 42, (byte) 119, (byte) 26, (byte) 1, (byte) 3, (byte) 250, (byte) 42)
        .send();
    Answer offer = client.next();
    assertThat(offer.options().keySet()).containsExactly(53, 54, 51, 58, 59, 42, 119, 26, 1, 3);
    assertThat(offer.option(26)).containsExactly(1500 >>> 8, 1500 & 255);
    assertThat(new String(offer.option(119), StandardCharsets.ISO_8859_1))
        .isEqualTo("\3lan\0\4corp\7example\0");
    client.message(DISCOVER).option(55, (byte) 3, (byte) 1).send();
    assertThat(client.next().options().keySet()).containsExactly(53, 54, 51, 58, 59, 1, 3);
  }

  @Test
  void aBootRomIsToldWhatToLoadInOptionsAndInTheOldFields() {
    String file = "http://host.lan/boot.ipxe";
    server = start("dhcp: {options: {boot-file: '" + file + "', next-server: 192.168.127.9}}");
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).option(55, (byte) 66, (byte) 67).send();
    Answer offer = client.next();
    assertThat(offer.option(67)).asString(StandardCharsets.US_ASCII).isEqualTo(file);
    assertThat(offer.option(66)).asString(StandardCharsets.US_ASCII).isEqualTo("192.168.127.9");
    assertThat(offer.addressAt(20)).isEqualTo(Address.parse("192.168.127.9"));
    assertThat(new String(offer.bytes(), 108, 128, StandardCharsets.US_ASCII))
        .isEqualTo(file + "\0".repeat(128 - file.length()));
  }

  @Test
  void aBootFileTooLongForTheOldFieldIsInItsOptionAlone() {
    String file = "http://host.lan/" + "x".repeat(112);
    server = start("dhcp: {options: {boot-file: '" + file + "'}}");
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).option(55, (byte) 66, (byte) 67).send();
    Answer offer = client.next();
    assertThat(offer.option(67)).asString(StandardCharsets.US_ASCII).isEqualTo(file);
    assertThat(offer.options()).doesNotContainKey(66);
    assertThat(new String(offer.bytes(), 108, 128, StandardCharsets.US_ASCII))
        .isEqualTo("\0".repeat(128));
  }

  @Test
  void aReplyIsNeverLongerThanTheClientTakes() {
    List<String> search = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      search.add("a-rather-long-label-to-fill-the-option-" + i + ".example");
    }
    server = start("dhcp: {options: {domain-search: [" + String.join(", ", search) + "]}}");
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).option(55, (byte) 119, (byte) 1, (byte) 15).send();
    Answer small = client.next();
    assertThat(small.bytes().length).isLessThanOrEqualTo(548);
    assertThat(small.options()).containsKeys(1, 15).doesNotContainKey(119);
    client
        .message(DISCOVER)
        .option(57, (byte) (1500 >>> 8), (byte) (1500 & 255))
        .option(55, (byte) 119)
        .send();
    Answer large = client.next();
    assertThat(large.option(119)).hasSizeGreaterThan(255); // RFC 3396: split and joined again
  }

  @Test
  void namesAreSanitisedAndGivenFirstComeFirstServed() {
    TestClient one = client("52:54:00:00:00:01");
    one.message(REQUEST)
        .address(50, Address.parse("192.168.127.150"))
        .option(12, "My_Box.lan")
        .send();
    journal.sync();
    TestClient two = client("52:54:00:00:00:02");
    two.message(REQUEST).address(50, Address.parse("192.168.127.151")).option(12, "my-box").send();
    journal.sync();
    assertThat(server.leases().names().holder("MY-BOX"))
        .isEqualTo(Address.parse("192.168.127.150"));
    assertThat(server.leases().byAddress(Address.parse("192.168.127.151")).orElseThrow().hostname())
        .isNull();
    one.message(RELEASE).ciaddr(Address.parse("192.168.127.150")).send();
    journal.sync();
    two.message(REQUEST).ciaddr(Address.parse("192.168.127.151")).option(12, "my-box").send();
    journal.sync();
    assertThat(server.leases().names().holder("my-box"))
        .isEqualTo(Address.parse("192.168.127.151"));
  }

  @Test
  void theFullNameIsAnsweredInTheFormThatItWasSentIn() {
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).option(81, "\4\0\0\4Demo\3lan\0").send();
    assertThat(new String(client.next().option(81), StandardCharsets.ISO_8859_1))
        .isEqualTo("\7\u00ff\u00ff\4demo\3lan\0");
    client.message(DISCOVER).option(81, "\1\0\0demo").send();
    assertThat(new String(client.next().option(81), StandardCharsets.ISO_8859_1))
        .isEqualTo("\1\u00ff\u00ffdemo.lan");
  }

  @Test
  void theClientIdentifierComesBackAndIsTheIdentity() {
    TestClient one = client("52:54:00:00:00:01");
    one.message(DISCOVER).option(61, (byte) 255, (byte) 9).send();
    Answer offer = one.next();
    assertThat(offer.option(61)).containsExactly(255, 9);
    TestClient newNic = new TestClient(server, 0x5254_0000_0077L, one.port);
    newNic.message(DISCOVER).option(61, (byte) 255, (byte) 9).send();
    assertThat(newNic.next().yiaddr()).isEqualTo(offer.yiaddr());
    TestClient plain = client("52:54:00:00:00:01");
    assertThat(plain.discover().yiaddr()).isNotEqualTo(offer.yiaddr());
  }

  @Test
  void aClientHasOneAddressAtATime() {
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    Address other =
        ack.yiaddr().equals(Address.parse("192.168.127.150"))
            ? ack.yiaddr().plus(1)
            : Address.parse("192.168.127.150");
    client.message(REQUEST).address(54, SERVER).address(50, other).send();
    journal.sync();
    assertThat(client.next().yiaddr()).isEqualTo(other);
    assertThat(server.leases().byMac(client.mac)).hasSize(1);
  }

  // Conflict probes

  private SteppedProbe probe() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    return probe;
  }

  @Test
  void anAddressThatIsNewToAClientIsProbedBeforeItIsOffered() {
    LogWatch.expect(IN_USE);
    SteppedProbe probe = probe();
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).send();
    assertThat(client.answers).isEmpty();
    Address taken = probe.answeredBy(RIVAL).address();
    assertThat(client.answers).isEmpty();
    probe.silent();
    Answer offer = client.next();
    assertThat(offer.yiaddr()).isNotEqualTo(taken);
    client.select(offer);
    journal.sync();
    assertThat(client.next().type()).isEqualTo(ACK);
    assertThat(server.counters().get(DhcpCount.CONFLICT)).isEqualTo(1);
    assertThat(server.leases().byAddress(taken).orElseThrow().state())
        .isEqualTo(Lease.State.DECLINED);
    assertThat(journal.stored(taken).state()).isEqualTo(Lease.State.DECLINED);
    assertThat(LogWatch.count(IN_USE)).isEqualTo(1);
  }

  private Answer probedLease(SteppedProbe probe, TestClient client) {
    client.message(DISCOVER).send();
    probe.silent();
    client.select(client.next());
    journal.sync();
    return client.next();
  }

  @Test
  void whoHadAnAddressLastHasItAgainWithoutAProbe() {
    SteppedProbe probe = probe();
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = probedLease(probe, client);
    assertThat(client.discover().yiaddr()).isEqualTo(ack.yiaddr());
    client.message(REQUEST).address(50, ack.yiaddr()).send();
    client.message(REQUEST).ciaddr(ack.yiaddr()).send();
    client.message(RELEASE).ciaddr(ack.yiaddr()).send();
    journal.sync();
    client.answers.clear();
    assertThat(client.discover().yiaddr()).isEqualTo(ack.yiaddr());
    assertThat(probe.sent).hasSize(1);
  }

  @Test
  void anAddressThatAClientHadLongAgoIsProbedAgain() {
    SteppedProbe probe = probe();
    TestClient client = client("52:54:00:00:00:01");
    probedLease(probe, client);
    link.step(Duration.ofHours(2));
    client.message(DISCOVER).send();
    assertThat(client.answers).isEmpty();
    assertThat(probe.sent).hasSize(2);
  }

  @Test
  void aClientThatRepeatsItselfWhileItsAddressIsProbedIsAnsweredOnceAsItAskedLast() {
    SteppedProbe probe = probe();
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).send();
    client.message(DISCOVER).broadcast().send();
    assertThat(client.answers).isEmpty();
    probe.silent();
    assertThat(client.next().mac()).isEqualTo(Ethernet.BROADCAST);
    assertThat(client.answers).isEmpty();
    assertThat(probe.sent).hasSize(1);
  }

  @Test
  void anAddressThatWasNeverOfferedIsProbedBeforeItIsAcknowledged() {
    LogWatch.expect(IN_USE);
    SteppedProbe probe = probe();
    TestClient client = client("52:54:00:00:00:01");
    client.message(REQUEST).address(50, Address.parse("192.168.127.150")).send();
    journal.sync();
    assertThat(client.answers).isEmpty();
    probe.answeredBy(RIVAL);
    assertThat(client.next().type()).isEqualTo(NAK);
    client
        .message(REQUEST)
        .address(54, SERVER)
        .address(50, Address.parse("192.168.127.151"))
        .send();
    probe.silent();
    journal.sync();
    assertThat(client.next().type()).isEqualTo(ACK);
  }

  @Test
  void aHostThatAnswersAfterTheOfferIsHeardUntilTheAddressIsGiven() {
    LogWatch.expect(IN_USE);
    SteppedProbe probe = probe();
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).send();
    probe.silent();
    Answer offer = client.next();
    probe.answeredBy(RIVAL);
    client.select(offer);
    journal.sync();
    assertThat(client.next().type()).isEqualTo(NAK);

    client.message(DISCOVER).send();
    probe.silent();
    Answer second = client.next();
    client.select(second);
    probe.answeredBy(RIVAL);
    journal.sync();
    assertThat(client.next().type()).isEqualTo(NAK);
    assertThat(server.leases().leases()).isEmpty();
    assertThat(journal.stored(second.yiaddr()).state()).isEqualTo(Lease.State.DECLINED);
  }

  @Test
  void theStationThatWasFoundOnAnAddressMayKeepIt() {
    LogWatch.expect(IN_USE);
    SteppedProbe probe = probe();
    client("52:54:00:00:00:01").message(DISCOVER).send();
    TestClient owner = new TestClient(server, RIVAL);
    Address address = probe.answeredBy(owner.mac).address();
    owner.message(REQUEST).ciaddr(address).send();
    probe.silent();
    journal.sync();
    Answer ack = owner.next();
    assertThat(ack.type()).isEqualTo(ACK);
    assertThat(ack.yiaddr()).isEqualTo(address);
  }

  @Test
  void aReservedAddressThatAStrangerUsesIsMadeGoodForByAnother() {
    LogWatch.expect(IN_USE);
    Address reserved = Address.parse("192.168.127.10");
    server =
        start(
            "dhcp: {reservations: [{mac: '52:54:00:00:00:10', address: %s, hostname: web}]}"
                .formatted(reserved));
    SteppedProbe probe = probe();
    TestClient web = client("52:54:00:00:00:10");
    web.message(DISCOVER).send();
    assertThat(probe.answeredBy(RIVAL).address()).isEqualTo(reserved);
    probe.silent();
    Answer offer = web.next();
    assertThat(offer.yiaddr()).isNotEqualTo(reserved);
    web.select(offer);
    journal.sync();
    assertThat(web.next().type()).isEqualTo(ACK);
    // While it renews it keeps what it has; when it asks anew it is given what is its own.
    link.step(Duration.ofMinutes(12));
    web.message(REQUEST).ciaddr(offer.yiaddr()).send();
    journal.sync();
    assertThat(web.next().type()).isEqualTo(ACK);
    web.message(DISCOVER).send();
    assertThat(probe.silent().address()).isEqualTo(reserved);
    Answer own = web.next();
    assertThat(own.yiaddr()).isEqualTo(reserved);
    web.select(own);
    journal.sync();
    assertThat(web.next().type()).isEqualTo(ACK);
    assertThat(server.leases().byMac(web.mac)).hasSize(1);
    assertThat(journal.stored(offer.yiaddr()).state()).isEqualTo(Lease.State.RELEASED);
  }

  @Test
  void copiesOfAMachineWithOneIdentifierGetAnAddressEach() {
    SteppedProbe probe = probe();
    byte[] duid = {(byte) 255, 1, 2, 3};
    TestClient original = client("52:54:00:00:00:01");
    original.message(DISCOVER).option(61, duid).send();
    probe.silent();
    Answer offer = original.next();
    original
        .message(REQUEST)
        .option(61, duid)
        .address(54, SERVER)
        .address(50, offer.yiaddr())
        .send();
    journal.sync();
    assertThat(original.next().type()).isEqualTo(ACK);

    TestClient copy = client("52:54:00:00:00:02");
    copy.message(REQUEST).option(61, duid).address(50, offer.yiaddr()).send(); // as it remembers
    probe.answeredBy(original.mac);
    assertThat(copy.next().type()).isEqualTo(NAK);
    copy.message(DISCOVER).option(61, duid).send();
    probe.answeredBy(original.mac);
    probe.silent();
    Answer other = copy.next();
    assertThat(other.yiaddr()).isNotEqualTo(offer.yiaddr());
    copy.message(REQUEST).option(61, duid).address(54, SERVER).address(50, other.yiaddr()).send();
    journal.sync();
    assertThat(copy.next().type()).isEqualTo(ACK);
    link.step(Duration.ofMinutes(15));
    int probes = probe.sent.size();
    copy.message(REQUEST).option(61, duid).ciaddr(other.yiaddr()).send();
    original.message(REQUEST).option(61, duid).ciaddr(offer.yiaddr()).send();
    journal.sync();
    assertThat(copy.next().yiaddr()).isEqualTo(other.yiaddr());
    assertThat(original.next().yiaddr()).isEqualTo(offer.yiaddr());
    assertThat(probe.sent).hasSize(probes);
    assertThat(server.counters().get(DhcpCount.CLONE)).isEqualTo(2);
  }

  @Test
  void aMachineWithANewNicKeepsItsAddress() {
    SteppedProbe probe = probe();
    byte[] duid = {(byte) 255, 1, 2, 3};
    TestClient before = client("52:54:00:00:00:01");
    before.message(DISCOVER).option(61, duid).send();
    probe.silent();
    Answer offer = before.next();
    before.message(REQUEST).option(61, duid).address(54, SERVER).address(50, offer.yiaddr()).send();
    journal.sync();
    TestClient after = client("52:54:00:00:00:02");
    after.message(REQUEST).option(61, duid).address(50, offer.yiaddr()).send();
    assertThat(probe.silent().address()).isEqualTo(offer.yiaddr());
    journal.sync();
    assertThat(after.next().yiaddr()).isEqualTo(offer.yiaddr());
    assertThat(server.leases().byMac(after.mac)).hasSize(1);
  }

  @Test
  void aGuestThatDeclinesEverythingDoesNotLeaveOthersWithout() {
    LogWatch.expect(IN_USE);
    Address first = Address.parse("192.168.127.128");
    server = start(TestNetworks.pool(first, first));
    SteppedProbe probe = probe();
    TestClient liar = client("52:54:00:00:0a:00");
    Answer ack = probedLease(probe, liar);
    liar.message(DECLINE).address(54, SERVER).address(50, ack.yiaddr()).send();
    journal.sync();
    assertThat(server.leases().available()).isZero();
    TestClient honest = client("52:54:00:00:00:01");
    honest.message(DISCOVER).send();
    probe.silent();
    honest.select(honest.next());
    journal.sync();
    assertThat(honest.next().type()).isEqualTo(ACK);
  }

  // What guests do to one another, and to the server

  @Test
  void aClientThatRenewsAllTheTimeDoesNotKeepTheDiskBusy() {
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    link.step(Duration.ofSeconds(5));
    client.message(REQUEST).ciaddr(ack.yiaddr()).send();
    Answer again = client.next(); // Without a sync of the disk.
    assertThat(again.type()).isEqualTo(ACK);
    assertThat(again.intOption(51)).isEqualTo(1795);
    assertThat(server.counters().get(DhcpCount.UNCHANGED)).isEqualTo(1);
    link.step(Duration.ofSeconds(5));
    client.message(REQUEST).ciaddr(ack.yiaddr()).send();
    assertThat(client.answers).isEmpty();
    journal.sync();
    assertThat(client.next().intOption(51)).isEqualTo(1800);
  }

  @Test
  void aRequestRightAfterAReleaseIsNotAnsweredFromTheLeaseThatIsBeingFreed() {
    TestClient client = client("52:54:00:00:00:01");
    Answer ack = lease(client);
    client.message(RELEASE).ciaddr(ack.yiaddr()).address(54, SERVER).send();
    client.message(REQUEST).address(50, ack.yiaddr()).send();
    assertThat(client.answers).isEmpty();
    journal.sync();
    assertThat(client.next().type()).isEqualTo(ACK);
    assertThat(server.leases().leases()).hasSize(1);
    assertThat(journal.stored(ack.yiaddr()).state()).isEqualTo(Lease.State.BOUND);
  }

  @Test
  void aNameThatTheConfigurationGivesAwayIsNobodyElses() {
    server =
        start(
            TestNetworks.nat(), TestNetworks.guest("demo", MacAddress.parse("52:54:00:00:00:10")));
    TestClient thief = client("52:54:00:00:00:99");
    thief.message(REQUEST).address(50, Address.parse("192.168.127.150")).option(12, "DEMO").send();
    journal.sync();
    assertThat(server.leases().names().holder("demo")).isNull();
    TestClient demo = client("52:54:00:00:00:10");
    demo.message(REQUEST).address(50, Address.parse("192.168.127.151")).option(12, "debian").send();
    journal.sync();
    assertThat(server.leases().names().holder("demo")).isEqualTo(Address.parse("192.168.127.151"));
  }

  @Test
  void aFloodOfRefusalsIsAFewLinesOfLog() {
    TestClient client = client("52:54:00:00:00:01");
    for (int i = 0; i < 10_000; i++) {
      client.message(REQUEST).address(50, Address.parse("10.0.0.5")).send();
    }
    link.step(Duration.ofMinutes(1));
    client.message(REQUEST).address(50, Address.parse("10.0.0.5")).send();
    long sent = server.counters().get(DhcpCount.NAK);
    assertThat(sent).isEqualTo(client.answers.size()).isEqualTo(10_001);
    assertThat(LogWatch.lines()).isEqualTo(51);
    assertThat(LogWatch.count("suppressed=\"9950\"")).isEqualTo(1);
  }

  @Test
  void aSelectionThatWasSentTwiceIsAnsweredTwice() {
    TestClient client = client("52:54:00:00:00:01");
    Answer offer = client.discover();
    client.select(offer);
    client.select(offer);
    journal.sync();
    assertThat(client.next().yiaddr()).isEqualTo(offer.yiaddr());
    assertThat(client.next().yiaddr()).isEqualTo(offer.yiaddr());
    assertThat(server.leases().leases()).hasSize(1);
  }
}
