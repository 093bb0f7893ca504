package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.config.ConfigurationCheck;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.testing.HostCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A host that has no libpcap: what needs it says what to install, and the rest works. The library
 * is hidden in a mount namespace of the processes' own. Needs root, iproute2 and overlayfs.
 */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class WithoutPcapIT {
  private static final String NAMESPACE = "lywp" + ProcessHandle.current().pid() % 100_000;

  /** Lays an empty layer over the library's directory and removes it there. */
  private static final String HIDE =
      """
      set -e
      found=$(ldconfig -p | sed -n 's/.*libpcap[.]so.* => //p' | head -1)
      test -n "$found"
      d=$(dirname "$(readlink -f "$found")")
      mount -t tmpfs -o mode=0700 tmpfs "$0"
      mkdir "$0/upper" "$0/work"
      mount -t overlay overlay -o "lowerdir=$d,upperdir=$0/upper,workdir=$0/work" "$d"
      rm -f "$d"/libpcap.so*
      exec "$@"
      """;

  private static final String INSTALL =
      "libpcap cannot be loaded; install it (Debian's package libpcap0.8t64";

  @TempDir Path home;
  private Path layer;
  private Path file;
  private Process daemon;

  private Process start(String main, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", HIDE, layer.toString()));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dio.netty.noUnsafe=false",
            "-cp",
            System.getProperty("java.class.path") + ":" + home.resolve("services"),
            main));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(home.resolve("said-" + main).toFile())
        .start();
  }

  private String said(String main) throws IOException {
    return Files.readString(home.resolve("said-" + main));
  }

  @BeforeEach
  void makeHost() throws Exception {
    layer = Files.createDirectory(home.resolve("layer"));
    // As the daemon's module says it, where there are modules.
    Path services = Files.createDirectories(home.resolve("services/META-INF/services"));
    Files.writeString(
        services.resolve(ConfigurationCheck.class.getName()),
        "io.lanyard.daemon.guest.GuestCheck\n");
    HostCommand.runLine("ip netns add " + NAMESPACE);
    HostCommand.runLine("ip -n " + NAMESPACE + " link add w0 type veth peer name w1");
    HostCommand.runLine("ip -n " + NAMESPACE + " link set w0 up");
    HostCommand.runLine("ip -n " + NAMESPACE + " link set w1 up");
    HostCommand.runLine("ip -n " + NAMESPACE + " link add free type veth peer name peer");
    HostCommand.runLine("ip -n " + NAMESPACE + " link set free up");
    HostCommand.runLine("ip -n " + NAMESPACE + " link set peer up");
    file =
        Files.writeString(
            home.resolve("l.yaml"),
            """
            version: 1
            networks:
              by-pcap: {mode: bridged, uplink: {interface: w0, netns: %1$s, driver: pcap}}
              by-packet: {mode: bridged, uplink: {interface: w1, netns: %1$s, shared-mac: no}}
              a: {mode: nat, ipv4: {subnet: 10.95.17.0/24}}
            """
                .formatted(NAMESPACE));
  }

  @AfterEach
  void stop() throws Exception {
    if (daemon != null) {
      daemon.destroyForcibly().waitFor();
    }
    HostCommand.runLine("ip netns del " + NAMESPACE);
  }

  private Path socket() {
    return home.resolve("run/api.sock");
  }

  private void startDaemon() throws Exception {
    daemon =
        start(
            "io.lanyard.daemon.main.Main",
            "--config",
            file.toString(),
            "--state-dir",
            home.resolve("state").toString(),
            "--runtime-dir",
            home.resolve("run").toString());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try {
        var _ = LanyardClient.of(socket()).status();
        return;
      } catch (IOException e) {
        assertThat(daemon.isAlive()).as(said("io.lanyard.daemon.main.Main")).isTrue();
        assertThat(System.nanoTime()).isLessThan(deadline);
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  private JsonNode port(Said said, String network) throws IOException {
    assertThat(said.run(socket(), "port show " + network + "/uplink --json")).isZero();
    return Launched.JSON.readTree(said.out());
  }

  @Test
  void whatNeedsItSaysWhatToInstallAndTheRestWorks() throws Exception {
    Process check = start("io.lanyard.cli.Lanyard", "check", file.toString());
    assertThat(check.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(said("io.lanyard.cli.Lanyard"))
        .contains("l.yaml:3:", "networks.by-pcap.uplink.driver: warning: " + INSTALL)
        .contains(": good, networks 3")
        .doesNotContain("networks.by-packet.uplink");
    assertThat(check.exitValue()).isZero();

    startDaemon();
    try (Said said = new Said()) {
      assertThat(said.run(socket(), "uplink ls --netns " + NAMESPACE)).isZero();
      assertThat(said.out().lines())
          .anyMatch(line ->
              line.startsWith("free ") && line.contains(" packet ") && line.contains(INSTALL))
          .anyMatch(line -> line.startsWith("w0 ") && line.contains("network by-pcap has it"));

      JsonNode uplink = port(said, "by-pcap");
      assertThat(uplink.path("state").asText()).isEqualTo("failed");
      assertThat(uplink.path("problem").asText()).contains(INSTALL);
      assertThat(port(said, "by-packet").path("state").asText()).isEqualTo("up");
      assertThat(said.run(socket(), "status")).isEqualTo(3);
      assertThat(said.out()).contains("by-pcap", INSTALL);

      Path filtered = home.resolve("filtered");
      List<String> capture = List.of("capture", "a", "-w", filtered.toString(), "--filter", "icmp");
      assertThat(said.run(socket(), capture)).isEqualTo(1);
      assertThat(said.err())
          .contains("no filter can be compiled: " + INSTALL, "leave the filter out");
      assertThat(said.run(socket(), "network show a")).isZero();
    }
    assertThat(said("io.lanyard.daemon.main.Main")).contains(INSTALL);
  }
}
