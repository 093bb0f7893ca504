package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.RELEASE;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Ethernet;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The server probes an address before it gives it away (RFC 2131 section 3.1). */
class ConflictProbesTest extends DhcpScene {
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
}
