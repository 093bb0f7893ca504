package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.EventInfo;
import io.lanyard.control.api.EventType;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.dhcp.ClientId;
import io.lanyard.dhcp.Lease;
import io.lanyard.net.Address;
import io.lanyard.testing.SteppedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Leases are told, and a guest that has them change without end leaves other events theirs. */
final class LeaseEventsTest {
  private final SteppedClock clock = new SteppedClock();
  private final EventBus bus = new EventBus(clock, "r");
  private final EventBus.Reader heard = bus.read("");
  private final LeaseEvents events = new LeaseEvents("lab", bus);

  private static Lease lease(String port, String address, String hostname) {
    long mac = 0x525400000001L;
    return new Lease(
        Address.parse(address),
        ClientId.ofMac(mac),
        mac,
        port,
        hostname,
        0,
        Lease.NEVER,
        Lease.State.BOUND);
  }

  @Test
  void aLeaseIsToldWithItsNameAtOnce() throws Exception {
    events.leaseAdded(lease("p", "10.0.0.9", "web"));
    assertThat(heard.next(0))
        .singleElement()
        .satisfies(event -> {
          assertThat(event.type()).isEqualTo("lease-added");
          assertThat(event.subject()).isEqualTo("10.0.0.9");
          assertThat(event.data()).containsEntry("hostname", "web");
        });
  }

  @Test
  void aGuestThatChangesItsNameWithoutEndLeavesOtherEventsTheirs() throws Exception {
    bus.publish(EventType.PROBLEM_BEGAN, "", "", Map.of("problem", "no name server answers"));
    Lease before = lease("p", "10.0.0.9", "h");
    for (int i = 0; i < 10_000; i++) {
      events.leaseChanged(before, lease("p", "10.0.0.9", "h" + i));
    }
    events.leaseAdded(lease("honest", "10.0.0.10", "honest"));
    List<EventInfo> told = new ArrayList<>(heard.next(0));
    assertThat(told.getFirst().type()).isEqualTo("problem-began");
    assertThat(told.getLast().data()).containsEntry("hostname", "honest");
    clock.advance(Duration.ofSeconds(2));
    List<EventInfo> rest = heard.next(0);
    assertThat(rest.getFirst().data()).containsEntry("hostname", "h9999");
    told.addAll(rest);
    assertThat(told).hasSizeLessThan(200);
  }
}
