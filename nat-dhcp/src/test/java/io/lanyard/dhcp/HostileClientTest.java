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
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks by DHCP on other guests, under which an honest one still gets its address. */
class HostileClientTest {
  private static final int OFFER = 2;
  private static final int ACK = 5;
  private static final int NAK = 6;
  private static final Address SERVER = Address.parse("192.168.127.2");
  private static final Address FIRST = Address.parse("192.168.127.128");
  private static final int POOL = 127;
  private static final long VICTIM = 0x5254_0000_0077L;
  private static final long THIEF = 0x5254_0000_0666L;
  private static final String EVIL = "evil";
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final byte[] DUID = {(byte) 255, 9, 9, 9};

  private final SteppedLink link = new SteppedLink();
  private final MemoryJournal journal = new MemoryJournal(link);
  private DhcpServer server = start(FIRST.plus(POOL - 1), 0);

  /** With a limit for each port, or 0 for none. */
  private DhcpServer start(Address last, int leasesPerPort) {
    return new DhcpServer(
        TestNetworks.pool(
            FIRST,
            last,
            leasesPerPort == 0 ? "" : "dhcp: {leases-per-port: " + leasesPerPort + "}"),
        List.of(),
        link,
        journal);
  }

  private SteppedProbe probe() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    return probe;
  }

  private long count(DhcpCount event) {
    return server.counters().get(event);
  }

  private TestClient evil(long n) {
    return new TestClient(server, 0x5254_ee00_0000L + n, EVIL);
  }

  /** The exchange of an honest guest where nobody answers probes; null if it gets no address. */
  private Answer lease(TestClient client) {
    client.message(DISCOVER).option(61, DUID).send();
    Answer offer = client.next();
    client.message(REQUEST).option(61, DUID).address(54, SERVER).address(50, offer.yiaddr()).send();
    journal.sync();
    return client.next();
  }

  private void assertHonestGuestIsServed() {
    TestClient honest = new TestClient(server, 0x5254_0000_0001L);
    Answer ack = lease(honest);
    assertThat(ack.type()).isEqualTo(ACK);
    assertThat(server.leases().byMac(honest.mac)).hasSize(1);
  }

  private State state() {
    State state = new State();
    for (int i = 0; i < POOL; i++) {
      server
          .leases()
          .byAddress(FIRST.plus(i))
          .ifPresent(lease -> {
            switch (lease.state()) {
              case BOUND -> state.bound++;
              case OFFERED -> state.offered++;
              case DECLINED -> state.declined++;
              case RELEASED -> {}
            }
          });
    }
    return state;
  }

  private static final class State {
    int bound;
    int offered;
    int declined;
  }

  // RELEASE and DECLINE for others

  enum Disguise {
    /** Its own Ethernet source, the victim's chaddr. */
    CHADDR,
    /** The victim's Ethernet source too. */
    SOURCE,
    /** As if it was a relay that the victim's message came by. */
    RELAY
  }

  private TestClient.Request inTheNameOf(TestClient thief, Disguise disguise, MessageType type) {
    thief.sender = disguise == Disguise.SOURCE ? VICTIM : THIEF;
    TestClient.Request request = thief.message(type).option(61, DUID).address(54, SERVER);
    return disguise == Disguise.RELAY ? request.giaddr("192.168.127.9") : request;
  }

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
