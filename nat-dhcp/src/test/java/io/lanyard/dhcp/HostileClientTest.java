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
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attacks by DHCP in the name of other guests, whose leases and offers stay theirs. */
class HostileClientTest extends HostileClientScene {
  @ParameterizedTest
  @EnumSource
  void aGuestCannotGiveUpAnothersLease(Disguise disguise) {
    LogWatch.expect("event=dhcp-impostor .*type=\"(release|decline)\".*");
    TestClient victim = new TestClient(server, VICTIM);
    Address address = lease(victim).yiaddr();
    TestClient thief = new TestClient(server, VICTIM, EVIL);
    inTheNameOf(thief, disguise, RELEASE).ciaddr(address).send();
    inTheNameOf(thief, disguise, DECLINE).address(50, address).send();
    journal.sync();
    assertThat(server.leases().byMac(VICTIM)).hasSize(1);
    assertThat(journal.stored(address).state()).isEqualTo(Lease.State.BOUND);
    assertThat(count(DhcpCount.NOT_THE_HOLDER)).isEqualTo(2);
    victim.message(RELEASE).option(61, DUID).ciaddr(address).send();
    journal.sync();
    assertThat(server.leases().byMac(VICTIM)).isEmpty();
  }

  @Test
  void aRelayReleasesAndDeclinesForItsClients() {
    LogWatch.expect("event=dhcp-address-in-use .*");
    TestClient client = new TestClient(server, VICTIM, "relay");
    client.sender = 0x5254_0000_0009L;
    for (MessageType type : List.of(RELEASE, DECLINE)) {
      client.message(DISCOVER).giaddr("192.168.127.9").send();
      Answer offer = client.next();
      client
          .message(REQUEST)
          .giaddr("192.168.127.9")
          .address(54, SERVER)
          .address(50, offer.yiaddr())
          .send();
      journal.sync();
      assertThat(client.next().type()).isEqualTo(ACK);
      client
          .message(type)
          .giaddr("192.168.127.9")
          .ciaddr(type == RELEASE ? offer.yiaddr() : Address.ANY_IPV4)
          .address(50, offer.yiaddr())
          .send();
      journal.sync();
      assertThat(server.leases().leases()).isEmpty();
    }
    assertThat(state().declined).isEqualTo(1);
  }

  @Test
  void aLeaseMovesWithItsClientToAnotherPort() {
    LogWatch.expect("event=dhcp-impostor .*type=\"(release|decline)\".*");
    SteppedProbe probe = probe();
    TestClient before = new TestClient(server, VICTIM, "a");
    before.message(DISCOVER).send();
    probe.silent();
    before.select(before.next());
    journal.sync();
    Address address = before.next().yiaddr();
    TestClient after = new TestClient(server, VICTIM, "b");
    after.message(REQUEST).address(50, address).send();
    assertThat(probe.answeredBy(VICTIM, "b")).as("its own answer settles it").isFalse();
    assertThat(probe.silent().address()).isEqualTo(address);
    journal.sync();
    assertThat(after.next().type()).isEqualTo(ACK);
    assertThat(journal.stored(address).port()).isEqualTo("b");
    before.message(RELEASE).ciaddr(address).send();
    assertThat(server.leases().leases()).hasSize(1);
    after.message(RELEASE).ciaddr(address).send();
    journal.sync();
    assertThat(server.leases().leases()).isEmpty();
  }

  @Test
  void nobodyTakesTheLeaseOfAClientThatAnswersBehindItsPort() {
    LogWatch.expect("event=dhcp-impostor .*");
    SteppedProbe probe = probe();
    TestClient victim = new TestClient(server, VICTIM);
    victim.message(DISCOVER).send();
    probe.silent();
    victim.select(victim.next());
    journal.sync();
    Address address = victim.next().yiaddr();
    TestClient thief = new TestClient(server, VICTIM, EVIL);
    List<TestClient.Request> requests =
        List.of(
            thief.message(DISCOVER),
            thief.message(REQUEST).ciaddr(address),
            thief.message(REQUEST).address(50, address),
            thief.message(REQUEST).address(54, SERVER).address(50, address.plus(1)));
    for (TestClient.Request request : requests) {
      request.send();
      assertThat(probe.sent.getLast().address()).isEqualTo(address);
      assertThat(probe.answeredBy(VICTIM, EVIL)).as("the thief's own answer").isFalse();
      assertThat(probe.answeredBy(VICTIM, victim.port)).isTrue();
      journal.sync();
      assertThat(thief.answers).isEmpty();
    }
    assertThat(server.leases().leases()).hasSize(1);
    assertThat(journal.stored(address).port()).isEqualTo(victim.port);
    assertThat(count(DhcpCount.IMPOSTOR)).isEqualTo(requests.size());
  }

