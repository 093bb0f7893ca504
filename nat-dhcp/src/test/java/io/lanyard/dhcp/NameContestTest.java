package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A machine that is made anew has its name at once. */
class NameContestTest {
  private static final int ACK = 5;
  private static final Address SERVER = Address.parse("192.168.127.2");
  private static final Address RESERVED = Address.parse("192.168.127.10");
  private static final long OLD = 0x5254_0000_0001L;
  private static final long NEW = 0x5254_0000_0002L;
  private static final long WEB = 0x5254_0000_0010L;
  private static final long DEMO = 0x5254_0000_0020L;

  private final SteppedLink link = new SteppedLink();
  private final MemoryJournal journal = new MemoryJournal(link);
  private final DhcpServer server =
      new DhcpServer(
          TestNetworks.nat(
              "dhcp: {reservations: [{mac: '%s', address: %s, hostname: web}]}"
                  .formatted(new MacAddress(WEB), RESERVED)),
          List.of(TestNetworks.guest("demo", new MacAddress(DEMO))),
          link,
          journal);
  private final SteppedProbe probe = new SteppedProbe();
  private final List<String> heard = new ArrayList<>();

  NameContestTest() {
    server.common().probeWith(probe);
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

  private Address lease(TestClient client, String name) {
    int probes = probe.sent.size();
    client.message(DISCOVER).option(12, name).send();
    if (probe.sent.size() > probes) {
      probe.silent();
    }
    Answer offer = client.next();
    client.message(REQUEST).option(12, name).address(54, SERVER).address(50, offer.yiaddr()).send();
    journal.sync();
    assertThat(client.next().type()).isEqualTo(ACK);
    return offer.yiaddr();
  }

  private @Nullable Long macOf(String name) {
    return server.leases().leases().stream()
        .filter(lease -> name.equals(lease.hostname()))
        .map(Lease::mac)
        .findFirst()
        .orElse(null);
  }

  private @Nullable String nameAt(Address address) {
    return server.leases().byAddress(address).orElseThrow().hostname();
  }

  @Test
  void aNameGoesToANewClientWhenItsHolderDoesNotAnswer() {
    Address before = lease(new TestClient(server, OLD), "box");
    Address after = lease(new TestClient(server, NEW), "box");
    assertThat(macOf("box")).isEqualTo(OLD);
    assertThat(probe.silent().address()).isEqualTo(before);
    assertThat(macOf("box")).isEqualTo(NEW);
    assertThat(nameAt(before)).isNull();
    journal.sync();
    assertThat(journal.stored(before).hostname()).isNull();
    assertThat(journal.stored(after).hostname()).isEqualTo("box");
    assertThat(heard)
        .containsExactly("added box", "added null", "box became null", "null became box");
    assertThat(server.counters().get(DhcpCount.NAME_MOVED)).isEqualTo(1);
    assertThat(server.leases().leases()).as("the holder keeps its lease").hasSize(2);
  }

  @Test
  void aHolderThatAnswersKeepsItsName() {
    lease(new TestClient(server, OLD), "box");
    Address after = lease(new TestClient(server, NEW), "box");
    probe.answeredBy(OLD);
    assertThat(macOf("box")).isEqualTo(OLD);
    assertThat(nameAt(after)).isNull();
  }

  @Test
  void anotherHostsAnswerDoesNotKeepAName() {
    lease(new TestClient(server, OLD), "box");
    lease(new TestClient(server, NEW), "box");
    assertThat(probe.answeredBy(0x5254_0000_0666L, "evil")).isFalse();
    assertThat(probe.answeredBy(OLD, "evil")).isFalse();
    probe.silent();
    assertThat(macOf("box")).isEqualTo(NEW);
  }

  @Test
  void aClientThatRenewsAsksForItsNameAgain() {
    Address before = lease(new TestClient(server, OLD), "box");
    TestClient client = new TestClient(server, NEW);
    Address address = lease(client, "box");
    probe.answeredBy(OLD);
    link.step(Duration.ofMinutes(10));
    client.message(REQUEST).option(12, "box").ciaddr(address).send();
    journal.sync();
    assertThat(client.next().type()).isEqualTo(ACK);
    assertThat(probe.silent().address()).isEqualTo(before);
    assertThat(macOf("box")).isEqualTo(NEW);
  }

  @Test
  void aNameIsFreeWhenTheHoldersLeaseEnds() {
    lease(new TestClient(server, OLD), "box");
    link.step(Duration.ofMinutes(31));
    lease(new TestClient(server, NEW), "box");
    assertThat(macOf("box")).isEqualTo(NEW);
    assertThat(server.counters().get(DhcpCount.NAME_MOVED)).isZero();
  }

  @Test
  void aLeaseThatEndsWhileItsNameIsContestedChangesNothing() {
    Address before = lease(new TestClient(server, OLD), "box");
    TestClient client = new TestClient(server, NEW);
    Address after = lease(client, "box");
    client.message(MessageType.RELEASE).ciaddr(after).send();
    journal.sync();
    assertThat(probe.silent().address()).isEqualTo(before);
    assertThat(macOf("box")).isEqualTo(OLD);
  }

  @Test
  void aMachineThatBootsInStagesTakesItsNameAlong() {
    lease(new TestClient(server, OLD), "box");
    TestClient system = new TestClient(server, OLD);
    int probes = probe.sent.size();
    system.message(DISCOVER).option(61, (byte) 255, (byte) 1).option(12, "box").send();
    probe.silent();
    Address address = system.next().yiaddr();
    system
        .message(REQUEST)
        .option(61, (byte) 255, (byte) 1)
        .option(12, "box")
        .address(54, SERVER)
        .address(50, address)
        .send();
    journal.sync();
    assertThat(nameAt(address)).isEqualTo("box");
    assertThat(probe.sent).hasSize(probes + 1);
  }

  @Test
  void theNameOfAReservationOrOfAGuestNeverMoves() {
    lease(new TestClient(server, WEB), "anything");
    lease(new TestClient(server, DEMO), "anything");
    assertThat(macOf("web")).isEqualTo(WEB);
    assertThat(macOf("demo")).isEqualTo(DEMO);
    int probes = probe.sent.size();
    lease(new TestClient(server, NEW), "web");
    lease(new TestClient(server, NEW + 0x100), "demo");
    assertThat(probe.sent).as("only their own addresses are probed").hasSize(probes + 2);
    assertThat(macOf("web")).isEqualTo(WEB);
    assertThat(macOf("demo")).isEqualTo(DEMO);
  }

  @Test
  void aReservationsNameIsKnownBeforeItsFirstLease() {
    assertThat(server.leases().reservedNames()).isEqualTo(Map.of("web", RESERVED));
  }
}
