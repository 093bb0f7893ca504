package io.lanyard.daemon;

import static io.lanyard.daemon.DaemonHome.java;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.config.Document;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.DaemonHome.Running;
import io.lanyard.daemon.main.SystemdNotifier;
import io.lanyard.daemon.watch.Watchdog;
import io.lanyard.testing.Await;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainDatagramPacket;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The daemon as a process. Needs root: it drops privilege, and makes a TAP device. */
@Timeout(240)
final class DaemonIT {
  @TempDir Path home;
  private DaemonHome daemons;

  @BeforeEach
  void settle() {
    daemons = new DaemonHome(home);
  }

  @AfterEach
  void endAll() throws IOException, InterruptedException {
    daemons.close();
  }

  private static final String SMALL =
      "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.9.8.0/24}}}\n";

  @Test
  void aTermSignalEndsItCleanly() throws IOException, InterruptedException {
    Running daemon = daemons.daemon(SMALL, java());
    JsonNode status = daemons.await(daemon);
    assertThat(status.path("pid").asLong()).isEqualTo(daemon.process().pid());
    daemon.process().destroy();
    assertThat(daemon.exit()).isEqualTo(143);
    assertThat(daemon.said()).contains("event=ready ", "event=stopping", "event=stopped");
    assertThat(home.resolve("run/api.sock")).doesNotExist();
  }

  @Test
  void aSecondDaemonIsRefusedAndTheFirstLivesOn() throws IOException, InterruptedException {
    Running first = daemons.daemon(SMALL, java());
    daemons.await(first);
    Running second = daemons.daemon(SMALL, java());
    assertThat(second.exit()).isEqualTo(1);
    assertThat(second.said())
        .contains("another daemon (process " + first.process().pid() + ")")
        .contains("--state-dir");
    assertThat(daemons.get("/v1/status").path("pid").asLong()).isEqualTo(first.process().pid());
  }

  @Test
  void afterKillNineTheNextDaemonStarts() throws IOException, InterruptedException {
    Running first = daemons.daemon(SMALL, java());
    daemons.await(first);
    first.process().destroyForcibly().waitFor();
    Running second = daemons.daemon(SMALL, java());
    assertThat(daemons.await(second).path("pid").asLong()).isEqualTo(second.process().pid());
  }

  /** Twenty forwards of a network, all to one address. */
  private static String forwards(int[] listen, String to) {
    StringBuilder yaml = new StringBuilder(SMALL.replace("}}}\n", "}, forwards: ["));
    for (int port : listen) {
      yaml.append("{protocol: tcp, listen: '127.0.0.1:%d', to: '%s:80'}, ".formatted(port, to));
    }
    return yaml.append("]}}\n").toString();
  }

  private Set<String> targets() throws IOException {
    Set<String> all = new HashSet<>();
    daemons.get("/v1/forwards").forEach(forward -> all.add(forward.path("to").asText()));
    return all;
  }

  @Test
  void killNineInTheMiddleOfAChangeLeavesTheOldOrTheNew() throws Exception {
    int[] listen = FreePorts.some(20);
    Running daemon = daemons.daemon(forwards(listen, "10.9.8.9"), java());
    daemons.await(daemon);
    for (int i = 0; i < 6; i++) {
      String to = i % 2 == 0 ? "10.9.8.10" : "10.9.8.9";
      HttpClient client = new HttpClient(home.resolve("run/api.sock"));
      CountDownLatch asked = new CountDownLatch(1);
      Thread changes =
          Thread.ofVirtual()
              .start(() -> {
                asked.countDown();
                try (HttpClient.Answer answer =
                    client.send(
                        "PUT",
                        "/v1/config?yes=true&source=" + home.resolve("other.yaml"),
                        Map.of("Content-Type", "application/yaml"),
                        forwards(listen, to).getBytes(UTF_8))) {
                  answer.bytes();
                } catch (IOException e) {
                  // The daemon was killed.
                }
              });
      asked.await();
      TimeUnit.MILLISECONDS.sleep(4L * i); // earlier, and later, in the change
      daemon.process().destroyForcibly().waitFor();
      changes.join();
      daemon = daemons.daemon(forwards(listen, "10.9.8.9"), java());
      daemons.await(daemon);
      Set<String> targets = targets();
      assertThat(targets).as("all or nothing").hasSize(1);
      assertThat(daemons.get("/v1/forwards")).hasSize(listen.length);
    }
  }