  @Test
  void requestsInAClientsNameDoNotSwallowItsOwn() {
    SteppedProbe probe = probe();
    TestClient victim = new TestClient(server, VICTIM);
    TestClient thief = new TestClient(server, VICTIM, EVIL);
    thief.sender = THIEF;
    thief.message(DISCOVER).send();
    victim.message(DISCOVER).send();
    thief.message(DISCOVER).send();
    assertThat(probe.sent).as("one for each port").hasSize(2);
    List.copyOf(probe.sent).forEach(sent -> sent.listener().silent());
    Address address = victim.next().yiaddr();
    assertThat(thief.answers).hasSize(1);
    victim.message(REQUEST).address(54, SERVER).address(50, address).send();
    journal.sync();
    assertThat(victim.next().type()).isEqualTo(ACK);
  }

  @Test
  void aCloneThatIsKnownIsNotImpersonatedEither() {
    LogWatch.expect("event=dhcp-impostor .*");
    SteppedProbe probe = probe();
    TestClient original = new TestClient(server, VICTIM);
    original.message(DISCOVER).option(61, DUID).send();
    probe.silent();
    Address first = original.next().yiaddr();
    original.message(REQUEST).option(61, DUID).address(54, SERVER).address(50, first).send();
    journal.sync();
    TestClient clone = new TestClient(server, VICTIM + 1);
    clone.message(DISCOVER).option(61, DUID).send();
    probe.answeredBy(VICTIM);
    probe.silent();
    Address second = clone.next().yiaddr();
    assertThat(second).isNotEqualTo(first);
    clone.message(REQUEST).option(61, DUID).address(54, SERVER).address(50, second).send();
    journal.sync();
    TestClient thief = new TestClient(server, VICTIM + 1, EVIL);
    thief.message(REQUEST).option(61, DUID).ciaddr(second).send();
    assertThat(probe.sent.getLast().address()).isEqualTo(second);
    probe.answeredBy(VICTIM + 1);
    journal.sync();
    assertThat(thief.answers).isEmpty();
    assertThat(journal.stored(second).port()).isEqualTo(clone.port);
  }

  /** An identifier that is a MAC address belongs to that machine, also where another said it. */
  @Test
  void whoeverSaysAnothersMacAddressFirstKeepsItsAddressAndTheOtherHasItsOwn() {
    SteppedProbe probe = probe();
    byte[] said = ClientId.ofMac(VICTIM).toBytes();
    TestClient thief = new TestClient(server, VICTIM + 1);
    thief.message(DISCOVER).option(61, said).send();
    probe.silent();
    Address first = thief.next().yiaddr();
    thief.message(REQUEST).option(61, said).address(54, SERVER).address(50, first).send();
    journal.sync();
    assertThat(thief.next().type()).isEqualTo(ACK);
    TestClient victim = new TestClient(server, VICTIM);
    victim.message(DISCOVER).send();
    assertThat(probe.answeredBy(VICTIM + 1).address()).isEqualTo(first);
    probe.silent();
    Address second = victim.next().yiaddr();
    assertThat(second).as("an address that nobody uses").isNotEqualTo(first);
    victim.message(REQUEST).address(54, SERVER).address(50, second).send();
    journal.sync();
    assertThat(victim.next().yiaddr()).isEqualTo(second);
    thief.message(REQUEST).option(61, said).ciaddr(first).send();
    journal.sync();
    assertThat(thief.next().yiaddr()).isEqualTo(first);
    assertThat(journal.stored(first).mac()).isEqualTo(VICTIM + 1);
    assertThat(journal.stored(second).mac()).isEqualTo(VICTIM);
  }

  @Test
  void nobodyIsRefusedBecauseOfARequestInItsName() {
    TestClient victim = new TestClient(server, VICTIM);
    Answer offer = victim.discover();
    Address wrong = Address.parse("10.0.0.5");
    TestClient thief = new TestClient(server, VICTIM, EVIL);
    thief.message(REQUEST).address(50, wrong).send();
    thief.sender = THIEF;
    thief.message(REQUEST).address(50, wrong).send();
    assertThat(thief.answers).isEmpty();
    assertThat(count(DhcpCount.IMPOSTOR)).isEqualTo(2);
    victim.select(offer);
    journal.sync();
    assertThat(victim.next().type()).isEqualTo(ACK);
  }

