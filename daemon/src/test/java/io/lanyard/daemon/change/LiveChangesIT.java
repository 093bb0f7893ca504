package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.change.Change;
import io.lanyard.config.change.Difference;
import io.lanyard.control.ApiEndpoint;
import io.lanyard.control.api.FlowInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.network.Network;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every kind of change, in random order, in a daemon with 50 ports and more that is busy: iperf3
 * runs between guests, out by the NAT and in by a forward. After each change what runs is what is
 * said; and what no change named has lost no frame, no flow and no lease. One change in ten fails
 * in its middle and leaves everything as it was; some are taken back or rolled back.
 *
 * <p>It makes each kind of change thrice, or as many changes as {@code -Dchanges=1000} says. {@code
 * -Dseed=N} repeats a run's changes. Needs root, iproute2, iperf3 and udhcpc.
 */
@Timeout(value = 1800, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LiveChangesIT {
  private static final int KINDS = ChangingWorld.KINDS + BusyNetwork.KINDS + 2;
  private static final int CHANGES = Integer.getInteger("changes", 3 * KINDS);
  private static final long SEED = Long.getLong("seed", System.nanoTime());

  /** Only a restart makes these; they change nothing that runs. */
  private static final Set<Class<?>> NO_STEP = Set.of(Change.NeedsRestart.class);

  @TempDir Path home;

  private final Random random = new Random(SEED);
  private final TreeMap<String, Integer> seen = new TreeMap<>();
  private final TreeMap<String, Integer> ways = new TreeMap<>();
  private Path file;
  private Daemon daemon;
  private int[] servers;

  /** All that is said. */
  private record Said(ChangingWorld world, BusyNetwork busy, int settings) {
    Said copy() {
      return new Said(world.copy(), busy.copy(), settings);
    }

    /**
     * The file.
     *
     * @param further more forwards of the busy network
     * @param servers two ports for the metrics and two for the API on TCP
     */
    String text(String further, int[] servers) {
      String text = world.text(busy.text(further));
      if ((settings & 1) != 0) {
        text += "log: {level: warning}\n";
      }
      if ((settings & 6) != 0) {
        text += "metrics: {listen: '127.0.0.1:%d'}\n".formatted(servers[(settings & 6) / 4]);
      }
      if ((settings & 8) != 0) {
        text += "hooks: [{on: [guest-changed], run: [/bin/true]}]\n";
      }
      if ((settings & 48) != 0) {
        text +=
            "api: {listen: '127.0.0.1:%d', tokens: tokens}\n"
                .formatted(servers[2 + (settings & 48) / 32]);
      }
      return text;
    }
  }

  private static Set<String> allKinds() {
    Set<String> kinds = new TreeSet<>();
    Arrays.stream(Change.class.getPermittedSubclasses())
        .filter(kind -> !NO_STEP.contains(kind))
        .map(Class::getSimpleName)
        .forEach(kinds::add);
    return kinds;
  }

  /** One or some changes, of a certain kind for the first, so that a short run has every kind. */
  private Said mutated(Said before, int i) {
    Said next = before.copy();
    int count = 1 + random.nextInt(3);
    int settings = next.settings();
    for (int m = 0; m < count; m++) {
      int kind = (m == 0 ? i : random.nextInt(100)) % KINDS;
      if (kind < ChangingWorld.KINDS) {
        next.world().mutate(kind);
      } else if (kind < ChangingWorld.KINDS + BusyNetwork.KINDS) {
        next.busy().mutate(kind - ChangingWorld.KINDS);
      } else {
        settings = random.nextInt(64);
      }
    }
    return new Said(next.world(), next.busy(), settings);
  }

  private Document written(String text) throws Exception {
    Files.writeString(file, text);
    return Document.load(file);
  }

  private ChangeRequest request(Document document, String why, Duration confirm) {
    return new ChangeRequest(
        present -> document, "test", why, ChangeRequest.ANY, true, false, confirm);
  }

  private PlanInfo apply(ChangeRequest request) throws Exception {
    try {
      return daemon.conductor().apply(request).get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ChangeRefusedException refused) {
        throw new AssertionError(request.why() + ": " + refused.what() + refused.details(), e);
      }
      throw e;
    }
  }

  private Configuration running() {
    return daemon.conductor().present().configuration();
  }

  private Network busy() {
    return Objects.requireNonNull(daemon.network(BusyNetwork.NAME));
  }

  private List<Long> flows() {
    return busy().report().flows().stream()
        .filter(LiveChangesIT::isIperf)
        .map(FlowInfo::id)
        .sorted()
        .toList();
  }

  private static boolean isIperf(FlowInfo flow) {
    return flow.protocol().equals("tcp");
  }

  private void assertIs(Said said) throws Exception {
    Configuration expected =
        Document.of(file.toString(), said.text("", servers), home).configuration();
    ChangingWorld.assertRuns(daemon, expected);
    assertThat(Difference.between(running(), expected)).isEmpty();
  }

  /** Makes a change in one of the ways in which there are changes; returns what runs then. */
  private Said change(Said before, int i, ServerSocket taken) throws Exception {
    Said next = mutated(before, i);
    int way = i % 20;
    if (way == 9 || way == 19) {
      fail(next, taken.getLocalPort());
      return before;
    }
    Document document = written(next.text("", servers));
    Configuration former = running();
    if (way == 5) {
      PlanInfo made = apply(request(document, "taken back", Duration.ofMinutes(10)));
      if (!made.confirmBy().isEmpty()) {
        assertIs(next);
        daemon.conductor().takeBack(made.revision(), "a test").get(60, TimeUnit.SECONDS);
      }
      count("taken back");
      return before;
    }
    PlanInfo made = apply(request(document, "change " + i, Duration.ZERO));
    Difference.between(former, running())
        .forEach(change -> seen.merge(change.getClass().getSimpleName(), 1, Integer::sum));
    count("applied");
    if (way == 13 && !made.changes().isEmpty() && !changesHooks(former)) {
      assertIs(next);
      var _ =
          daemon
              .conductor()
              .rollBack(made.revision() - 1, request(document, "", Duration.ZERO))
              .get(60, TimeUnit.SECONDS);
      count("rolled back");
      return before;
    }
    return next;
  }

  /** Only the file as it is on the disk may say which programs run. */
  private boolean changesHooks(Configuration former) {
    return !former.hooks().equals(running().hooks());
  }

  /** One step, somewhere among the others, finds its address taken. */
  private void fail(Said next, int port) throws Exception {
    String wrong =
        "      - {name: wrong, protocol: tcp, listen: '127.0.0.1:%d', to: '10.76.0.9:80'}\n"
            .formatted(port);
    Document document = written(next.text(wrong, servers));
    long revision = daemon.conductor().present().revision();
    var applied = daemon.conductor().apply(request(document, "it fails", Duration.ZERO));
    ExecutionException refused =
        catchThrowableOfType(ExecutionException.class, () -> applied.get(60, TimeUnit.SECONDS));
    assertThat(refused).isNotNull();
    assertThat(refused).cause().hasMessageContaining("wrong");
    assertThat(daemon.conductor().present().revision()).isEqualTo(revision);
    count("failed");
  }

  private void count(String way) {
    ways.merge(way, 1, Integer::sum);
  }

  /** Changes of what runs that are no part of the configuration. */
  private void disturb(BusyNetwork now) throws Exception {
    String port = now.moving();
    if (!port.isEmpty()) {
      assertThat(busy().link(port, false)).isTrue();
      assertThat(busy().link(port, true)).isTrue();
    }
    try (LentForward _ =
        daemon
            .conductor()
            .lend(
                BusyNetwork.NAME,
                "{\"protocol\": \"tcp\", \"listen\": \"127.0.0.1:%d\", \"to\": \"10.76.0.77:80\"}"
                    .formatted(FreePorts.one()),
                "test")
            .get(60, TimeUnit.SECONDS)) {
      count("lent");
    }
  }

  /** The drops at the ports of the counted frames; those from before the frames began, too. */
  private List<Object> drops() {
    return busy().report().ports().stream()
        .filter(port -> port.name().equals("first") || port.name().equals("second"))
        .<Object>map(port -> List.of(port.name(), port.receiveDrops(), port.transmitDrops()))
        .toList();
  }

  @Test
  void whatIsNotChangedLosesNothingUnderFullTraffic(TestReporter reporter) throws Exception {
    reporter.publishEntry("seed", Long.toString(SEED));
    LogWatch.expect("event=configuration-taken-back");
    file = home.resolve("lanyard.yaml");
    servers = FreePorts.some(4);
    int[] ports = FreePorts.some(2);
    try (IperfTraffic traffic = new IperfTraffic(home);
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Said said =
          new Said(
              ChangingWorld.withAdapters(
                  random, "lyl" + ProcessHandle.current().pid() % 10_000 + "x"),
              BusyNetwork.of(random, traffic.left(), traffic.right(), ports[0]),
              0);
      Document first = written(said.text("", servers));
      daemon = InProcessDaemon.open(home, first);
      try (Daemon _ = daemon;
          ApiEndpoint _ = ApiEndpoint.open(daemon, running().api())) {
        daemon.startGuests();
        change(said, traffic, ports, taken, reporter);
      }
    }
  }

  private void change(
      Said first, IperfTraffic traffic, int[] ports, ServerSocket taken, TestReporter reporter)
      throws Exception {
    Said said = first;
    String address = traffic.lease();
    traffic.start(address, ports[0], ports[1]);
    Network unchanged = busy();
    List<Long> flows = flows();
    assertThat(flows).hasSizeGreaterThanOrEqualTo(4);
    try (CountedFrames frames =
        CountedFrames.between(home.resolve("r/first.sock"), home.resolve("r/second.sock"))) {
      frames.assertNoneLost();
      List<Object> drops = drops();
      for (int made = 0; made < CHANGES; made++) {
        said = change(said, made, taken);
        assertIs(said);
        if (made % 5 == 0) {
          disturb(said.busy());
          traffic.assertAllGoOn();
        }
        frames.assertNoneLost();
        assertThat(busy()).isSameAs(unchanged);
        assertThat(flows()).as("the flows of the guests").isEqualTo(flows);
        assertThat(busy().report().leases())
            .filteredOn(lease -> lease.address().equals(address))
            .extracting(LeaseInfo::state)
            .containsExactly("bound");
      }
      traffic.assertAllGoOn();
      assertThat(drops()).isEqualTo(drops);
      assertThat(traffic.lease()).isEqualTo(address);
      report(reporter, frames, traffic);
      if (CHANGES > 200) {
        assertThat(seen.keySet()).isEqualTo(allKinds());
      }
    }
  }

  private void report(TestReporter reporter, CountedFrames frames, IperfTraffic traffic)
      throws IOException {
    reporter.publishEntry("changes", CHANGES + " " + ways);
    reporter.publishEntry("kinds", seen.toString());
    reporter.publishEntry("frames", Long.toString(frames.count()));
    reporter.publishEntry("speeds", traffic.speeds().toString());
  }
}
