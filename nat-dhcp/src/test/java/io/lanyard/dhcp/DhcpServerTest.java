package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.RELEASE;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Ethernet;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The exchanges of DHCP, message by message (RFC 2131 sections 3 and 4). */
class DhcpServerTest extends DhcpScene {
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