  @Test
  void nobodyTurnsDownAnOfferForAnother() {
    TestClient victim = new TestClient(server, VICTIM);
    Answer offer = victim.discover();
    TestClient thief = new TestClient(server, VICTIM, EVIL);
    thief
        .message(REQUEST)
        .address(54, Address.parse("192.168.127.77"))
        .address(50, offer.yiaddr())
        .send();
    assertThat(server.leases().byAddress(offer.yiaddr()).orElseThrow().state())
        .isEqualTo(Lease.State.OFFERED);
  }

  /** The thief's frames: from its own MAC address, or in all the victim's. */
  private static List<TestClient> thieves(DhcpServer server) {
    TestClient own = new TestClient(server, THIEF, EVIL);
    TestClient all = new TestClient(server, VICTIM, EVIL);
    TestClient relay = new TestClient(server, VICTIM, EVIL);
    relay.sender = THIEF;
    return List.of(own, all, relay);
  }

  @Test
  void anOfferIsTakenByThePortThatItWasMadeToAlone() {
    TestClient victim = new TestClient(server, VICTIM);
    victim.message(DISCOVER).option(61, DUID).send();
    Address address = victim.next().yiaddr();
    for (TestClient thief : thieves(server)) {
      TestClient.Request request = thief.message(REQUEST).option(61, DUID);
      request.address(54, SERVER).address(50, address).send();
      thief.message(REQUEST).option(61, DUID).address(50, address).send();
      journal.sync();
      assertThat(thief.answers).isEmpty();
    }
    assertThat(server.leases().leases()).isEmpty();
    victim.message(REQUEST).option(61, DUID).address(54, SERVER).address(50, address).send();
    journal.sync();
    assertThat(victim.next().yiaddr()).isEqualTo(address);
    assertThat(journal.stored(address).port()).isEqualTo(victim.port);
  }

  @Test
  void aDiscoverInAnothersNameLeavesItsOfferAlone() {
    TestClient victim = new TestClient(server, VICTIM);
    victim.message(DISCOVER).option(61, DUID).send();
    Address address = victim.next().yiaddr();
    for (TestClient thief : thieves(server)) {
      thief.message(DISCOVER).option(61, DUID).address(50, address).send();
      assertThat(thief.next().yiaddr()).isNotEqualTo(address);
    }
    victim.message(DISCOVER).option(61, DUID).send();
    assertThat(victim.next().yiaddr()).isEqualTo(address);
    Lease offer = server.leases().byAddress(address).orElseThrow();
    assertThat(offer.port()).isEqualTo(victim.port);
    assertThat(offer.state()).isEqualTo(Lease.State.OFFERED);
  }

  /** Both have an offer, since nobody has the lease yet; and both ask while the disk is busy. */
  @Test
  void aLeaseThatIsBoundMeanwhileStaysWithItsPort() {
    SteppedProbe probe = probe();
    TestClient victim = new TestClient(server, VICTIM);
    TestClient thief = new TestClient(server, VICTIM, EVIL);
    victim.message(DISCOVER).send();
    probe.silent();
    Answer offer = victim.next();
    thief.message(DISCOVER).send();
    probe.silent();
    Answer other = thief.next();
    assertThat(other.yiaddr()).isNotEqualTo(offer.yiaddr());
    victim.select(offer);
    thief.select(other);
    journal.sync();
    assertThat(victim.next().yiaddr()).isEqualTo(offer.yiaddr());
    assertThat(thief.answers).isEmpty();
    assertThat(server.leases().leases()).extracting(Lease::port).containsExactly(victim.port);
    journal.sync();
    server = start(FIRST.plus(POOL - 1), 0);
    assertThat(server.leases().leases())
        .as("after a restart")
        .extracting(Lease::port)
        .containsExactly(victim.port);
  }

  private DhcpServer reserving(String more) {
    return new DhcpServer(
        TestNetworks.pool(
            FIRST,
            FIRST.plus(POOL - 1),
            "dhcp: {"
                + more
                + "reservations: [{mac: 52:54:00:00:00:77, address: 192.168.127.10}]}"),
        List.of(),
        link,
        journal);
  }

