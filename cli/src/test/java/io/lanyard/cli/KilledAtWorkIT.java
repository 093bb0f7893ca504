package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.SettingInfo;
import io.lanyard.control.client.ChangeOptions;
import io.lanyard.control.client.ConfigEdit;
import io.lanyard.control.client.GuestAction;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.RefusedException;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} again and again, at any moment of a start and while leases of both families are
 * given, the configuration is edited, and guests are started and stopped: each next daemon starts
 * without a warning, has what was answered, and nothing in part. Needs root, iproute2 and, for a
 * guest that outlives the daemon, qemu-system-x86_64.
 *
 * <p>{@code -Dkills=30} for more rounds, {@code -Dkills.seed=N} for others.
 */
@Timeout(900)
final class KilledAtWorkIT {
  private static final int ROUNDS = Integer.getInteger("kills", 2);
  private static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");

  /** Of a change that waited for its confirmation, which is what the documentation promises. */
  private static final String TAKEN_BACK = "event=revision-taken-back";

  /** Of a hart that has had no processor for a second: the host is busy. */
  private static final String LINGERS = "event=guest-lingers guest=\"bare\" cause=\"a hart";

  private static final ChangeOptions CONFIRMED =
      new ChangeOptions(false, false, false, "60s", null);

  /** A host adapter and a namespace. */
  private static final String DEVICE = "lykw" + ProcessHandle.current().pid() % 100_000;

  @TempDir Path home;

  private final SplittableRandom random = new SplittableRandom(Long.getLong("kills.seed", 1));

  /** The addresses that were acknowledged, by client and family. */
  private final Map<String, String> acknowledged = new HashMap<>();

  /** The names that the configuration has for certain, with their addresses. */
  private final Map<String, String> certain = new HashMap<>();

  /** The edit that was asked for last, if nobody has answered. */
  private @Nullable Edit asked;

  /** Whether that one's confirmation was asked for, too. */
  private boolean confirming;

  /** Failures of the work, other than the end of the daemon. */
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

  private int clients;
  private int edits;
  private final AtomicInteger acts = new AtomicInteger();
  private int killsInStart;

  /** Names that get an address together, or lose it (null). */
  private record Edit(List<String> names, @Nullable String address, boolean unconfirmed) {}

  private String configuration() throws IOException {
    String common =
        """
        version: 1
        networks:
          a:
            mode: nat
            ipv4: {subnet: 10.9.0.0/16}
            ipv6: on
            dhcp: {ipv6: stateful, conflict-probe: 0s}
            dns: {upstreams: []} # the host's may not answer
            ports: [{name: q, kind: qemu-stream, path: q.sock}]
          b:
            mode: host-only
            ipv4: {subnet: 10.94.3.0/24}
            host-adapter: {name: %1$s, persistent: true}
            ports: [{name: t, kind: tap, device: t0, netns: %1$s}]
        guests:
          bare: {program: bare.elf, memory: 16M, disks: [{path: bare.img}], nics: [{network: a}]}
        """
            .formatted(DEVICE);
    Files.write(home.resolve("bare.elf"), waiting());
    Files.write(home.resolve("bare.img"), new byte[1 << 16]);
    return Files.exists(QEMU)
        ? common
            + "  emulated: {vmm: qemu, architecture: x86_64, memory: 32M, stop-timeout: 0s,"
            + " options: {accel: tcg}, nics: [{network: a}]}\n"
        : common;
  }

