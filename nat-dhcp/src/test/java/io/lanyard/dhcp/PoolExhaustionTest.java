package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DECLINE;
import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks on the pool of addresses, under which an honest guest still gets one. */
class PoolExhaustionTest extends HostileClientScene {
  // Answers to probes

  @Test
  void aPortThatAnswersEveryProbeTakesFourAddresses() {
    LogWatch.expect("event=dhcp-address-in-use .*");
    LogWatch.expect("event=dhcp-probe-answer-ignored .*");
    SteppedProbe probe = probe();
    Set<Address> offered = new HashSet<>();
    int seen = 0;
    for (int i = 0; i < 200; i++) {
      TestClient client = new TestClient(server, 0x5254_1000_0000L + i);
      client.message(DISCOVER).send();
      for (int tries = 0; client.answers.isEmpty(); tries++) {
        assertThat(tries).as("probes for one client").isLessThan(10);
        if (seen == probe.sent.size()) {
          client.message(DISCOVER).send(); // After three conflicts a client has to ask again.
          assertThat(probe.sent).as("another probe").hasSizeGreaterThan(seen);
        }
        seen = probe.sent.size();
        if (!probe.answeredBy(THIEF, EVIL)) {
          probe.silent();
        }
      }
      offered.add(client.next().yiaddr());
      journal.sync();
      link.step(SECOND);
    }
    assertThat(offered).hasSizeGreaterThan(100);
    assertThat(state().declined).isEqualTo(4);
    assertThat(count(DhcpCount.CONFLICT)).isEqualTo(4);
    assertThat(count(DhcpCount.ANSWER_DISTRUSTED)).isGreaterThan(100);
    assertThat(journal.writes).isEqualTo(4);
    assertThat(LogWatch.lines()).isLessThan(4 + 50 + 5);
  }

  @Test
  void aHostWithALeaseIsNotBelievedForAnotherAddress() {
    LogWatch.expect("event=dhcp-probe-answer-ignored .*");
    Address own = lease(new TestClient(server, THIEF)).yiaddr();
    SteppedProbe probe = probe();
    TestClient client = new TestClient(server, VICTIM);
    client.message(DISCOVER).send();
    assertThat(probe.answeredBy(THIEF, TestClient.portOf(THIEF))).isFalse();
    probe.silent();
    assertThat(client.next().yiaddr()).isNotEqualTo(own);
    assertThat(state().declined).isZero();
  }

  @Test
  void portsTogetherTakeAQuarterOfThePoolAtMost() {
    LogWatch.expect("event=dhcp-(address-in-use|conflicts-ignored) .*");
    SteppedProbe probe = probe();
    for (int i = 0; i < 200; i++) {
      TestClient client = new TestClient(server, 0x5254_1000_0000L + i);
      client.message(DISCOVER).send();
      probe.answeredBy(THIEF + i, "evil-" + i);
      probe.silent();
      assertThat(client.next().type()).isEqualTo(OFFER);
      journal.sync();
      link.step(SECOND);
    }
    assertThat(state().declined).isEqualTo(POOL / 4);
    assertThat(count(DhcpCount.QUARANTINE_FULL)).isEqualTo(200 - POOL / 4);
    assertThat(journal.writes).isEqualTo(POOL / 4);
  }

  // Starvation

  @ParameterizedTest
  @ValueSource(ints = {2, 5, 13, POOL})
  void onePortDoesNotGetTheWholePool(int size) {
    LogWatch.expect("event=dhcp-port-limited .*");
    server = start(FIRST.plus(size - 1), 0);
    for (int i = 0; i < 3 * size; i++) {
      TestClient client = evil(i);
      client.message(DISCOVER).send();
      Answer offer = client.poll();
      if (offer != null) {
        client.select(offer);
        journal.sync();
      }
      client.message(REQUEST).address(50, FIRST.plus(i % size)).send();
      journal.sync();
    }
    int kept = Math.max(1, size / 8);
    assertThat(server.leases().leases()).hasSize(size - kept);
    assertThat(server.common().problem(EVIL))
        .isEqualTo(
            "port evil has "
                + (size - kept)
                + " of the DHCP pool's "
                + size
                + " addresses and gets no more: find out who asks there, or widen the pool");
    assertHonestGuestIsServed();
    link.step(Duration.ofMinutes(2));
    assertThat(server.common().problems()).isEmpty();
  }