  @Test
  void aReservedAddressStaysWithThePortOfAHolderThatAnswers() {
    LogWatch.expect("event=dhcp-impostor .*");
    server = reserving("");
    SteppedProbe probe = probe();
    TestClient victim = new TestClient(server, VICTIM);
    Address own = Address.parse("192.168.127.10");
    victim.message(DISCOVER).option(61, DUID).send();
    probe.silent();
    victim.message(REQUEST).option(61, DUID).address(54, SERVER).address(50, own).send();
    journal.sync();
    TestClient thief = new TestClient(server, VICTIM, EVIL);
    List<TestClient.Request> requests =
        List.of(
            thief.message(DISCOVER),
            thief.message(DISCOVER).option(61, new byte[] {0, 1, 2}),
            thief.message(REQUEST).address(50, own),
            thief.message(REQUEST).ciaddr(own),
            thief.message(REQUEST).address(54, SERVER).address(50, own));
    for (TestClient.Request request : requests) {
      request.send();
      assertThat(probe.sent.getLast().address()).isEqualTo(own);
      assertThat(probe.answeredBy(VICTIM, victim.port)).isTrue();
      journal.sync();
      assertThat(thief.answers).isEmpty();
      assertThat(server.leases().leases()).extracting(Lease::port).containsExactly(victim.port);
    }
    assertThat(count(DhcpCount.IMPOSTOR)).isEqualTo(requests.size());
    thief.message(DISCOVER).send();
    probe.silent();
    assertThat(thief.next().yiaddr()).as("it was moved, and boots from the net").isEqualTo(own);
  }

  /** Also where addresses are given away without a probe, a lease's holder is looked for. */
  @Test
  void theHolderOfALeaseIsLookedForWhateverTheConfigurationSaysOfConflicts() {
    LogWatch.expect("event=dhcp-impostor .*");
    server = reserving("conflict-probe: 0s, ");
    SteppedProbe probe = probe();
    TestClient victim = new TestClient(server, VICTIM + 1);
    Address address = lease(victim).yiaddr();
    assertThat(probe.sent).isEmpty();
    TestClient thief = new TestClient(server, VICTIM + 1, EVIL);
    thief.message(REQUEST).option(61, DUID).ciaddr(address).send();
    assertThat(probe.answeredBy(VICTIM + 1, victim.port)).isTrue();
    journal.sync();
    assertThat(thief.answers).isEmpty();
    assertThat(journal.stored(address).port()).isEqualTo(victim.port);
    thief.message(REQUEST).option(61, DUID).ciaddr(address).send();
    probe.silent();
    journal.sync();
    assertThat(thief.next().type()).as("it was moved").isEqualTo(ACK);
    assertThat(journal.stored(address).port()).isEqualTo(EVIL);
  }

  @Test
  void aLeaseOfAnOlderStoreBelongsToThePortThatItsClientAsksBy() {
    TestClient client = new TestClient(server, VICTIM);
    Address address = lease(client).yiaddr();
    Lease stored = journal.stored(address);
    journal.disk.put(
        address,
        new Lease(
            address,
            stored.client(),
            stored.mac(),
            "",
            null,
            stored.startMillis(),
            stored.expiryMillis(),
            stored.state()));
    server = start(FIRST.plus(POOL - 1), 0);
    SteppedProbe probe = probe();
    TestClient again = new TestClient(server, VICTIM);
    again.message(REQUEST).option(61, DUID).ciaddr(address).send();
    journal.sync();
    assertThat(again.next().type()).isEqualTo(ACK);
    assertThat(probe.sent).isEmpty();
    assertThat(journal.stored(address).port()).isEqualTo(client.port);
  }

  @Test
  void onlyTheHoldersAnswerMakesAClone() {
    SteppedProbe probe = probe();
    TestClient before = new TestClient(server, VICTIM);
    before.message(DISCOVER).option(61, DUID).send();
    probe.silent();
    Answer offer = before.next();
    before.message(REQUEST).option(61, DUID).address(54, SERVER).address(50, offer.yiaddr()).send();
    journal.sync();
    TestClient newNic = new TestClient(server, VICTIM + 1, before.port);
    newNic.message(REQUEST).option(61, DUID).address(50, offer.yiaddr()).send();
    assertThat(probe.answeredBy(THIEF, EVIL)).isFalse();
    assertThat(probe.answeredBy(VICTIM, EVIL)).isFalse();
    probe.silent();
    journal.sync();
    assertThat(newNic.next().yiaddr()).isEqualTo(offer.yiaddr());
  }

  @ParameterizedTest
  @EnumSource
  void aPortThatGoesOnSpeakingForOthersIsAProblem(Disguise disguise) {
    LogWatch.expect("event=dhcp-impostor .*");
    TestClient victim = new TestClient(server, VICTIM);
    Address address = lease(victim).yiaddr();
    TestClient thief = new TestClient(server, VICTIM, EVIL);
    for (int i = 0; i < 100; i++) {
      assertThat(thief.station().budget().problem()).isEmpty();
      inTheNameOf(thief, disguise, RELEASE).ciaddr(address).send();
    }
    assertThat(thief.station().budget().problem())
        .startsWith("it speaks DHCP for clients of other ports and is refused that; ");
    assertThat(victim.station().budget().problem()).isEmpty();
  }
}
