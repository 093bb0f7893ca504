package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.testing.LogWatch;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A server that takes another configuration while clients have leases. */
class DhcpChangeTest {
  private static final int ACK = 5;
  private static final int NAK = 6;
  private static final String WEB = "52:54:00:00:00:10";
  private static final Address TEN = Address.parse("192.168.127.10");
  private static final Address FIRST = Address.parse("192.168.127.128");

  private final SteppedLink link = new SteppedLink();
  private final MemoryJournal journal = new MemoryJournal(link);
  private final List<String> heard = new ArrayList<>();
  private final DhcpServer server = new DhcpServer(TestNetworks.nat(), List.of(), link, journal);

  DhcpChangeTest() {
    server
        .leases()
        .addListener(
            new LeaseListener() {
              @Override
              public void leaseAdded(Lease lease) {
                heard.add("added " + lease.hostname());
              }

              @Override
              public void leaseChanged(Lease before, Lease after) {
                heard.add(before.hostname() + " became " + after.hostname());
              }

              @Override
              public void leaseRemoved(Lease lease) {
                heard.add("removed " + lease.hostname());
              }
            });
  }

  private void configure(NetworkConfig config, GuestConfig... guests) {
    server.configure(config, List.of(guests));
    journal.sync();
  }

  private static NetworkConfig reserved(String mac, Address address, String hostname) {
    return TestNetworks.nat(
        "dhcp: {reservations: [{mac: '%s', address: %s, hostname: %s}]}"
            .formatted(mac, address, hostname));
  }

  private TestClient client(String mac) {
    return new TestClient(server, mac);
  }

  private Answer lease(TestClient client) {
    client.select(client.discover());
    journal.sync();
    return client.next();
  }

  private Address named(TestClient client, String name) {
    client.message(DISCOVER).option(12, name).send();
    Answer offer = client.next();
    client
        .message(REQUEST)
        .option(12, name)
        .address(54, offer.server())
        .address(50, offer.yiaddr())
        .send();
    journal.sync();
    return client.next().yiaddr();
  }

  private Answer renew(TestClient client, Address address) {
    client.message(REQUEST).ciaddr(address).send();
    journal.sync();
    return client.next();
  }

  private Lease at(Address address) {
    return server.leases().byAddress(address).orElseThrow();
  }

  @Test
  void leasesThatNothingHasChangedForAreRenewedAsBefore() {
    TestClient client = client("52:54:00:00:00:01");
    Address address = lease(client).yiaddr();
    Lease before = at(address);
    configure(
        TestNetworks.nat(
            "dhcp: {lease-time: 10m, reservations: [{mac: '%s', address: %s}]}"
                .formatted(WEB, TEN)));
    assertThat(at(address)).isEqualTo(before);
    Answer ack = renew(client, address);
    assertThat(ack.type()).isEqualTo(ACK);
    assertThat(ack.intOption(51)).isEqualTo(600);
    assertThat(heard).containsExactly("added null", "null became null");
  }

  @Test
  void aClientThatGetsAReservationIsRefusedItsFormerAddressAndOfferedItsOwn() {
    TestClient web = client(WEB);
    Address former = lease(web).yiaddr();
    configure(reserved(WEB, TEN, "web"));
    assertThat(renew(web, former).type()).isEqualTo(NAK);
    assertThat(lease(web).yiaddr()).isEqualTo(TEN);
    assertThat(server.leases().leases()).singleElement().isEqualTo(at(TEN));
    assertThat(at(TEN).hostname()).isEqualTo("web");
  }

  @Test
  void anAddressThatIsReservedForAnotherGoesToItWhenItsHolderAsksToRenew() {
    TestClient holder = client("52:54:00:00:00:01");
    Address address = lease(holder).yiaddr();
    configure(reserved(WEB, address, "web"));
    assertThat(server.leases().leases()).hasSize(1);
    TestClient web = client(WEB);
    Answer meanwhile = lease(web);
    assertThat(meanwhile.yiaddr()).isNotEqualTo(address);
    assertThat(renew(holder, address).type()).isEqualTo(NAK);
    assertThat(at(address).state()).isEqualTo(Lease.State.RELEASED);
    assertThat(journal.stored(address).state()).isEqualTo(Lease.State.RELEASED);
    assertThat(lease(holder).yiaddr()).isNotEqualTo(address);
    assertThat(renew(web, meanwhile.yiaddr()).type()).isEqualTo(NAK);
    assertThat(lease(web).yiaddr()).isEqualTo(address);
  }

  @Test
  void nobodyElseEndsALeaseThatTheConfigurationNoLongerGives() {
    TestClient holder = client("52:54:00:00:00:01");
    Address address = lease(holder).yiaddr();
    configure(reserved(WEB, address, "web"));
    TestClient thief = new TestClient(server, holder.mac, "port-of-a-thief");
    thief.message(REQUEST).ciaddr(address).send();
    journal.sync();
    assertThat(at(address).state()).isEqualTo(Lease.State.BOUND);
  }

