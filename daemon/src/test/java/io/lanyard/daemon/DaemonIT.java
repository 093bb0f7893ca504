package io.lanyard.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.control.http.HttpClient;
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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The daemon as a process. Needs root: it drops privilege, and makes a TAP device. */
@Timeout(120)
final class DaemonIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int START_SECONDS = 60;

  @TempDir Path home;
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void endAll() throws InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
  }

  private static List<String> java(String... before) {
    List<String> command = new ArrayList<>(List.of(before));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dio.netty.noUnsafe=false",
            "-cp",
            System.getProperty("java.class.path"),
            "io.lanyard.cli.Lanyard"));
    return command;
  }

  private record Running(Process process, Path log) {
    String said() throws IOException {
      return Files.readString(log);
    }

    int exit() throws InterruptedException {
      assertThat(process.waitFor(START_SECONDS, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    }
  }

  private Running run(List<String> command, String... arguments) throws IOException {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of(arguments));
    Path log = home.resolve("log-" + processes.size());
    Process process =
        new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    processes.add(process);
    return new Running(process, log);
  }

  private Running daemon(String configuration, List<String> command) throws IOException {
    Path file = home.resolve("lanyard.yaml");
    Files.writeString(file, configuration);
    return run(
        command,
        "daemon",
        "--config",
        file.toString(),
        "--state-dir",
        home.resolve("state").toString(),
        "--runtime-dir",
        home.resolve("run").toString());
  }

  private JsonNode await(Running daemon) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (true) {
      try {
        return get("/v1/status");
      } catch (IOException e) {
        assertThat(daemon.process().isAlive()).as(daemon.said()).isTrue();
        assertThat(System.nanoTime()).as(daemon.said()).isLessThan(deadline);
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  private JsonNode get(String target) throws IOException {
    try (HttpClient.Answer answer =
        new HttpClient(home.resolve("run/api.sock")).send("GET", target)) {
      return JSON.readTree(answer.bytes());
    }
  }

  private static final String SMALL =
      "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.9.8.0/24}}}\n";

  @Test
  void aTermSignalEndsItCleanly() throws IOException, InterruptedException {
    Running daemon = daemon(SMALL, java());
    JsonNode status = await(daemon);
    assertThat(status.path("pid").asLong()).isEqualTo(daemon.process().pid());
    daemon.process().destroy();
    assertThat(daemon.exit()).isEqualTo(143);
    assertThat(daemon.said()).contains("ready ").contains("stopping").contains("stopped");
    assertThat(home.resolve("run/api.sock")).doesNotExist();
  }

  @Test
  void aSecondDaemonIsRefusedAndTheFirstLivesOn() throws IOException, InterruptedException {
    Running first = daemon(SMALL, java());
    await(first);
    Running second = daemon(SMALL, java());
    assertThat(second.exit()).isEqualTo(1);
    assertThat(second.said())
        .contains("another daemon (process " + first.process().pid() + ")")
        .contains("--state-dir");
    assertThat(get("/v1/status").path("pid").asLong()).isEqualTo(first.process().pid());
  }

  @Test
  void afterKillNineTheNextDaemonStarts() throws IOException, InterruptedException {
    Running first = daemon(SMALL, java());
    await(first);
    first.process().destroyForcibly().waitFor();
    Running second = daemon(SMALL, java());
    assertThat(await(second).path("pid").asLong()).isEqualTo(second.process().pid());
  }

  @Test
  void aBadConfigurationIsExitCodeOneWithItsPlace() throws IOException, InterruptedException {
    Running daemon = daemon("version: 1\nnetworks: {a: {mod: nat}}\n", java());
    assertThat(daemon.exit()).isEqualTo(1);
    assertThat(daemon.said()).contains("lanyard.yaml:2:").contains("mode").doesNotContain("\tat ");
  }

  @Test
  void aMissingConfigurationIsSaid() throws IOException, InterruptedException {
    Running daemon = run(java(), "daemon", "--config", home.resolve("none.yaml").toString());
    assertThat(daemon.exit()).isEqualTo(1);
    assertThat(daemon.said()).contains("none.yaml").contains("no such file");
  }

  @Test
  void aStateDirectoryThatCannotBeWrittenIsSaid() throws IOException, InterruptedException {
    Files.writeString(home.resolve("file"), "");
    Running daemon =
        run(
            java(),
            "daemon",
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
        "mount -t tmpfs -o size=64k tmpfs \"$0\" && head -c 65536 /dev/zero >\"$0\"/all 2>/dev/null;"
            + " exec \"$@\"";
    Running daemon =
        run(
            java("unshare", "--mount", "sh", "-c", full, disk.toString()),
            "daemon",
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
    assertThat(run(java(), "daemon", "--nonsense").exit()).isEqualTo(2);
  }

  @Test
  void aTapWithoutPrivilegeFailsItsPortAndTheRestRuns() throws IOException, InterruptedException {
    Running daemon =
        daemon(
            """
            version: 1
            networks:
              a:
                mode: nat
                ipv4: {subnet: 10.9.8.0/24}
                ports: [{name: t, kind: tap, device: lanyardit0}]
            """,
            java("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"));
    JsonNode status = await(daemon);
    assertThat(status.path("problems").toString()).contains("port t").contains("CAP_NET_ADMIN");
    assertThat(get("/v1/networks/a").path("state").asText()).isEqualTo("running");
    assertThat(get("/v1/ports").toString()).contains("gateway");
  }

  @Test
  void systemdIsTold() throws IOException, InterruptedException {
    Path notify = home.resolve("notify.sock");
    BlockingQueue<String> received = new LinkedBlockingQueue<>();
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try {
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
          .bind(new DomainSocketAddress(notify.toString()))
          .sync();
      Running daemon = daemon(SMALL, java("env", "NOTIFY_SOCKET=" + notify));
      await(daemon);
      assertThat(received.poll(START_SECONDS, TimeUnit.SECONDS))
          .as(daemon.said())
          .startsWith("READY=1\n");
      daemon.process().destroy();
      assertThat(daemon.exit()).isEqualTo(143);
      assertThat(received.poll(START_SECONDS, TimeUnit.SECONDS)).isEqualTo("STOPPING=1");
    } finally {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }
}
