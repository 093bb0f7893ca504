package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Leases go by time that has passed, not by a clock that was set. */
class LeaseTimeTest {
  private static final int ACK = 5;
  private static final Duration LEASE = Duration.ofMinutes(30);
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Address FIRST = Address.parse("192.168.127.128");

  private final SteppedLink link = new SteppedLink();
  private final MemoryJournal journal = new MemoryJournal(link);

  /** One address and no probe: given away as soon as its lease has ended. */
  private DhcpServer server = start(FIRST);

  private TestClient holder = new TestClient(server, "52:54:00:00:00:01");
  private TestClient other = new TestClient(server, "52:54:00:00:00:02");

  private DhcpServer start(Address last) {
    return new DhcpServer(
        TestNetworks.pool(FIRST, last, "dhcp: {lease-time: " + LEASE.toMinutes() + "m}"),
        List.of(),
        link,
        journal);
  }

  private void restart(Runnable meanwhile) {
    server.common().close();
    journal.restart(meanwhile);
    server = start(FIRST);
    holder = new TestClient(server, holder.mac);
    other = new TestClient(server, other.mac);
  }

  private void lease(TestClient client) {
    client.select(client.discover());
    journal.sync();
    assertThat(client.next().type()).isEqualTo(ACK);
  }

  private int renew(TestClient client) {
    client.message(REQUEST).ciaddr(FIRST).send();
    journal.sync();
    Answer answer = client.next();
    return answer.type();
  }

  private boolean given(TestClient client) {
    client.message(MessageType.DISCOVER).send();
    return client.poll() != null;
  }

  private void assertEndsAfter(Duration left) {
    LogWatch.expect("event=dhcp-pool-exhausted");
    assertThat(given(other)).as("given away while the lease runs").isFalse();
    link.step(left.minusSeconds(1));
    assertThat(given(other)).as("given away a second too early").isFalse();
    link.step(Duration.ofSeconds(2));
    assertThat(given(other)).as("given away when the lease has ended").isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H", "P3650D", "P-3650D"})
  void aClockThatIsSetNeitherEndsNorLengthensALease(Duration set) {
    lease(holder);
    link.step(MINUTE);
    link.setClock(set);
    link.step(MINUTE);
    assertThat(server.leases().leases()).hasSize(1);
    assertEndsAfter(LEASE.minus(MINUTE).minus(MINUTE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H"})
  void aRenewalAfterTheClockWasSetLastsAsLongAsItSays(Duration set) {
    lease(holder);
    link.setClock(set);
    link.step(MINUTE);
    assertThat(renew(holder)).isEqualTo(ACK);
    assertEndsAfter(LEASE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H", "P3650D", "P-3650D"})
  void aClockThatIsSetWhileTheDaemonRestartsChangesNothing(Duration set) {
    lease(holder);
    restart(() -> {
      link.step(MINUTE);
      link.setClock(set);
      link.step(MINUTE);
    });
    assertThat(server.leases().leases()).hasSize(1);
    assertEndsAfter(LEASE.minus(MINUTE).minus(MINUTE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H"})
  void aClockThatWasSetBeforeARestartChangesNothing(Duration set) {
    link.setClock(set);
    lease(holder);
    link.setClock(set.negated());
    restart(() -> link.step(MINUTE));
    assertEndsAfter(LEASE.minus(MINUTE));
  }

  @Test
  void theTimeThatTheHostWasOffCounts() {
    lease(holder);
    restart(() -> link.reboot(MINUTE));
    assertThat(server.leases().leases()).hasSize(1);
    assertEndsAfter(LEASE.minus(MINUTE));
  }

  @Test
  void aHostThatWasOffForLongerThanALeaseHasEndedIt() {
    lease(holder);
    restart(() -> link.reboot(LEASE.plus(MINUTE)));
    assertThat(server.leases().leases()).isEmpty();
    assertThat(given(other)).isTrue();
  }

  @Test
  void aHostThatBootsWithAnEarlierClockDoesNotLengthenLeases() {
    lease(holder);
    link.step(MINUTE);
    restart(() -> {
      link.reboot(MINUTE);
      link.setClock(Duration.ofDays(-3650));
    });
    assertThat(server.leases().leases()).hasSize(1);
    assertEndsAfter(LEASE.minus(MINUTE));
  }

  @Test
  void theTimeThatTheHostWasSuspendedCounts() {
    LogWatch.expect("event=dhcp-pool-exhausted");
    lease(holder);
    link.suspend(LEASE.minus(MINUTE));
    link.step(Duration.ofSeconds(1));
    assertThat(given(other)).isFalse();
    link.suspend(MINUTE);
    assertThat(given(other)).as("given away after a suspend, before any timer").isTrue();
  }

  @Test
  void theEndOfALeaseIsShownByTheClockAsItIsSet() {
    lease(holder);
    Lease lease = server.leases().leases().getFirst();
    assertThat(server.common().clock().wallTime(lease.expiryMillis()))
        .isEqualTo(link.now().plus(LEASE));
    link.setClock(Duration.ofHours(-5));
    assertThat(server.common().clock().wallTime(lease.expiryMillis()))
        .isEqualTo(link.now().plus(LEASE));
  }

  @Test
  void theReferenceIsWorthAWriteOnceTheClockWasSet() {
    LeaseClock.Reference before = journal.clock().reference();
    link.step(Duration.ofDays(30));
    assertThat(journal.clock().wasSetSince(before)).isFalse();
    link.setClock(Duration.ofSeconds(-30));
    assertThat(journal.clock().wasSetSince(before)).isTrue();
  }

  @Test
  void leasesOfAStoreWithoutAClockAreKept() {
    // Version 0.1.0 stored the wall clock's times, and no reference.
    Lease stored =
        new Lease(
            FIRST,
            ClientId.ofMac(holder.mac),
            holder.mac,
            "",
            null,
            link.now().toEpochMilli(),
            link.now().plus(LEASE).toEpochMilli(),
            Lease.State.BOUND);
    journal.disk.put(FIRST, stored);
    server = start(FIRST);
    assertThat(server.leases().leases()).isEqualTo(List.of(stored));
  }
}
