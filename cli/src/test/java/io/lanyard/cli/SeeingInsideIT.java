package io.lanyard.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.base.Directories;
import io.lanyard.config.Document;
import io.lanyard.control.ControlServer;
import io.lanyard.daemon.Daemon;
import io.lanyard.testing.Await;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A running daemon shows two guests: one by an ordinary TAP port, and one that stands for the host,
 * behind a shield. Needs root, iproute2, ping, udhcpc and tshark.
 */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SeeingInsideIT {
  private static final String PREFIX = "lysi" + ProcessHandle.current().pid() % 100_000;
  private static final String GUEST = PREFIX + "g";
  private static final String SHIELDED = PREFIX + "s";
  private static final List<String> NAMESPACES = List.of(GUEST, SHIELDED);

  @TempDir Path home;
  private Directories directories;
  private Daemon daemon;
  private ControlServer server;

  @BeforeEach
  void start() throws Exception {
    for (String namespace : NAMESPACES) {
      run("ip netns add " + namespace);
    }
    directories = new Directories(home.resolve("s"), home.resolve("r"), home.resolve("i"));
    Document document =
        Document.of(
            "test",
            """
            version: 1
            networks:
              a:
                mode: nat
                ipv4: {subnet: 10.94.17.0/24}
                ipv6: {subnet: "fd94:17:0:17::/64"}
                egress: {nat64-prefixes: []}
                history: 1M
                ports:
                  - {name: guest, kind: tap, device: t0, netns: %s}
                  - {name: own, kind: tap, device: t0, netns: %s, host-shield: true}
            """
                .formatted(GUEST, SHIELDED),
            home);
    daemon = Daemon.open(Daemon.Settings.of(document, directories));
    server = ControlServer.bind(daemon, directories.socket(), null);
    daemon.startGuests();
    for (int i = 0; i < NAMESPACES.size(); i++) {
      String ip = "ip -n " + NAMESPACES.get(i) + " ";
      run(ip + "link set t0 address 52:54:00:00:17:0" + (i + 1));
      run(ip + "link set t0 up");
    }
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    daemon.close();
    for (String namespace : NAMESPACES) {
      run("ip netns del " + namespace);
    }
  }

  private record Done(int status, String said) {}

  private static Done attempt(String command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(("timeout 60 " + command).split(" ", -1))
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Done(process.waitFor(), said);
  }

  private static String run(String command) throws IOException, InterruptedException {
    Done done = attempt(command);
    assertThat(done.status()).as("%s: %s", command, done.said()).isZero();
    return done.said();
  }

  private static String in(String namespace, String command)
      throws IOException, InterruptedException {
    return run("ip netns exec " + namespace + " " + command);
  }

  private String ask(String command) {
    try (Said said = new Said()) {
      int status = said.run(directories.socket(), command);
      assertThat(status).as("%s: %s", command, said.err()).isZero();
      return said.out();
    }
  }

  /** Advertisements and DHCP configure the guest, and not the device behind the shield. */
  private void configure() throws Exception {
    String udhcpc = "udhcpc -i t0 -n -q -f -t 3 -T 1 -s /bin/true";
    assertThat(in(GUEST, udhcpc)).contains("lease of 10.94.17.");
    Done shielded = attempt("ip netns exec " + SHIELDED + " " + udhcpc);
    assertThat(shielded.status()).as(shielded.said()).isNotZero();
    Await.until(
        "the guest's own address",
        () -> run("ip -n " + GUEST + " -6 addr show dev t0").contains("fd94:17:0:17:"));
    assertThat(run("ip -n " + SHIELDED + " -6 addr show dev t0")).doesNotContain("fd94:17");
    assertThat(run("ip -n " + SHIELDED + " -6 route show default")).isBlank();
    JsonNode port = Launched.JSON.readTree(ask("port show a/own --json"));
    assertThat(port.path("transmitDrops").path("guard-server").asLong()).isPositive();
    run("ip -n " + GUEST + " addr add 10.94.17.50/24 dev t0");
    run("ip -n " + SHIELDED + " addr add 10.94.17.51/24 dev t0");
    for (int i = 0; i < 2; i++) {
      assertThat(in(GUEST, "ping -n -c 1 -W 60 10.94.17.51")).contains(" 0% packet loss");
    }
    in(SHIELDED, "ping -n -c 1 -W 60 10.94.17.2");
  }

  private static long echoes(Path file) throws Exception {
    return run("tshark -nr " + file + " -T fields -e icmp.ident -Y icmp")
        .lines()
        .filter(line -> line.matches("\\d+(,\\d+)*"))
        .count();
  }

  @Test
  void aCaptureOfTrafficEndsAtItsNumberOrItsSizeAndRotates() throws Exception {
    run("ip -n " + GUEST + " addr add 10.94.17.50/24 dev t0");
    String ping = "ip netns exec " + GUEST + " ping -n -i 0.002 -s 1000 10.94.17.2";
    Process traffic =
        new ProcessBuilder(ping.split(" "))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectErrorStream(true)
            .start();
    try {
      Path counted = home.resolve("counted");
      ask("capture a/guest -c 20 --filter icmp -w " + counted);
      assertThat(echoes(counted)).isEqualTo(20);

      Path limited = home.resolve("limited");
      ask("capture a/guest --max-size 64K --filter icmp -w " + limited);
      assertThat(Files.size(limited)).isBetween(60L << 10, 64L << 10);

      ask("capture a/guest --max-size 200K --rotate 32K --files 2 --filter icmp -w " + limited);
      for (int gone = 1; gone <= 5; gone++) {
        assertThat(home.resolve("limited." + gone)).doesNotExist();
      }
      assertThat(Files.size(home.resolve("limited.6"))).isBetween(28L << 10, 32L << 10);
      assertThat(echoes(home.resolve("limited.6"))).isGreaterThan(20);
      assertThat(echoes(home.resolve("limited.7"))).isPositive();
    } finally {
      traffic.destroyForcibly().onExit().join();
    }
  }

  @Test
  void aGuestsAddressesItsPlaceAndItsLastFramesAreSeenAndAShieldedHostIsNotConfigured()
      throws Exception {
    configure();

    String macs = ask("mac ls a");
    assertThat(macs.lines())
        .anyMatch(
            line -> line.matches("a +52:54:00:00:17:01 .*guest +learned .*10\\.94\\.17\\.\\d+.*"))
        .anyMatch(line -> line.matches("a +52:54:00:00:17:02 .*own +learned .*10\\.94\\.17\\.51.*"))
        .anyMatch(line -> line.matches("a +\\S+ .*gateway +pinned .*"));

    assertThat(ask("topology"))
        .contains("a  nat  running  10.94.17.0/24")
        .containsPattern("─ guest  tap  up  device=t0 netns=" + GUEST + "\n.*52:54:00:00:17:01")
        .containsPattern("─ own  tap  up  device=t0 netns=" + SHIELDED + "\n.*52:54:00:00:17:02");
    assertThat(ask("topology --dot"))
        .startsWith("graph lanyard {\n")
        .contains("\"switch a\" -- \"port a/guest\"", "52:54:00:00:17:02  10.94.17.51");
    String svg = ask("topology --svg");
    assertThat(
            DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(UTF_8)))
                .getDocumentElement()
                .getTextContent())
        .contains("guest  tap  up", "52:54:00:00:17:01");

    Path file = home.resolve("last.pcapng");
    ask("capture a/guest --last 30s -w " + file);
    String echoes = run("tshark -nr " + file + " -Y icmp.type==8 -T fields -e ip.src -e ip.dst");
    assertThat(echoes.lines().filter("10.94.17.50\t10.94.17.51"::equals)).hasSize(2);
    // Another port's ring does not have what passed this one alone.
    Path gateway = home.resolve("gateway.pcapng");
    ask("capture a/gateway --last 30s -w " + gateway);
    assertThat(run("tshark -nr " + gateway + " -Y icmp.type==8")).doesNotContain("10.94.17.50");
    assertThat(run("tshark -nr " + gateway + " -Y dhcp")).contains("DHCP");
  }
}
