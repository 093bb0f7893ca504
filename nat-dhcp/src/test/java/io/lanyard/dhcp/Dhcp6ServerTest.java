package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.Dhcp6TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The exchanges of RFC 8415, message by message. */
class Dhcp6ServerTest extends Dhcp6Scene {
  // Section 18.3.1 and 18.3.2

  @Test
  void aClientGetsAnOfferAndThenAReply() {
    Dhcp6TestClient client = client(0);
    Answer offer = client.solicit();
    assertThat(offer.type()).isEqualTo(Dhcp6Type.ADVERTISE.code());
    assertThat(offer.transaction()).isEqualTo(0xabc001);
    assertThat(offer.mac()).isEqualTo(MAC);
    assertThat(offer.address()).isEqualTo(client.source);
    assertThat(offer.port()).isEqualTo(546);
    assertThat(ByteBufUtil.getBytes(offer.option(Dhcp6Option.CLIENT_ID))).isEqualTo(client.duid);
    assertThat(ByteBufUtil.hexDump(offer.server()))
        .isEqualTo("000400000000000080008000000000000000");
    assertThat(offer.given().low() & ~0xfffL).isEqualTo(0x1000);
    assertThat(offer.addresses()).containsExactly(offer.given() + " 1800");

    client.select(offer);
    assertThat(client.answers).as("before it is on disk").isEmpty();
    journal.sync();
    Answer reply = client.next();
    assertThat(reply.type()).isEqualTo(Dhcp6Type.REPLY.code());
    assertThat(reply.addresses()).isEqualTo(offer.addresses());
    ByteBuf association = reply.option(Dhcp6Option.IA_NA);
    assertThat(association.getInt(0)).isEqualTo(1);
    assertThat(association.getInt(4)).as("T1").isEqualTo(900);
    assertThat(association.getInt(8)).as("T2").isEqualTo(1440);
    assertThat(server.common().table().leases())
        .extracting(Lease::address)
        .containsExactly(offer.given());
  }

  @Test
  void aClientThatIsContentWithOneServerIsServedAtOnce() {
    Dhcp6TestClient client = client(0);
    client.message(Dhcp6Type.SOLICIT).option(Dhcp6Option.RAPID_COMMIT).association(1).send();
    assertThat(client.answers).isEmpty();
    journal.sync();
    Answer reply = client.next();
    assertThat(reply.type()).isEqualTo(Dhcp6Type.REPLY.code());
    assertThat(reply.has(Dhcp6Option.RAPID_COMMIT)).isTrue();
    assertThat(reply.addresses()).hasSize(1);
    assertThat(server.common().table().leases()).hasSize(1);
  }

  @Test
  void associationsOfOneMessageHaveTheirAddressesInOneReply() {
    Dhcp6TestClient client = client(0);
    client
        .message(Dhcp6Type.SOLICIT)
        .option(Dhcp6Option.RAPID_COMMIT)
        .association(1)
        .association(2)
        .association(Dhcp6Option.IA_TA, 3)
        .association(Dhcp6Option.IA_PD, 4)
        .send();
    journal.sync();
    Answer reply = client.next();
    List<String> shown = new ArrayList<>();
    for (Dhcp6TestClient.Option one : reply.options()) {
      boolean temporary = one.code() == Dhcp6Option.IA_TA;
      if (temporary || one.code() == Dhcp6Option.IA_NA || one.code() == Dhcp6Option.IA_PD) {
        Dhcp6TestClient.Option in = one.within(temporary ? 4 : 12).getFirst();
        shown.add(
            one.code()
                + " "
                + one.value().getInt(0)
                + " "
                + (in.code() == Dhcp6Option.STATUS ? in.value().getShort(0) : "address"));
      }
    }
    assertThat(shown).containsExactly("3 1 address", "3 2 address", "4 3 2", "25 4 6");
    assertThat(server.common().table().leases()).hasSize(2);
    assertThat(client.answers).isEmpty();
  }

  @Test
  void anAddressThatAClientNamesIsItsIfItIsFree() {
    Dhcp6TestClient client = client(0);
    client.message(Dhcp6Type.SOLICIT).association(1, at(":1abc")).send();
    assertThat(client.next().given()).isEqualTo(at(":1abc"));
    Dhcp6TestClient other = client(1);
    other.message(Dhcp6Type.SOLICIT).association(1, at(":1abc")).send();
    assertThat(other.next().given()).isNotEqualTo(at(":1abc"));
    for (String foreign : List.of(":2", ":1", ":", ":9:9:9")) {
      other.message(Dhcp6Type.SOLICIT).association(1, at(foreign)).send();
      assertThat(other.next().given().low() & ~0xfffL).as(foreign).isEqualTo(0x1000);
    }
  }