  @Test
  void aLeaseOutsideOfANewPoolIsNotRenewedAndItsAddressIsForgotten() {
    TestClient client = client("52:54:00:00:00:01");
    Address former = lease(client).yiaddr();
    Address low = Address.parse("192.168.127.20");
    configure(TestNetworks.pool(low, low.plus(9)));
    assertThat(server.leases().available()).isEqualTo(10);
    assertThat(renew(client, former).type()).isEqualTo(NAK);
    assertThat(server.leases().byAddress(former)).isEmpty();
    Answer ack = lease(client);
    assertThat(ack.type()).isEqualTo(ACK);
    assertThat(ack.yiaddr()).isBetween(low, low.plus(9));
    assertThat(server.leases().available()).isEqualTo(9);
    assertThat(heard).containsExactly("added null", "removed null", "added null");
  }

  @Test
  void aPoolThatGrowsEndsItsExhaustionAndKeepsWhatIsRemembered() {
    LogWatch.expect("dhcp-pool-exhausted");
    configure(TestNetworks.pool(FIRST, FIRST.plus(1)));
    TestClient one = client("52:54:00:00:00:01");
    Address former = lease(one).yiaddr();
    Address other = lease(client("52:54:00:00:00:02")).yiaddr();
    client("52:54:00:00:00:03").message(DISCOVER).send();
    assertThat(String.join("; ", server.common().problems())).contains("has no address left");
    server.common().release(former);
    journal.sync();
    configure(TestNetworks.pool(FIRST, FIRST.plus(7)));
    assertThat(server.common().problems()).isEmpty();
    assertThat(server.leases().available()).isEqualTo(7);
    // Addresses that nobody had come first; the former one is remembered for its client.
    assertThat(lease(client("52:54:00:00:00:04")).yiaddr()).isNotIn(former, other);
    assertThat(lease(one).yiaddr()).isEqualTo(former);
  }

  @Test
  void aRemovedReservationLeavesItsClientTheAddressIfThePoolHasIt() {
    configure(reserved(WEB, FIRST, "web"));
    TestClient web = client(WEB);
    assertThat(lease(web).yiaddr()).isEqualTo(FIRST);
    configure(TestNetworks.nat());
    assertThat(renew(web, FIRST).type()).isEqualTo(ACK);
    assertThat(at(FIRST).hostname()).isEqualTo("web");
    configure(reserved(WEB, TEN, "web"));
    assertThat(renew(web, FIRST).type()).isEqualTo(NAK);
    assertThat(lease(web).yiaddr()).isEqualTo(TEN);
    configure(TestNetworks.nat());
    assertThat(renew(web, TEN).type()).isEqualTo(NAK);
  }

  @Test
  void aNameThatIsKeptForAnotherNowLeavesTheLeaseThatHadIt() {
    Address mine = named(client("52:54:00:00:00:01"), "demo");
    Address its = named(client("52:54:00:00:00:20"), "debian");
    heard.clear();
    configure(
        TestNetworks.nat(), TestNetworks.guest("demo", MacAddress.parse("52:54:00:00:00:20")));
    assertThat(at(mine).hostname()).isNull();
    assertThat(at(its).hostname()).isEqualTo("demo");
    assertThat(heard).containsExactlyInAnyOrder("demo became null", "debian became demo");
    assertThat(journal.stored(its).hostname()).isEqualTo("demo");
    configure(TestNetworks.nat());
    assertThat(at(its).hostname()).isEqualTo("demo");
  }

  @Test
  void optionsDomainAndTimesAreTheNewOnesAtTheNextReply() {
    TestClient client = client("52:54:00:00:00:01");
    lease(client);
    configure(
        TestNetworks.nat(
            "dhcp: {lease-time: 5m, max-lease-time: 10m, options: {ntp-servers: [192.0.2.1]}}",
            "dns: {domain: example.org}"));
    client.message(DISCOVER).option(55, (byte) 42, (byte) 15).number(51, 86_400).send();
    Answer offer = client.next();
    assertThat(offer.intOption(51)).isEqualTo(600);
    assertThat(offer.intOption(42)).isEqualTo(Address.parse("192.0.2.1").ipv4());
    assertThat(new String(offer.option(15), StandardCharsets.US_ASCII)).isEqualTo("example.org");
    configure(TestNetworks.nat());
    client.message(DISCOVER).option(55, (byte) 42, (byte) 15).send();
    Answer again = client.next();
    assertThat(again.options()).doesNotContainKey(42);
    assertThat(again.intOption(51)).isEqualTo(1800);
  }