  @Test
  void manyClientsAtOnceDoNotGetThePoolEither() {
    LogWatch.expect("event=dhcp-port-limited .*");
    server = start(FIRST.plus(7), 0);
    SteppedProbe probe = probe();
    for (int round = 0; round < 3; round++) {
      List<TestClient> clients = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        TestClient client = evil(100 * round + i);
        client.message(DISCOVER).send();
        clients.add(client);
      }
      List.copyOf(probe.sent).forEach(sent -> sent.listener().silent());
      probe.sent.clear();
      for (TestClient client : clients) {
        Answer offer = client.poll();
        if (offer != null) {
          client.select(offer);
        }
        client.message(REQUEST).address(50, FIRST.plus(client.mac % 8)).send();
      }
      List.copyOf(probe.sent).forEach(sent -> sent.listener().silent());
      probe.sent.clear();
      journal.sync();
    }
    assertThat(server.leases().leases()).hasSize(7);
    TestClient honest = new TestClient(server, VICTIM);
    honest.message(DISCOVER).send();
    probe.silent();
    assertThat(honest.next().type()).isEqualTo(OFFER);
  }

  @Test
  void aPortWithLessThanItsFairShareMayHaveMoreThanOneWithMore() {
    LogWatch.expect("event=dhcp-port-limited .*");
    TestClient first = new TestClient(server, VICTIM, "honest");
    lease(first);
    for (int i = 0; i < POOL; i++) {
      TestClient client = evil(i);
      client.message(REQUEST).address(50, FIRST.plus(i)).send();
      journal.sync();
    }
    for (int i = 1; i < 8; i++) {
      TestClient another = new TestClient(server, VICTIM + i, "honest");
      another.select(another.discover());
      journal.sync();
      assertThat(another.next().type()).isEqualTo(ACK);
    }
    assertThat(server.leases().leases().stream().filter(l -> l.port().equals(EVIL)).count())
        .isEqualTo(POOL - 1 - POOL / 4);
  }

  /** Has a port ask for each address of the pool, from a machine of its own. */
  private void takeAll(int port) {
    for (int i = 0; i < POOL; i++) {
      TestClient client =
          new TestClient(server, 0x5254_ee00_0000L + (long) POOL * port + i, EVIL + port);
      client.message(REQUEST).address(50, FIRST.plus(i)).send();
      journal.sync();
    }
  }

  @Test
  void aPortWithOneAddressHasAnotherWhenTwoOthersHaveTakenAllThatTheyMay() {
    LogWatch.expect("event=dhcp-port-limited .*");
    lease(new TestClient(server, VICTIM, "honest"));
    takeAll(0);
    takeAll(1);
    TestClient another = new TestClient(server, VICTIM + 1, "honest");
    another.select(another.discover());
    journal.sync();
    assertThat(another.next().type()).isEqualTo(ACK);
  }

  @Test
  void portsWithFewAddressesLeaveSomeForPortsWithNone() {
    LogWatch.expect("event=dhcp-port-limited .*");
    for (int i = 0; i < 6; i++) {
      takeAll(i);
    }
    assertThat(server.leases().available()).isPositive();
    assertHonestGuestIsServed();
  }

  @Test
  void anOfferOfThePortThatHasMostGivesWayToAPortThatHasLess() {
    LogWatch.expect("event=dhcp-port-limited .*");
    lease(new TestClient(server, VICTIM, "honest"));
    takeAll(0);
    for (int port = 0; port < 10; port++) {
      for (int i = 0; i < POOL; i++) {
        new TestClient(server, 0x5254_dd00_0000L + 256L * port + i, "asks" + port)
            .message(DISCOVER)
            .send();
      }
    }
    TestClient another = new TestClient(server, VICTIM + 1, "honest");
    another.select(another.discover());
    journal.sync();
    assertThat(another.next().type()).isEqualTo(ACK);
  }

  @Test
  void aFloodOfDiscoversHoldsAnEighthOfThePool() {
    for (int i = 0; i < 10_000; i++) {
      evil(i).message(DISCOVER).send();
    }
    assertThat(state().offered).isEqualTo(POOL / 8);
    assertThat(journal.writes).isZero();
    assertHonestGuestIsServed();
  }

  @Test
  void anOfferThatGaveWayIsStillGoodWhileNobodyElseHasTheAddress() {
    TestClient first = evil(0);
    Answer offer = first.discover();
    for (int i = 1; i < 50; i++) {
      evil(i).discover();
    }
    first.select(offer);
    journal.sync();
    assertThat(first.next().yiaddr()).isEqualTo(offer.yiaddr());
  }

  @Test
  void theConfigurationLimitsThePortsLeases() {
    LogWatch.expect("event=dhcp-port-limited .*");
    server = start(FIRST.plus(POOL - 1), 3);
    for (int i = 0; i < 3; i++) {
      TestClient client = evil(i);
      client.select(client.discover());
      journal.sync();
      assertThat(client.next().type()).isEqualTo(ACK);
    }
    TestClient fourth = evil(3);
    fourth.message(DISCOVER).send();
    assertThat(fourth.answers).isEmpty();
    fourth.message(REQUEST).address(50, FIRST).send();
    assertThat(fourth.next().type()).isEqualTo(NAK);
    TestClient third = evil(2);
    third.message(REQUEST).ciaddr(server.leases().byMac(third.mac).getFirst().address()).send();
    journal.sync();
    assertThat(third.next().type()).as("a renewal at the limit").isEqualTo(ACK);
    assertHonestGuestIsServed();
  }

  @Test
  void eachPortThatIsRefusedMoreIsAProblemOfItsOwn() {
    LogWatch.expect("event=dhcp-port-limited .*");
    server = start(FIRST.plus(POOL - 1), 1);
    for (long i = 0; i < 4; i++) {
      TestClient client = new TestClient(server, THIEF + i, i < 2 ? EVIL : "worse");
      client.message(DISCOVER).send();
      if (i % 2 == 0) {
        client.select(client.next());
        journal.sync();
      }
    }
    assertHonestGuestIsServed();
    for (String port : List.of(EVIL, "worse")) {
      assertThat(server.common().problem(port))
          .isEqualTo(
              "port "
                  + port
                  + " has 1 of the DHCP pool's 127 addresses and gets no more: find out who asks"
                  + " there, or raise leases-per-port");
    }
    assertThat(server.common().problem(TestClient.portOf(0x5254_0000_0001L))).isEmpty();
    assertThat(server.common().problems())
        .containsExactly(server.common().problem(EVIL), server.common().problem("worse"));
    link.step(Duration.ofMinutes(2));
    assertThat(server.common().problems()).isEmpty();
    assertThat(server.common().problem(EVIL)).isEmpty();
  }

  @Test
  void thePortThatHasExhaustedThePoolIsNamed() {
    LogWatch.expect("event=dhcp-(port-limited|pool-exhausted) .*");
    server = start(FIRST.plus(15), 0);
    for (int i = 0; i < 30; i++) {
      TestClient client = evil(i);
      client.message(REQUEST).address(50, FIRST.plus(i % 16)).send();
      journal.sync();
    }
    link.step(Duration.ofMinutes(2));
    for (long i = 0; i < 3; i++) {
      TestClient client = new TestClient(server, VICTIM + i);
      client.message(DISCOVER).send();
    }
    assertThat(server.common().problem(EVIL))
        .isEqualTo(
            "the DHCP pool 192.168.127.128-192.168.127.143 has no address left: widen the pool or"
                + " shorten the leases; port evil has 14 of its 16 addresses");
    assertThat(server.common().problems()).containsExactly(server.common().problem(EVIL));
    assertThat(server.common().problem(TestClient.portOf(VICTIM))).isEmpty();
  }

  @Test
  void requestsThatWaitForProbesLeaveRoomForOthers() {
    server =
        new DhcpServer(
            TestNetworks.of("vmnet8", "ipv4: {subnet: 10.64.0.0/13}"), List.of(), link, journal);
    SteppedProbe probe = probe();
    for (int i = 0; i < 10_000; i++) {
      evil(i).message(DISCOVER).send();
    }
    assertThat(probe.sent).hasSize(3072);
    TestClient honest = new TestClient(server, VICTIM);
    honest.message(DISCOVER).send();
    assertThat(probe.sent).hasSize(3073);
    probe.silent();
    assertThat(honest.next().type()).isEqualTo(OFFER);
  }

  // Floods of what costs a write

  @Test
  void aFloodOfDeclinesTakesFourAddresses() {
    LogWatch.expect("event=dhcp-(address-in-use|conflicts-ignored) .*");
    for (int i = 0; i < 1_000; i++) {
      TestClient client = evil(i);
      Answer offer = client.discover();
      client.select(offer);
      journal.sync();
      assertThat(client.next().type()).isEqualTo(ACK);
      client.message(DECLINE).address(54, SERVER).address(50, offer.yiaddr()).send();
      journal.sync();
    }
    assertThat(state().declined).isEqualTo(4);
    assertThat(server.leases().leases()).isEmpty();
    assertThat(server.leases().available()).isEqualTo(POOL - 4);
    assertThat(LogWatch.lines()).isLessThan(4 * 55);
    assertHonestGuestIsServed();
  }

  @Test
  void aDeclinedAddressIsNotOfferedToItsClientAgain() {
    LogWatch.expect("event=dhcp-(address-in-use|conflicts-ignored) .*");
    TestClient client = evil(1);
    Address last = Address.ANY_IPV4;
    for (int i = 0; i < 20; i++) {
      Answer offer = client.discover();
      assertThat(offer.yiaddr()).isNotEqualTo(last);
      last = offer.yiaddr();
      client.select(offer);
      journal.sync();
      client.next();
      client.message(DECLINE).address(54, SERVER).address(50, last).send();
      journal.sync();
    }
  }

  @Test
  void aFloodOfRequestsHasALimitOfWritesUnderWay() {
    TestClient client = evil(0);
    Address address = lease(client).yiaddr();
    for (int i = 0; i < 10_000; i++) {
      client.message(REQUEST).option(61, DUID).ciaddr(address).option(12, "name-" + i).send();
    }
    assertThat(journal.waiting()).isEqualTo(1024);
    assertThat(count(DhcpCount.OVERLOADED)).isEqualTo(10_000 - 1024);
    assertThat(client.station().budget().problem()).contains("share of changes of DHCP leases");
    TestClient honest = new TestClient(server, VICTIM);
    honest.select(honest.discover());
    assertThat(journal.waiting()).isEqualTo(1025);
    journal.sync();
    assertThat(honest.next().type()).isEqualTo(ACK);
    assertThat(Objects.requireNonNull(client.poll()).type()).isEqualTo(ACK);
  }
}
