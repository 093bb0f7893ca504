package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.base.Timers;
import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigLoader;
import io.lanyard.config.NetworkConfig;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.net.UniqueLocal;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.PortAddresses;
import io.lanyard.vswitch.port.Patches;
import io.lanyard.vswitch.port.PortContext;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
class NetworkPortsTest {
  @TempDir Path home;
  private final NetworkLoop loop = new NetworkLoop("lab");
  private final Metrics metrics = new Metrics();
  private final TimerWheel timers =
      LoopAlarm.wheel(loop.eventLoop(), Clock.system(), loop.faults());
  private final Switch ethernet =
      new Switch("lab", timers, loop.afterBatch(), loop.faults(), PooledByteBufAllocator.DEFAULT);

  @AfterEach
  void close() {
    loop.call(() -> {
      ethernet
          .ports()
          .forEach(port -> {
            ethernet.detach(port);
            port.close();
          });
      ethernet.close();
      return true;
    });
    loop.close();
  }

  private NetworkConfig network(String keys) throws ConfigException {
    return Objects.requireNonNull(
        ConfigLoader.parse(
                "test", "version: 1\nnetworks: {lab: {mode: isolated, %s}}\n".formatted(keys), home)
            .networks()
            .get("lab"));
  }

  private NetworkPorts ports(String declared) throws ConfigException {
    return ports(network("ports: [%s]".formatted(declared)), timers);
  }

  private NetworkPorts ports(NetworkConfig config, Timers timers) {
    PortContext context =
        new PortContext(
            loop.loop(),
            timers,
            ethernet,
            PooledByteBufAllocator.DEFAULT,
            task -> Thread.ofVirtual().start(task));
    return new NetworkPorts(
        config,
        loop,
        context,
        home,
        new Patches(),
        new UniqueLocal(new byte[UniqueLocal.SEED_LENGTH]),
        metrics,
        new EventBus(Clock.system(), "r"),
        new PortAddresses(1),
        of -> null,
        new HostAdapterRules(new NetworkGateway("lab", loop, metrics)),
        List.of());
  }

  @Test
  void portsAreWatchedOnWhenTheFramesThatAreKeptBecomeOthers() throws Exception {
    SteppedTimers stepped = new SteppedTimers();
    NetworkPorts ports = ports(network("history: 4M"), stepped);
    ports.start();
    Port late = new InMemoryPort("late", Offloads.NONE);
    NetworkConfig next = network("history: 8M");
    List<String> problems =
        loop.call(() -> {
          ports.configure(next, List.of());
          ethernet.attach(late);
          stepped.advance(Duration.ofSeconds(2)); // its counters are read within a second
          late.counters().receiveDropped(DropCause.BAD_ENCAPSULATION, 1000);
          return ports.report().problems();
        });
    assertThat(problems)
        .singleElement()
        .asString()
        .startsWith("port late: 1000 frames from it were dropped");
    loop.call(() -> {
      ports.close();
      return true;
    });
  }

  private List<PortInfo> await(NetworkPorts ports, Predicate<List<PortInfo>> condition) {
    AtomicReference<List<PortInfo>> all = new AtomicReference<>(List.of());
    Await.until(
        () -> all.get().toString(),
        () -> {
          all.set(loop.call(() -> ports.report().list(_ -> List.of())));
          return condition.test(all.get());
        });
    return all.get();
  }

  @Test
  void aPortThatOpensLaterThanItsLoopAnsweredIsListedOnceAndHasNotFailed() throws Exception {
    LogWatch.expect("event=port-failed network=\"lab\" port=\"q\"");
    NetworkPorts ports = ports("{name: q, kind: qemu-stream, path: q.sock}");
    CountDownLatch busy = new CountDownLatch(1);
    loop.post(() -> {
      try {
        busy.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    });
    ports.start(); // the loop does not answer
    busy.countDown();
    List<PortInfo> all = await(ports, list -> !list.isEmpty());
    assertThat(all).extracting(PortInfo::name).containsExactly("q");
    await(ports, list -> list.size() == 1 && list.getFirst().state().equals("no-carrier"));
    assertThat(loop.call(ports.report()::problems)).isEmpty();
  }

  @Test
  void aPortThatCannotBeAttachedIsListedWithItsReasonAndLeavesNothingBehind() throws Exception {
    LogWatch.expect("event=port-failed network=\"lab\" port=\"q\"");
    NetworkPorts first = ports("{name: q, kind: qemu-stream, path: q.sock}");
    first.start();
    NetworkPorts second = ports("{name: q, kind: qemu-stream, path: q2.sock}");
    second.start();
    assertThat(loop.call(ethernet::ports)).hasSize(1);
    List<PortInfo> all = await(second, list -> list.size() == 2);
    assertThat(all).extracting(PortInfo::name).containsExactly("q", "q");
    assertThat(all.getLast().problem()).contains("has a port named q");
  }
}