  @Test
  void anAddressOfAnotherLinkIsNoneOfThisOne() {
    Dhcp6TestClient client = client(0);
    Answer offer = client.solicit();
    client.to(Dhcp6Type.REQUEST, offer).association(1, Address.parse("2001:db8::5")).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.NOT_ON_LINK);
  }

  @Test
  void aClientHasItsAddressAgain() {
    Answer first = lease(client(0));
    lease(client(1));
    link.step(Duration.ofDays(1));
    assertThat(server.common().table().leases()).isEmpty();
    assertThat(lease(client(0)).given()).isEqualTo(first.given());
  }

  @Test
  void aServerThatForgotItsLeasesIsLikelyToGiveTheSame() {
    Address first = lease(client(0)).given();
    journal.disk.clear();
    start("");
    assertThat(lease(client(0)).given()).isEqualTo(first);
  }

  @Test
  void leasesOutliveTheServer() {
    Answer first = lease(client(0));
    start("");
    assertThat(server.common().table().leases())
        .extracting(Lease::address)
        .containsExactly(first.given());
    Dhcp6TestClient client = client(0);
    client.to(Dhcp6Type.RENEW, first).association(1, first.given()).send();
    journal.sync();
    assertThat(client.next().addresses()).containsExactly(first.given() + " 1800");
  }

  @Test
  void whatIsNotStoredIsNotAcknowledged() {
    Dhcp6TestClient client = client(0);
    client.select(client.solicit());
    journal.broken = true;
    journal.sync();
    assertThat(client.answers).isEmpty();
    assertThat(String.join("; ", server.common().problems())).contains("the disk is full");
  }

  // Sections 18.3.4 and 18.3.5

  @ParameterizedTest
  @ValueSource(strings = {"RENEW", "REBIND"})
  void aLeaseIsExtended(String how) {
    Dhcp6TestClient client = client(0);
    Answer first = lease(client);
    link.step(Duration.ofMinutes(20));
    Dhcp6Type type = Dhcp6Type.valueOf(how);
    (type == Dhcp6Type.RENEW ? client.to(type, first) : client.message(type))
        .association(1, first.given())
        .send();
    journal.sync();
    assertThat(client.next().addresses()).containsExactly(first.given() + " 1800");
    link.step(Duration.ofMinutes(20));
    assertThat(server.common().table().leases()).hasSize(1);
  }

  @Test
  void aClientWhoseLeaseIsForgottenKeepsItsAddressIfThatIsFree() {
    Dhcp6TestClient client = client(0);
    client.message(Dhcp6Type.REBIND).association(1, at(":1234")).send();
    journal.sync();
    assertThat(client.next().addresses()).containsExactly(at(":1234") + " 1800");
    Dhcp6TestClient other = client(1);
    other.message(Dhcp6Type.REBIND).association(1, at(":1234")).send();
    assertThat(other.next().addresses()).as("it is another's").containsExactly(at(":1234") + " 0");
    Answer any = other.solicit();
    other.to(Dhcp6Type.RENEW, any).association(7, at(":1234")).send();
    assertThat(other.next().status()).isEqualTo(Dhcp6Option.NO_BINDING);
  }

  @Test
  void aServerThatIsNotAuthoritativeLeavesStrangersToOthers() {
    start("authoritative: false");
    Dhcp6TestClient client = client(0);
    client.message(Dhcp6Type.REBIND).association(1, at(":1234")).send();
    assertThat(client.answers).isEmpty();
    Answer any = client.solicit();
    client.to(Dhcp6Type.RENEW, any).association(7, at(":1234")).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.NO_BINDING);
  }

  // Section 18.3.3

  @Test
  void aClientThatWasAwayHearsWhetherItIsOnItsLinkStill() {
    Dhcp6TestClient client = client(0);
    Answer first = lease(client);
    client.message(Dhcp6Type.CONFIRM).association(1, first.given()).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.SUCCESS);
    client.message(Dhcp6Type.CONFIRM).association(1, Address.parse("2001:db8::5")).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.NOT_ON_LINK);
    Dhcp6TestClient other = client(1);
    other.message(Dhcp6Type.CONFIRM).association(1, first.given()).send();
    assertThat(other.next().status()).as("another's").isEqualTo(Dhcp6Option.NOT_ON_LINK);
    client.message(Dhcp6Type.CONFIRM).association(1, at(":1def")).send();
    assertThat(client.next().status()).as("nobody's").isEqualTo(Dhcp6Option.NOT_ON_LINK);
    client.message(Dhcp6Type.CONFIRM).association(1).send();
    assertThat(client.answers).isEmpty();
    start("authoritative: false");
    Dhcp6TestClient stranger = client(2);
    stranger.message(Dhcp6Type.CONFIRM).association(1, at(":1def")).send();
    assertThat(stranger.answers).as("perhaps another server's").isEmpty();
  }

  // Sections 18.3.7 and 18.3.8

  @Test
  void aReleasedAddressIsFree() {
    Dhcp6TestClient client = client(0);
    Answer first = lease(client);
    client.to(Dhcp6Type.RELEASE, first).association(1, first.given()).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.SUCCESS);
    journal.sync();
    assertThat(server.common().table().leases()).isEmpty();
    client.to(Dhcp6Type.RELEASE, first).association(1, first.given()).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.NO_BINDING);
  }

  @Test
  void aDeclinedAddressIsGivenToNobodyForAWhile() {
    LogWatch.expect("event=dhcp-address-in-use .*");
    Dhcp6TestClient client = client(0);
    Answer first = lease(client);
    client.to(Dhcp6Type.DECLINE, first).association(1, first.given()).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.SUCCESS);
    journal.sync();
    assertThat(lease(client).given()).isNotEqualTo(first.given());
    Dhcp6TestClient other = client(1);
    other.message(Dhcp6Type.SOLICIT).association(1, first.given()).send();
    assertThat(other.next().given()).isNotEqualTo(first.given());
  }

  // Section 18.3.6

  @Test
  void optionsAloneAreTold() {
    start("options: {domain-search: [lab.example]}");
    for (boolean named : new boolean[] {true, false}) {
      Dhcp6TestClient client = client(0);
      (named
              ? client.message(Dhcp6Type.INFORMATION_REQUEST)
              : client.anonymous(Dhcp6Type.INFORMATION_REQUEST))
          .asking(Dhcp6Option.DNS_SERVERS, Dhcp6Option.DOMAIN_LIST, Dhcp6Option.REFRESH_TIME)
          .send();
      Answer reply = client.next();
      assertThat(reply.type()).isEqualTo(Dhcp6Type.REPLY.code());
      assertThat(reply.has(Dhcp6Option.CLIENT_ID)).isEqualTo(named);
      assertThat(ByteBufUtil.getBytes(reply.option(Dhcp6Option.DNS_SERVERS)))
          .isEqualTo(at(":2").toBytes());
      assertThat(ByteBufUtil.hexDump(reply.option(Dhcp6Option.DOMAIN_LIST)))
          .isEqualTo("036c616e00036c6162076578616d706c6500");
      assertThat(reply.option(Dhcp6Option.REFRESH_TIME).getInt(0)).isEqualTo(1800);
    }
    client(0).message(Dhcp6Type.INFORMATION_REQUEST).association(1).send();
    assertThat(count(DhcpCount.MALFORMED)).isEqualTo(1);
  }

  @Test
  void clientsAreToldTheServersOfTheirFamily() {
    start(
        "options: {dns-servers: [192.0.2.53, \"2001:db8::53\", \"2001:db8::54\"],"
            + " ntp-servers: [192.0.2.123, \"2001:db8::123\"]}");
    Dhcp6TestClient client = client(0);
    client
        .message(Dhcp6Type.INFORMATION_REQUEST)
        .asking(Dhcp6Option.DNS_SERVERS, Dhcp6Option.NTP_SERVERS)
        .send();
    Answer reply = client.next();
    assertThat(ByteBufUtil.hexDump(reply.option(Dhcp6Option.DNS_SERVERS)))
        .isEqualTo("20010db8000000000000000000000053" + "20010db8000000000000000000000054");
    assertThat(ByteBufUtil.hexDump(reply.option(Dhcp6Option.NTP_SERVERS)))
        .isEqualTo("00010010" + "20010db8000000000000000000000123");
  }

  @Test
  void nobodyIsToldANameServerWhereThereIsNone() {
    start("options: {dns-servers: []}");
    Dhcp6TestClient client = client(0);
    client.message(Dhcp6Type.INFORMATION_REQUEST).asking(Dhcp6Option.DNS_SERVERS).send();
    assertThat(client.next().has(Dhcp6Option.DNS_SERVERS)).isFalse();
  }

  @Test
  void aServerOfOptionsGivesNoAddress() {
    start("stateless", "");
    Dhcp6TestClient client = client(0);
    client.message(Dhcp6Type.SOLICIT).option(Dhcp6Option.RAPID_COMMIT).association(1).send();
    Answer answer = client.next();
    assertThat(answer.type()).isEqualTo(Dhcp6Type.ADVERTISE.code());
    assertThat(answer.status()).isEqualTo(Dhcp6Option.NO_ADDRESSES);
    client.to(Dhcp6Type.REQUEST, answer).association(1).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.NO_ADDRESSES);
    client.to(Dhcp6Type.RENEW, answer).association(1, at(":1234")).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.NO_BINDING);
  }

  // Names and reservations

  @Test
  void aClientHasTheNameThatItSaysAndHearsItsFullName() {
    Dhcp6TestClient client = client(0);
    Answer offer = client.solicit();
    client
        .to(Dhcp6Type.REQUEST, offer)
        .named("My_Box")
        .asking(Dhcp6Option.CLIENT_FQDN)
        .association(1, offer.given())
        .send();
    journal.sync();
    assertThat(ByteBufUtil.hexDump(client.next().option(Dhcp6Option.CLIENT_FQDN)))
        .isEqualTo("03066d792d626f78036c616e00");
    assertThat(server.common().table().leases())
        .extracting(Lease::hostname)
        .containsExactly("my-box");
  }

  @Test
  void aReservationIsItsClientsAndNobodyElses() {
    start(
        "reservations: [{mac: \"52:54:00:00:00:01\", address: 192.168.127.9, ipv6: \""
            + at(":1777")
            + "\", hostname: web}]");
    Dhcp6TestClient thief = client(1);
    thief.message(Dhcp6Type.SOLICIT).named("web").association(1, at(":1777")).send();
    assertThat(thief.next().given()).isNotEqualTo(at(":1777"));
    Answer reply = lease(client(0));
    assertThat(reply.given()).isEqualTo(at(":1777"));
    assertThat(server.common().table().leases()).extracting(Lease::hostname).containsExactly("web");
  }

  @Test
  void aReservationMayKeepAnIpv6AddressAlone() {
    start("reservations: [{mac: \"52:54:00:00:00:01\", ipv6: \"" + at(":1777") + "\"}]");
    assertThat(lease(client(0)).given()).isEqualTo(at(":1777"));
    assertThat(lease(client(1)).given()).isNotEqualTo(at(":1777"));
  }

  @Test
  void anAddressThatIsReservedForAnotherIsWithdrawnAndItsClientHasAnother() {
    Dhcp6TestClient client = client(0);
    Answer first = lease(client);
    server.configure(
        TestNetworks.nat(
            "ipv6: {subnet: \"" + SUBNET + "\"}",
            "dhcp: {ipv6: stateful, reservations: [{mac: \"52:54:00:00:00:99\", address:"
                + " 192.168.127.9, ipv6: \""
                + first.given()
                + "\"}]}"),
        List.of());
    client.message(Dhcp6Type.CONFIRM).association(1, first.given()).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.NOT_ON_LINK);
    client.to(Dhcp6Type.RENEW, first).association(1, first.given()).send();
    journal.sync();
    Answer reply = client.next();
    assertThat(reply.addresses()).hasSize(2).first().isEqualTo(first.given() + " 0");
    assertThat(reply.given()).isNotEqualTo(first.given());
    assertThat(server.common().table().leases())
        .extracting(Lease::address)
        .containsExactly(reply.given());
  }

  /** It has several addresses at once, of which each would take the name from the other. */
  @Test
  void aClientsNameStaysWithTheAddressThatHasIt() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    Dhcp6TestClient client = client(0);
    Answer offer = client.solicit();
    for (int i = 0; i < 4; i++) {
      client.to(Dhcp6Type.REQUEST, offer).named("box").association(1).association(2).send();
      journal.sync();
      if (!probe.sent.isEmpty()) {
        probe.answeredBy(client.mac);
        journal.sync();
      }
    }
    assertThat(client.answers).hasSize(4);
    assertThat(count(DhcpCount.NAME_MOVED)).isZero();
    assertThat(journal.writes).isEqualTo(2);
    assertThat(server.common().table().byAddress(offer.given()).orElseThrow().hostname())
        .isEqualTo("box");
    client.to(Dhcp6Type.REQUEST, offer).named("box").association(2).send();
    probe.silent();
    assertThat(count(DhcpCount.NAME_MOVED)).as("once the other is not in use").isEqualTo(1);
  }

  @Test
  void aClientThatConfirmsItsAddressWhileItIsRenewedIsNotToldThatItIsElsewhere() {
    Dhcp6TestClient client = client(0);
    Answer first = lease(client);
    link.step(Duration.ofMinutes(15));
    client.to(Dhcp6Type.RENEW, first).association(1, first.given()).send();
    client.message(Dhcp6Type.CONFIRM).association(1, first.given()).send();
    assertThat(client.answers).isEmpty();
    journal.sync();
    assertThat(client.next().given()).isEqualTo(first.given());
    client.message(Dhcp6Type.CONFIRM).association(1, first.given()).send();
    assertThat(client.next().status()).isEqualTo(Dhcp6Option.SUCCESS);
  }

  @Test
  void itsDumpSaysWhatItGives() {
    assertThat(Objects.toString(server.dump())).contains("::1000-").contains("stateful");
    start("stateless", "");
    assertThat(Objects.toString(server.dump())).contains("stateless").doesNotContain("::1000-");
  }
}