  /** A program for the bundled machine that waits for interrupts. */
  private static byte[] waiting() {
    ByteBuffer elf = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0x464c457f).put((byte) 2).put((byte) 1).put((byte) 1).position(16);
    elf.putShort((short) 2).putShort((short) 243).putInt(1).putLong(0x8000_0000L).putLong(64);
    elf.putLong(0).putInt(0).putShort((short) 64).putShort((short) 56).putShort((short) 1);
    elf.position(64);
    elf.putInt(1).putInt(7).putLong(120).putLong(0x8000_0000L).putLong(0x8000_0000L);
    elf.putLong(8).putLong(8).putLong(0x1000);
    return elf.putInt(0x1050_0073).putInt(0xffdf_f06f).array(); // wfi; j .-4
  }

  @BeforeEach
  void makeNamespace() throws Exception {
    HostCommand.runLine("ip netns add " + DEVICE);
  }

  @AfterEach
  void cleanUp() throws Exception {
    qemus().forEach(ProcessHandle::destroyForcibly);
    HostCommand.runLine("ip netns del " + DEVICE);
    if (Files.exists(adapter())) {
      HostCommand.runLine("ip link del " + DEVICE);
    }
  }

  private static Path adapter() {
    return Path.of("/sys/class/net", DEVICE);
  }

  /** The processes of the guest {@code emulated}, by their command line. */
  private List<ProcessHandle> qemus() throws IOException {
    String mark = home.resolve("run/vmm-qemu/emulated").toString();
    List<ProcessHandle> found = new ArrayList<>();
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : (Iterable<Path>) processes::iterator) {
        if (process.getFileName().toString().matches("[0-9]+")) {
          String line = commandLine(process);
          if (line.contains("qemu-system") && line.contains(mark)) {
            ProcessHandle.of(Long.parseLong(process.getFileName().toString()))
                .ifPresent(found::add);
          }
        }
      }
    }
    return found;
  }

  private static String commandLine(Path process) {
    try {
      return Files.readString(
          process.resolve("cmdline"), java.nio.charset.StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has ended
    }
  }

  @Test
  void everyStartAfterAKillHasAllThatWasAnswered() throws Exception {
    String configuration = configuration();
    for (int round = 0; round < ROUNDS; round++) {
      if (round > 0 && random.nextInt(3) == 0) {
        killInStart();
      }
      try (Launched daemon = Launched.daemon(home, List.of(), configuration)) {
        check(daemon);
        work(daemon);
      }
    }
    try (Launched daemon = Launched.daemon(home, List.of(), configuration)) {
      check(daemon);
      daemon.signal("TERM");
      assertThat(daemon.exit(60)).isEqualTo(143);
    }
    assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(ROUNDS);
    assertThat(edits).isGreaterThanOrEqualTo(ROUNDS);
    Await.until("no guest is left", () -> qemus().isEmpty());
    if (Integer.getInteger("kills") != null) {
      System.out.printf(
          "%d kills, %d in a start; %d leases, %d edits and %d acts on guests answered%n",
          ROUNDS + killsInStart, killsInStart, acknowledged.size(), edits, acts.get());
    }
  }

  private void killInStart() throws IOException, InterruptedException {
    try (Launched daemon =
        Launched.start(
            home,
            List.of(),
            "daemon",
            "--config",
            home.resolve("lanyard.yaml").toString(),
            "--state-dir",
            home.resolve("state").toString(),
            "--runtime-dir",
            home.resolve("run").toString())) {
      // Before its first line the JVM starts, and the daemon has done nothing yet.
      Await.until(
          "the daemon says something",
          () -> !daemon.said().isEmpty() || !daemon.complained().isEmpty());
      TimeUnit.MICROSECONDS.sleep(random.nextInt(1_000_000));
      daemon.signal("KILL");
      daemon.exit(60);
      assertNoWarning(daemon);
      killsInStart++;
    }
  }

  private void work(Launched daemon) throws Exception {
    CountDownLatch begun = new CountDownLatch(4);
    List<Thread> workers =
        List.of(
            worker(begun, this::takeLease),
            worker(begun, this::edit),
            worker(begun, () -> act("bare")),
            worker(begun, () -> act(Files.exists(QEMU) ? "emulated" : "bare")));
    assertThat(begun.await(120, TimeUnit.SECONDS)).as(daemon.complained()).isTrue();
    TimeUnit.MICROSECONDS.sleep(random.nextInt(ROUNDS > 2 ? 2_000_000 : 300_000));
    daemon.signal("KILL");
    daemon.exit(60);
    for (Thread worker : workers) {
      worker.join(TimeUnit.SECONDS.toMillis(60));
      assertThat(worker.isAlive()).isFalse();
    }
    assertThat(failures).as(daemon.complained()).isEmpty();
    assertNoWarning(daemon);
  }

  /** Work that goes on until it fails: the daemon has ended. */
  private interface Work {
    void once() throws IOException;
  }

  private Thread worker(CountDownLatch begun, Work work) {
    return Thread.ofPlatform()
        .start(() -> {
          boolean first = true;
          try {
            while (true) {
              work.once();
              if (first) {
                begun.countDown();
              }
              first = false;
            }
          } catch (RefusedException | RuntimeException | AssertionError e) {
            failures.add(e);
            if (first) {
              begun.countDown();
            }
          } catch (IOException e) {
            // The daemon was killed, which is what this is about.
          }
        });
  }

  private @Nullable LeaseWire wire;

  private void takeLease() throws IOException {
    if (wire == null) {
      wire = LeaseWire.connect(home.resolve("run/q.sock"));
    }
    int client = ++clients;
    try {
      String address = client % 2 == 0 ? wire.takeIpv4(client) : wire.takeIpv6(client);
      acknowledged.put(LeaseWire.macOf(client) + (client % 2 == 0 ? " 4" : " 6"), address);
    } catch (IOException e) {
      wire.close();
      wire = null;
      throw e;
    }
  }

  /** Gives some names another address, all at once, or takes them away. */
  private void edit() throws IOException {
    SplittableRandom own = new SplittableRandom(edits);
    List<String> names = new ArrayList<>();
    for (int i = 0; i <= own.nextInt(3); i++) {
      names.add("h" + own.nextInt(4) + i);
    }
    boolean away = own.nextInt(4) == 0;
    String address = away ? null : "10.9.1." + (1 + edits % 250);
    boolean unconfirmed = own.nextInt(40) == 0;
    Edit edit = new Edit(names, address, unconfirmed);
    LanyardClient client = Launched.client(home);
    List<ConfigEdit> changes = new ArrayList<>();
    for (String name : names) {
      if (address != null) {
        changes.add(new ConfigEdit.Set("networks.a.dns.hosts." + name, address));
      } else if (certain.containsKey(name)) {
        changes.add(new ConfigEdit.Remove("networks.a.dns.hosts." + name));
      }
    }
    if (changes.isEmpty()) {
      edits++;
      return;
    }
    confirming = false;
    asked = edit;
    PlanInfo done =
        client
            .configuration()
            .edit(changes, "edit " + edits, unconfirmed ? CONFIRMED : ChangeOptions.PLAIN)
            .value();
    if (unconfirmed) {
      confirming = true;
      client.configuration().confirm(done.revision());
    }
    take(edit);
    asked = null;
    edits++;
  }

  private void take(Edit edit) {
    for (String name : edit.names()) {
      if (edit.address() == null) {
        certain.remove(name);
      } else {
        certain.put(name, edit.address());
      }
    }
  }

  private void act(String guest) throws IOException {
    LanyardClient client = Launched.client(home);
    String state = client.guests().get(guest).value().state();
    GuestAction action =
        switch (state) {
          case "running" -> acts.get() % 3 == 0 ? GuestAction.RESET : GuestAction.KILL;
          case "paused" -> GuestAction.RESUME;
          default -> GuestAction.START;
        };
    try {
      client.guests().act(guest, action);
      acts.incrementAndGet();
    } catch (RefusedException e) {
      // Its state has changed meanwhile.
    }
  }

  private static void assertNoWarning(Launched daemon) throws IOException {
    List<String> warnings =
        (daemon.complained() + daemon.said())
            .lines()
            .filter(
                line -> line.contains("WARN") || line.contains("SEVERE") || line.contains("ERROR"))
            .filter(line -> !line.contains(TAKEN_BACK) && !line.contains(LINGERS))
            .toList();
    assertThat(warnings).as(daemon.complained()).isEmpty();
  }

  private void check(Launched daemon) throws IOException, InterruptedException {
    LanyardClient client = Launched.client(home);
    Map<String, String> known = new HashMap<>();
    Set<String> addresses = new HashSet<>();
    for (LeaseInfo lease : client.networks().leases("a").value()) {
      if (lease.state().equals("bound")) {
        known.put(lease.mac() + (lease.address().contains(":") ? " 6" : " 4"), canonical(lease));
        assertThat(addresses.add(lease.address())).as("one lease of " + lease.address()).isTrue();
      }
    }
    assertThat(known).containsAllEntriesOf(acknowledged);
    Map<String, String> hosts = hosts(client);
    Edit open = asked;
    asked = null;
    if (open != null && !hosts.equals(certain)) {
      boolean isKept = !open.unconfirmed() || confirming;
      assertThat(isKept).as("what nobody has confirmed is taken back").isTrue();
      take(open);
    }
    assertThat(hosts)
        .as("all that was answered, and what was not whole or not at all")
        .isEqualTo(certain);
    Await.until(
        () -> client.guests().list().value() + "\n" + daemon.complained(),
        () ->
            client.guests().list().value().stream()
                .map(GuestInfo::state)
                .allMatch("running"::equals));
    assertThat(qemus()).hasSizeLessThanOrEqualTo(1);
    assertThat(client.status().value().problems()).isEmpty();
    assertThat(adapter()).exists();
    assertThat(HostCommand.runLine("ip -n " + DEVICE + " -o link")).contains(" t0:");
    assertNoWarning(daemon);
  }

  private static String canonical(LeaseInfo lease) throws IOException {
    return java.net.InetAddress.getByName(lease.address()).getHostAddress();
  }

  private static Map<String, String> hosts(LanyardClient client) throws IOException {
    Map<String, String> hosts = new HashMap<>();
    String prefix = "networks.a.dns.hosts.";
    for (SettingInfo setting : client.configuration().get(false).value().settings()) {
      if (setting.path().startsWith(prefix)) {
        hosts.put(setting.path().substring(prefix.length()), setting.value());
      }
    }
    return hosts;
  }
}
