package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DECLINE;
import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.RELEASE;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The addresses that a server gives, and those that it gives to nobody. */
class DhcpPoolTest extends DhcpScene {
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
}
