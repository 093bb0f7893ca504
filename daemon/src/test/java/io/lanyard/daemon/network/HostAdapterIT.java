package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.control.api.UplinkInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.linux.Ifreq;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import io.lanyard.testing.LogWatch;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The host's own device on a network, in both families. Needs root, iproute2 and ping. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostAdapterIT {
  private static final long PID = ProcessHandle.current().pid() % 100_000;
  private static final String NAMESPACE = "lyha" + PID;
  private static final String ADAPTER = "lyha" + PID;

  @TempDir Path home;
  private @Nullable Daemon daemon;

  @BeforeEach
  void makeNamespace() throws Exception {
    HostCommand.runLine("ip netns add " + NAMESPACE);
  }

  @AfterEach
  void stop() throws Exception {
    close();
    HostCommand.runLine("ip netns del " + NAMESPACE);
    if (Ifreq.exists(ADAPTER)) {
      HostCommand.runLine("ip link del " + ADAPTER);
    }
  }

  private void close() {
    if (daemon != null) {
      daemon.close();
      daemon = null;
    }
  }

  private Daemon open(boolean persistent, int subnet) throws Exception {
    return open("mode: host-only", persistent, subnet);
  }

  private Daemon open(String keys, boolean persistent, int subnet) throws Exception {
    Daemon made =
        InProcessDaemon.open(
            home,
            """
            version: 1
            networks:
              a:
                %5$s
                ipv4: {subnet: 10.93.%2$d.0/24}
                ipv6: {subnet: "fd93:17:0:%2$d::/64"}
                guard: learn
                host-adapter: {name: %1$s, persistent: %3$s}
                ports: [{name: guest, kind: tap, device: t0, netns: %4$s}]
            """
                .formatted(ADAPTER, subnet, persistent, NAMESPACE, keys));
    daemon = made;
    return made;
  }

  private static void addressTheGuest() throws Exception {
    String ip = "ip -n " + NAMESPACE + " ";
    HostCommand.runLine(ip + "link set t0 up");
    HostCommand.runLine(ip + "addr add 10.93.17.50/24 dev t0");
    HostCommand.runLine(ip + "addr add fd93:17:0:17::50/64 dev t0 nodad");
    // It asks for its neighbours as long as the loop stands still, as the whole host may.
    HostCommand.runIn(
        NAMESPACE,
        "sysctl -qw net.ipv4.neigh.t0.mcast_solicit=60 net.ipv6.neigh.t0.mcast_solicit=60");
  }

  /** Waits until the host itself gets through to the guest. */
  private static void awaitGuest(String address) {
    Await.until(
        address,
        () ->
            HostCommand.runScript("ping -n -c 1 " + address + " || true")
                .contains(" 0% packet loss"));
  }

  @ParameterizedTest
  @CsvSource({"10.93.99.1, 10.93.17.1, 32", "fd93:99::1, fd93:17:0:17::1, 128"})
  void nobodyGoesPastTheGatewayByTheHostsOtherAddresses(String other, String own, int length)
      throws Exception {
    String dummy = "lyhd" + PID;
    HostCommand.runLine("ip link add " + dummy + " type veth peer name " + dummy + "p");
    try {
      HostCommand.runLine("ip link set " + dummy + " up");
      String nodad = length == 128 ? " nodad" : "";
      HostCommand.runLine("ip addr add " + other + "/" + length + " dev " + dummy + nodad);
      open(false, 17);
      addressTheGuest();
      HostCommand.runLine(
          "ip -n " + NAMESPACE + " route add " + other + "/" + length + " via " + own);
      assertThat(BridgedIT.reaches(NAMESPACE, own)).isTrue();
      assertThat(BridgedIT.isSilent(NAMESPACE, other)).isTrue();
      assertThat(LogWatch.count("the host's adapter does not lead further")).isPositive();
    } finally {
      HostCommand.runLine("ip link del " + dummy);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.93.17.1", "fd93:17:0:17::1"})
  void aNameServerOfTheHostsIsClosedWhereRulesAreAboutNames(String own) throws Exception {
    String rules =
        "egress: {default: deny, nat64-prefixes: [], rules: [{allow: 'good.example:443'}]}";
    open("mode: nat\n    " + rules, false, 17);
    addressTheGuest();
    InetAddress host = InetAddress.getByName(own);
    try (ServerSocket names = new ServerSocket(53, 9, host);
        ServerSocket other = new ServerSocket(5300, 9, host)) {
      assertThat(connects(other, 60_000)).isTrue();
      assertThat(connects(names, 2_000)).isFalse();
      assertThat(LogWatch.count("names are asked of the gateway, and not of the host"))
          .isPositive();
    }
  }

  /** As containers have it: a device of its own MAC address, on the adapter or on a bridge. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ip link add link ADAPTER name DEVICE type macvlan mode bridge",
        "ip link add BRIDGE type bridge; ip link set BRIDGE up; ip link set ADAPTER master BRIDGE;"
            + " ip link add DEVICE type veth peer name BRIDGEp; ip link set BRIDGEp up;"
            + " ip link set BRIDGEp master BRIDGE"
      })
  void aDeviceOnTopOfTheAdapterIsAStationOfTheNetwork(String stack) throws Exception {
    open(false, 17);
    addressTheGuest();
    String device = "lyhd" + PID;
    String bridge = "lyhb" + PID;
    String inside = "lyhc" + PID;
    HostCommand.runLine("ip netns add " + inside);
    try {
      for (String line : stack.split(";", -1)) {
        HostCommand.runLine(
            line.strip()
                .replace("ADAPTER", ADAPTER)
                .replace("DEVICE", device)
                .replace("BRIDGE", bridge));
      }
      HostCommand.runLine("ip link set " + device + " netns " + inside);
      String ip = "ip -n " + inside + " ";
      HostCommand.runLine(ip + "link set " + device + " up");
      HostCommand.runLine(ip + "addr add 10.93.17.60/24 dev " + device);
      HostCommand.runLine(ip + "addr add fd93:17:0:17::60/64 dev " + device + " nodad");
      HostCommand.runLine(ip + "addr add 10.93.99.1/32 dev " + device);
      HostCommand.runLine("ip -n " + NAMESPACE + " route add 10.93.99.1/32 via 10.93.17.60");
      assertThat(BridgedIT.reaches(NAMESPACE, "10.93.17.60")).isTrue();
      assertThat(BridgedIT.reaches(NAMESPACE, "fd93:17:0:17::60")).isTrue();
      assertThat(BridgedIT.isSilent(NAMESPACE, "10.93.99.1"))
          .as("what is beyond the network")
          .isTrue();
    } finally {
      HostCommand.runLine("ip netns del " + inside);
      if (Ifreq.exists(bridge)) {
        HostCommand.runLine("ip link del " + bridge);
      }
    }
  }

  private UplinkInfo choice(String device) throws Exception {
    return UplinkChoices.list(null, List.of(Objects.requireNonNull(daemon).network("a").config()))
        .stream()
        .filter(each -> each.name().equals(device))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void devicesThatTheDaemonHasMadeAreNoUplinks() throws Exception {
    open(true, 17);
    assertThat(choice(ADAPTER).usable()).isFalse();
    assertThat(choice(ADAPTER).problem()).isEqualTo("it is the host adapter of network a");
    String own = "lyht" + PID;
    apply(change("ports[own]", "{name: own, kind: tap, device: " + own + "}"));
    assertThat(choice(own).usable()).isFalse();
    assertThat(choice(own).problem()).isEqualTo("port own of network a has it");
    assertThat(
            UplinkChoices.list(null, List.of()).stream()
                .filter(each -> each.name().equals(ADAPTER))
                .map(UplinkInfo::problem))
        .as("of a daemon that has gone, or of another one")
        .containsExactly("it is a device that a daemon of Lanyard has made");
  }

  private static boolean connects(ServerSocket server, int millis) throws Exception {
    return NetworkNamespace.run(
        NAMESPACE,
        () -> {
          try (Socket socket = new Socket()) {
            socket.connect(server.getLocalSocketAddress(), millis);
            return true;
          } catch (SocketTimeoutException e) {
            return false;
          }
        });
  }

  private static Edit change(String key, String value) {
    return Edit.set(DocumentPath.parse("networks.a." + key), value, "test", Instant.EPOCH);
  }

  private void apply(Edit edit) throws Exception {
    Objects.requireNonNull(daemon)
        .conductor()
        .apply(
            new ChangeRequest(
                before -> before.with(edit),
                "test",
                "a change",
                ChangeRequest.ANY,
                true,
                false,
                Duration.ZERO))
        .get(60, TimeUnit.SECONDS);
  }

  private static String addresses() throws Exception {
    return HostCommand.runLine("ip -o addr show dev " + ADAPTER);
  }

  @Test
  void theHostHasAnAddressOfBothFamiliesUntilTheDaemonEnds() throws Exception {
    Network network = Objects.requireNonNull(open(false, 17).network("a"));
    assertThat(network.report().info().problems()).isEmpty();
    assertThat(addresses())
        .contains("10.93.17.1/24 brd 10.93.17.255", "fd93:17:0:17::1/64", "scope global nodad");
    String ip = "ip -n " + NAMESPACE + " ";
    addressTheGuest();
    for (String address : new String[] {"10.93.17.1", "fd93:17:0:17::1"}) {
      assertThat(BridgedIT.reaches(NAMESPACE, address)).as(address).isTrue();
    }
    awaitGuest("fd93:17:0:17::50");
    // The gateway's advertisements make the guest an address, and the host none.
    Await.until(
        "the guest's own address",
        () -> HostCommand.runLine(ip + "-6 addr show dev t0").contains("dynamic"));
    assertThat(addresses()).doesNotContain("dynamic");
    assertThat(HostCommand.runLine("ip -6 route show default dev " + ADAPTER)).isBlank();
    close();
    assertThat(Ifreq.exists(ADAPTER)).isFalse();
  }

  @Test
  void hostAndGuestsMayHaveIpv6Alone() throws Exception {
    LogWatch.expect("event=frames-refused .*cause=\"guard-arp\"");
    Daemon made =
        InProcessDaemon.open(
            home,
            """
            version: 1
            networks:
              a:
                mode: host-only
                ipv6: {subnet: "fd93:17:0:17::/64"}
                guard: strict
                dhcp: {ipv6: stateful}
                host-adapter: {name: %1$s}
                ports: [{name: guest, kind: tap, device: t0, netns: %2$s}]
            """
                .formatted(ADAPTER, NAMESPACE));
    daemon = made;
    Network network = Objects.requireNonNull(made.network("a"));
    assertThat(network.report().info().problems()).isEmpty();
    assertThat(network.report().info().subnet()).isEmpty();
    assertThat(addresses()).contains("fd93:17:0:17::1/64").doesNotContain("inet ");
    String ip = "ip -n " + NAMESPACE + " ";
    HostCommand.runLine(ip + "link set t0 up");
    String in = "ip netns exec " + NAMESPACE + " ";
    // The guest may use addresses of the network alone, and nobody answers ARP.
    HostCommand.runLine(ip + "addr add 10.93.17.50/24 dev t0");
    assertThat(BridgedIT.isSilent(NAMESPACE, "10.93.17.2")).isTrue();
    HostCommand.runLine(ip + "-4 addr flush dev t0");
    Path leases = home.resolve("leases");
    HostCommand.runLine(
        in
            + "dhclient -6 -1 -v -sf /bin/true -lf "
            + leases
            + " -pf "
            + home.resolve("pid")
            + " t0");
    String leased = Files.readString(leases).replaceAll("(?s).*iaaddr ([0-9a-f:]+) .*", "$1");
    assertThat(leased).startsWith("fd93:17:0:17::1");
    HostCommand.runLine(ip + "addr add " + leased + "/64 dev t0 nodad");
    assertThat(BridgedIT.reaches(NAMESPACE, "fd93:17:0:17::1")).isTrue();
    awaitGuest(leased);
    String dig = in + "dig +short +time=10 +tries=3 @fd93:17:0:17::2 ";
    assertThat(HostCommand.runLine(dig + "AAAA gateway.lan").strip()).isEqualTo("fd93:17:0:17::2");
    assertThat(HostCommand.runLine(dig + "AAAA host.lan").strip()).isEqualTo("fd93:17:0:17::1");
    assertThat(HostCommand.runLine(dig + "A gateway.lan").strip()).isEmpty();
    assertThat(HostCommand.runLine(dig + "-x fd93:17:0:17::2").strip()).isEqualTo("gateway.lan.");
    assertThat(network.report().info().leases()).isEqualTo(1);
    apply(change("ipv4", "{subnet: 10.93.17.0/24}"));
    assertThat(addresses()).contains("10.93.17.1/24", "fd93:17:0:17::1/64");
    apply(Edit.remove(DocumentPath.parse("networks.a.ipv4"), "test", Instant.EPOCH));
    assertThat(addresses()).contains("fd93:17:0:17::1/64").doesNotContain("inet ");
  }

  @Test
  void aPersistentAdapterOutlivesTheDaemonAndIsTakenAgain() throws Exception {
    open(true, 17);
    String mac = HostCommand.runLine("cat /sys/class/net/" + ADAPTER + "/address");
    close();
    assertThat(addresses()).contains("10.93.17.1/24", "fd93:17:0:17::1/64");
    assertThat(HostCommand.runLine("ip link show dev " + ADAPTER)).contains("alias lanyard: stays");
    // Another subnet takes the place of the former one.
    open(true, 18);
    assertThat(addresses())
        .contains("10.93.18.1/24", "fd93:17:0:18::1/64")
        .doesNotContain("10.93.17.1", "fd93:17:0:17");
    assertThat(HostCommand.runLine("cat /sys/class/net/" + ADAPTER + "/address")).isEqualTo(mac);
    apply(change("host-adapter.persistent", "false"));
    close();
    assertThat(Ifreq.exists(ADAPTER)).isFalse();
  }

  @Test
  void aPersistentAdapterGoesWithItsPlaceInTheConfiguration() throws Exception {
    open(true, 17);
    String other = ADAPTER + "b";
    apply(change("host-adapter.name", other));
    assertThat(Ifreq.exists(ADAPTER)).isFalse();
    assertThat(HostCommand.runLine("ip -o addr show dev " + other)).contains("10.93.17.1/24");
    apply(change("enabled", "false"));
    apply(change("enabled", "true"));
    assertThat(HostCommand.runLine("ip -o addr show dev " + other)).contains("10.93.17.1/24");
    apply(Edit.remove(DocumentPath.parse("networks.a"), "test", Instant.EPOCH));
    assertThat(Ifreq.exists(other)).isFalse();
  }

  @Test
  void aDeviceThatSomebodyElseHasMadeStaysHis() throws Exception {
    HostCommand.runLine("ip tuntap add dev " + ADAPTER + " mode tap");
    HostCommand.runLine("ip link set dev " + ADAPTER + " alias his");
    HostCommand.runLine("ip addr add 10.93.99.1/24 dev " + ADAPTER);
    for (boolean persistent : new boolean[] {true, false}) {
      Network network = Objects.requireNonNull(open(persistent, 17).network("a"));
      assertThat(network.report().info().problems()).isEmpty();
      assertThat(addresses()).contains("10.93.17.1/24", "fd93:17:0:17::1/64", "10.93.99.1/24");
      assertThat(HostCommand.runLine("ip link show dev " + ADAPTER)).contains("alias his");
      close();
      assertThat(Ifreq.exists(ADAPTER)).isTrue();
    }
  }

  @Test
  void aSubnetThatTheHostRoutesElsewhereIsRefusedInBothFamilies() throws Exception {
    LogWatch.expect("event=port-failed");
    String dummy = "lyhd" + PID;
    HostCommand.runLine("ip link add " + dummy + " type veth peer name " + dummy + "p");
    try {
      HostCommand.runLine("ip link set " + dummy + " up");
      HostCommand.runLine("ip -6 addr add fd93:17::9/48 dev " + dummy + " nodad");
      Network network = Objects.requireNonNull(open(false, 17).network("a"));
      assertThat(network.report().info().problems())
          .anyMatch(problem ->
              problem.contains("the host routes fd93:17::/48 by " + dummy)
                  && problem.contains("ip -6 route"));
    } finally {
      HostCommand.runLine("ip link del " + dummy);
    }
  }
}
