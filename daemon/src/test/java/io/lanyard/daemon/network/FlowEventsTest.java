package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.config.NatConfig;
import io.lanyard.control.api.EventInfo;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.flow.FlowQuota;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.SteppedTimers;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A rain of flows is a few events, and none is forgotten. */
final class FlowEventsTest {
  private static final FlowQuota QUOTA =
      new FlowQuota(NatConfig.usual().quotas(), Integer.MAX_VALUE);

  private static final Address GUEST = Address.parse("10.0.0.9");
  private static final Address REMOTE = Address.parse("192.0.2.1");

  private final SteppedTimers timers = new SteppedTimers();
  private final EventBus bus = new EventBus(Clock.system(), "r");
  private final EventBus.Reader heard = bus.read("");
  private final FlowTable table = new FlowTable("lab", timers, QUOTA, 1);
  private final FlowAccount account = new FlowAccount(new FlowOwner("p"));
  private int ports = 1;

  FlowEventsTest() {
    table.listen(new FlowEvents("lab", bus, timers));
  }

  private static final class TestFlow extends Flow {
    TestFlow(int port) {
      super(FlowKey.UDP, GUEST, port, REMOTE, 53);
    }

    @Override
    public String state() {
      return "open";
    }

    @Override
    protected void ended(FlowEnd end) {}
  }

  private Flow open(FlowAccount charged) {
    Flow flow = new TestFlow(ports++);
    assertThat(table.add(flow, charged)).isTrue();
    return flow;
  }

  private static long leftOut(EventInfo event) {
    return Long.parseLong(event.data().getOrDefault("leftOut", "-1"));
  }

  @Test
  void aFlowIsToldWithItsEnds() throws Exception {
    Flow flow = open(account);
    flow.countFromGuest(1, 60);
    table.end(flow);
    List<EventInfo> all = heard.next(0);
    assertThat(all).extracting(EventInfo::type).containsExactly("flow-began", "flow-ended");
    assertThat(all)
        .allSatisfy(event -> {
          assertThat(event.network()).isEqualTo("lab");
          assertThat(event.subject()).isEqualTo("1");
          assertThat(event.data())
              .containsEntry("protocol", "udp")
              .containsEntry("port", "p")
              .containsEntry("guest", "10.0.0.9:1")
              .containsEntry("remote", "192.0.2.1:53")
              .containsEntry("leftOut", "0");
        });
    assertThat(all.getLast().data()).containsEntry("bytesFromGuest", "60");
  }

  @Test
  void aFlowOfAForwardIsToldWithTheForwardAndTheGuestsPort() throws Exception {
    Flow flow = open(new FlowAccount(FlowOwner.ofForward("udp/127.0.0.1:53", 0)));
    assertThat(heard.next(0)).isEmpty();
    FlowOwner port = new FlowOwner("q");
    flow.forward("udp/127.0.0.1:53", new Endpoint(Address.LOOPBACK_IPV4, 9), () -> port);
    flow.forward("udp/127.0.0.1:53", new Endpoint(Address.LOOPBACK_IPV4, 9), () -> port);
    assertThat(heard.next(0))
        .singleElement()
        .satisfies(event ->
            assertThat(event.data())
                .containsEntry("forward", "udp/127.0.0.1:53")
                .containsEntry("client", "127.0.0.1:9")
                .containsEntry("port", "q"));
  }

  @Test
  void ofARainOfFlowsSomeAreToldAndTheRestIsCounted() throws Exception {
    for (int i = 0; i < 1000; i++) {
      open(account);
    }
    List<EventInfo> first = heard.next(0);
    assertThat(first).hasSize(FlowEvents.PER_SECOND).allMatch(event -> leftOut(event) == 0);
    timers.advance(Duration.ofSeconds(2));
    List<EventInfo> rest = heard.next(0);
    assertThat(rest).extracting(EventInfo::type).containsExactly("flow-left-out");
    assertThat(leftOut(rest.getFirst())).isEqualTo(1000 - FlowEvents.PER_SECOND);
    open(account);
    assertThat(heard.next(0)).singleElement().matches(event -> leftOut(event) == 0);
  }

  @Test
  void eachBeginningAndEndIsToldOrCounted() throws Exception {
    long told = 0;
    long counted = 0;
    for (int i = 0; i < 3000; i++) {
      table.end(open(account));
      timers.advance(Duration.ofMillis(i % 7));
    }
    timers.advance(Duration.ofSeconds(2));
    for (EventInfo event : heard.next(0)) {
      told += event.type().equals("flow-left-out") ? 0 : 1;
      counted += leftOut(event);
    }
    assertThat(told + counted).isEqualTo(6000);
    assertThat(told).isLessThan(FlowEvents.PER_SECOND * 20L);
  }
}