  @Test
  void aBadConfigurationIsExitCodeOneWithItsPlace() throws IOException, InterruptedException {
    Running daemon = daemons.daemon("version: 1\nnetworks: {a: {mod: nat}}\n", java());
    assertThat(daemon.exit()).isEqualTo(1);
    assertThat(daemon.said()).contains("lanyard.yaml:2:").contains("mode").doesNotContain("\tat ");
  }

  @Test
  void aMissingConfigurationIsSaid() throws IOException, InterruptedException {
    Running daemon = daemons.run(java(), "--config", home.resolve("none.yaml").toString());
    assertThat(daemon.exit()).isEqualTo(1);
    assertThat(daemon.said()).contains("none.yaml").contains("no such file");
  }

  @Test
  void aStateDirectoryThatCannotBeWrittenIsSaid() throws IOException, InterruptedException {
    Files.writeString(home.resolve("file"), "");
    Running daemon =
        daemons.run(
            java(),
            "--state-dir",
            home.resolve("file/state").toString(),
            "--runtime-dir",
            home.resolve("run").toString());
    assertThat(daemon.exit()).isEqualTo(1);
    assertThat(daemon.said()).contains("cannot write to " + home.resolve("file/state"));
  }

  @Test
  void aFullDiskIsSaid() throws IOException, InterruptedException {
    Path disk = Files.createDirectory(home.resolve("disk"));
    // A file system of its own, in a namespace of its own that ends with the daemon.
    String full =
        "mount -t tmpfs -o size=64k,mode=0700 tmpfs \"$0\" && head -c 65536 /dev/zero >\"$0\"/all"
            + " 2>/dev/null; exec \"$@\"";
    Running daemon =
        daemons.run(
            java("unshare", "--mount", "sh", "-c", full, disk.toString()),
            "--config",
            Files.writeString(home.resolve("l.yaml"), SMALL).toString(),
            "--state-dir",
            disk.toString(),
            "--runtime-dir",
            home.resolve("run").toString());
    assertThat(daemon.exit()).isEqualTo(1);
    assertThat(daemon.said())
        .contains("the disk of " + disk + " is full")
        .contains("make room")
        .doesNotContain("\tat ");
  }

  @Test
  void badUsageIsExitCodeTwo() throws IOException, InterruptedException {
    assertThat(daemons.run(java(), "--nonsense").exit()).isEqualTo(2);
  }

  @Test
  void aTapWithoutPrivilegeFailsItsPortAndTheRestRuns() throws IOException, InterruptedException {
    daemons.expectWarning("event=port-failed .* port=\"t\" ");
    Running daemon =
        daemons.daemon(
            """
            version: 1
            networks:
              a:
                mode: nat
                ipv4: {subnet: 10.9.8.0/24}
                ports: [{name: t, kind: tap, device: lanyardit0}]
            """,
            java("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"));
    JsonNode status = daemons.await(daemon);
    assertThat(status.path("problems").toString()).contains("port t").contains("CAP_NET_ADMIN");
    assertThat(daemons.get("/v1/networks/a").path("state").asText()).isEqualTo("running");
    assertThat(daemons.get("/v1/ports").toString()).contains("gateway");
  }

  @Test
  void withoutAFileAndPrivilegeThereIsNoHostOnlyNetworkAndNoProblem()
      throws IOException, InterruptedException {
    Running daemon =
        daemons.run(
            java(
                "env",
                "HOME=" + home,
                "XDG_CONFIG_HOME=" + home,
                "setpriv",
                "--bounding-set=-net_admin",
                "--inh-caps=-net_admin"),
            "--state-dir",
            home.resolve("state").toString(),
            "--runtime-dir",
            home.resolve("run").toString());
    JsonNode status = daemons.await(daemon);
    assertThat(status.path("problems")).as(status.toString()).isEmpty();
    assertThat(daemons.get("/v1/networks").findValuesAsText("name")).containsExactly("vmnet8");
    assertThat(daemon.said())
        .containsOnlyOnce("event=network-left-out network=\"vmnet1\"")
        .contains("CAP_NET_ADMIN");
    // A part that somebody asks for is not left out in silence.
    try (HttpClient.Answer answer =
        new HttpClient(home.resolve("run/api.sock"))
            .send(
                "PUT",
                "/v1/networks/h",
                Map.of(),
                "{mode: host-only, ipv4: {subnet: 10.9.8.0/24}}".getBytes(UTF_8))) {
      assertThat(answer.status()).isEqualTo(409);
      assertThat(new String(answer.bytes(), UTF_8))
          .contains("networks.h")
          .contains("CAP_NET_ADMIN");
    }
  }