  @Test
  void theShareOfAPortCountsWhatItHasAlready() {
    LogWatch.expect("dhcp-port-limited");
    for (int i = 1; i <= 3; i++) {
      lease(new TestClient(server, 0x5254_0000_0100L + i, "crowd"));
    }
    configure(TestNetworks.nat("dhcp: {leases-per-port: 3}"));
    TestClient fourth = new TestClient(server, 0x5254_0000_0200L, "crowd");
    fourth.message(DISCOVER).send();
    assertThat(fourth.answers).isEmpty();
    configure(TestNetworks.nat());
    assertThat(lease(fourth).type()).isEqualTo(ACK);
  }

  @Test
  void probesBeginAndEndWithTheConfiguration() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    configure(TestNetworks.nat("dhcp: {conflict-probe: 0s}"));
    lease(client("52:54:00:00:00:01"));
    assertThat(probe.sent).isEmpty();
    configure(TestNetworks.nat());
    client("52:54:00:00:00:02").message(DISCOVER).send();
    assertThat(probe.sent).hasSize(1);
  }

  @Test
  void aServerStaysInItsSubnet() {
    NetworkConfig moved = TestNetworks.of("vmnet8", "ipv4: {subnet: 192.168.128.0/24}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> server.configure(moved, List.of()))
        .withMessageContaining("keeps its network, subnet and gateway");
    assertThat(lease(client("52:54:00:00:00:01")).type()).isEqualTo(ACK);
  }

  @Test
  void aLeaseThatAnOperatorEndsIsFreeOnceThatIsOnDisk() {
    TestClient client = client("52:54:00:00:00:01");
    Address address = lease(client).yiaddr();
    CompletableFuture<Boolean> done = server.common().release(address).toCompletableFuture();
    assertThat(done).isNotDone();
    assertThat(server.leases().leases()).hasSize(1);
    journal.sync();
    assertThat(done).isCompletedWithValue(true);
    assertThat(server.leases().leases()).isEmpty();
    assertThat(server.common().release(address).toCompletableFuture()).isCompletedWithValue(false);
    assertThat(server.common().release(TEN).toCompletableFuture()).isCompletedWithValue(false);
    assertThat(renew(client, address).type()).isEqualTo(ACK);
  }

  @Test
  void aReleaseThatCannotBeStoredSaysSo() {
    Address address = lease(client("52:54:00:00:00:01")).yiaddr();
    journal.broken = true;
    CompletableFuture<Boolean> done = server.common().release(address).toCompletableFuture();
    journal.sync();
    assertThat(done).isCompletedExceptionally();
    assertThat(server.leases().leases()).hasSize(1);
  }

  @Test
  void aPinnedLeaseIsItsClientsForGood() {
    TestClient client = client("52:54:00:00:00:01");
    Address address = named(client, "box");
    configure(reserved("52:54:00:00:00:01", address, "box"));
    assertThat(renew(client, address).type()).isEqualTo(ACK);
    server.common().release(address);
    journal.sync();
    link.step(Duration.ofDays(7));
    assertThat(lease(client).yiaddr()).isEqualTo(address);
    assertThat(server.leases().reservedNames()).containsEntry("box", address);
  }

  /** No two clients ever have one address, and each that asks has one in the end. */
  @Test
  void aThousandChangesAtRandomLoseNoLeaseThatTheyAllow() {
    Random random = new Random(7);
    Map<Integer, Address> held = new HashMap<>();
    List<TestClient> clients = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      clients.add(new TestClient(server, 0x5254_0000_0100L + i));
    }
    for (int step = 0; step < 1000; step++) {
      int size = 20 + random.nextInt(60);
      Address first = Address.parse("192.168.127." + (30 + random.nextInt(120)));
      int owner = random.nextInt(clients.size());
      Address own = Address.parse("192.168.127." + (10 + random.nextInt(200)));
      NetworkConfig next =
          TestNetworks.pool(
              first,
              first.plus(size),
              "dhcp: {reservations: [{mac: '%s', address: %s}]}"
                  .formatted(new MacAddress(clients.get(owner).mac), own));
      configure(next);
      link.step(Duration.ofSeconds(1)); // Refusals have a rate.
      for (int i = 0; i < clients.size(); i++) {
        TestClient client = clients.get(i);
        Address before = held.get(i);
        Answer answer = before == null ? lease(client) : renew(client, before);
        boolean allowed =
            before != null && (i == owner ? before.equals(own) : isIn(before, first, size, own));
        if (before != null && allowed) {
          assertThat(answer.type()).as("client %d in step %d", i, step).isEqualTo(ACK);
        }
        held.remove(i);
        if (answer.type() == ACK) {
          held.put(i, answer.yiaddr());
        }
      }
      assertThat(held.values()).doesNotHaveDuplicates();
    }
  }

  private static boolean isIn(Address address, Address first, int size, Address reserved) {
    return address.compareTo(first) >= 0
        && address.compareTo(first.plus(size)) <= 0
        && !address.equals(reserved);
  }
}