  /** The messages to a NOTIFY_SOCKET. */
  private static final class Systemd implements AutoCloseable {
    final BlockingQueue<String> received = new LinkedBlockingQueue<>();
    private final EventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

    Systemd(Path socket) throws InterruptedException {
      new Bootstrap()
          .group(loop)
          .channel(EpollDomainDatagramChannel.class)
          .handler(
              new SimpleChannelInboundHandler<DomainDatagramPacket>() {
                @Override
                protected void channelRead0(
                    ChannelHandlerContext context, DomainDatagramPacket packet) {
                  received.add(packet.content().toString(UTF_8));
                }
              })
          .bind(new DomainSocketAddress(socket.toString()))
          .sync();
    }

    String next() throws InterruptedException {
      return received.poll(DaemonHome.START_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  @Test
  void systemdIsTold() throws IOException, InterruptedException {
    Path notify = home.resolve("notify.sock");
    try (Systemd systemd = new Systemd(notify)) {
      Running daemon = daemons.daemon(SMALL, java("env", "NOTIFY_SOCKET=" + notify));
      daemons.await(daemon);
      assertThat(systemd.next()).as(daemon.said()).startsWith("READY=1\n");
      daemon.process().destroy();
      assertThat(daemon.exit()).isEqualTo(143);
      assertThat(systemd.next()).isEqualTo("STOPPING=1\nEXTEND_TIMEOUT_USEC=20000000");
    }
  }

  @Test
  void aSecondSignalDoesNotWaitForGuestsToStop() throws IOException, InterruptedException {
    Running daemon =
        daemons.daemon(
            SMALL
                + "guests: {g: {vmm: echo, memory: 64M, program: /bin/true, stop-timeout: 5m, "
                + "options: {button: ignored}}}\n",
            java());
    daemons.await(daemon);
    await(daemon, "event=guest-state-changed guest=\"g\" from=\"created\" to=\"running\"");
    daemon.process().destroy();
    await(daemon, "event=stopping");
    assertThat(daemon.process().isAlive()).isTrue();
    daemon.process().destroy();
    assertThat(daemon.exit()).isEqualTo(143);
    assertThat(daemon.said()).contains("guest=\"g\" cause=\"it is not to be waited for\"");
  }

  private static void await(Running daemon, String line) throws IOException, InterruptedException {
    Await.until(() -> daemon.said(), () -> daemon.said().contains(line));
  }

  @Test
  void systemdHearsThatTheDaemonLives() throws IOException, InterruptedException {
    Path notify = home.resolve("notify.sock");
    try (Systemd systemd = new Systemd(notify)) {
      Running daemon =
          daemons.daemon(SMALL, java("env", "NOTIFY_SOCKET=" + notify, "WATCHDOG_USEC=400000"));
      assertThat(systemd.next()).as(daemon.said()).startsWith("READY=1\n");
      for (int i = 0; i < 5; i++) {
        assertThat(systemd.next()).isEqualTo("WATCHDOG=1");
      }
      daemon.process().destroyForcibly().waitFor(); // it would miss the socket
    }
  }

  @Test
  void systemdHearsNothingFromADaemonOneOfWhoseLoopsHangs() throws Exception {
    Path notify = home.resolve("notify.sock");
    LogWatch.expect("event=loop-silent loop=\"network a\"");
    Map<String, String> environment =
        Map.of("NOTIFY_SOCKET", notify.toString(), "WATCHDOG_USEC", "400000");
    try (Systemd systemd = new Systemd(notify);
        SystemdNotifier notifier = new SystemdNotifier(environment);
        Daemon daemon = Daemon.open(settings());
        Watchdog watchdog = daemon.watchdog()) {
      watchdog.start(notifier.watchdog(), notifier::alive);
      assertThat(systemd.next()).isEqualTo("WATCHDOG=1");
      CountDownLatch release = new CountDownLatch(1);
      daemon.network("a").eventLoop().execute(() -> awaitUninterruptibly(release));
      Await.until(() -> !watchdog.problems().isEmpty());
      systemd.received.clear();
      assertThat(systemd.received.poll(2, TimeUnit.SECONDS)).isNull();
      assertThat(daemon.status().problems().toString()).contains("network a: it has not answered");
      release.countDown();
      assertThat(systemd.next()).isEqualTo("WATCHDOG=1");
      assertThat(watchdog.problems()).isEmpty();
    }
  }

  private Daemon.Settings settings() throws Exception {
    return Daemon.Settings.of(Document.of("test", SMALL, home), InProcessDaemon.directories(home));
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
