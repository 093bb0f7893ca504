package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import io.lanyard.testing.LogWatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A bridged network in a laboratory of namespaces: a machine of the LAN, a host whose interface is
 * the uplink, and two guests, one of them without offloads. Needs root, iproute2, ethtool, ping,
 * iperf3, dnsmasq and udhcpc.
 */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BridgedIT {
  private static final String PREFIX = "lybr" + ProcessHandle.current().pid() % 100_000;
  static final String LAN = PREFIX + "l";
  static final String HOST = PREFIX + "h";
  static final String GUEST = PREFIX + "g";
  static final String PLAIN = PREFIX + "p";

  @TempDir Path home;
  private final List<Process> servers = new ArrayList<>();
  private Daemon daemon;

  /** The driver that carries the uplink's frames: the laboratory is run again for each. */
  String driver() {
    return "packet";
  }

  /** Whether the guests share the uplink's MAC address. */
  String sharedMac() {
    return "no";
  }

  /** Connects the host to the LAN. */
  void connect(String host, String lan, int subnet) throws Exception {
    HostCommand.runLine(
        "ip link add " + host + " netns " + HOST + " type veth peer name " + lan + " netns " + LAN);
    address(HOST, host, subnet, 2);
    address(LAN, lan, subnet, 3);
  }

  private static void address(String namespace, String device, int subnet, int number)
      throws Exception {
    String ip = "ip -n " + namespace + " ";
    HostCommand.runLine(ip + "addr add 10.99." + subnet + "." + number + "/24 dev " + device);
    HostCommand.runLine(
        ip + "addr add fd99:0:0:" + subnet + "::" + number + "/64 dev " + device + " nodad");
    HostCommand.runLine(ip + "link set " + device + " up");
  }

  @BeforeEach
  void start() throws Exception {
    for (String namespace : List.of(LAN, HOST, GUEST, PLAIN)) {
      HostCommand.runLine("ip netns add " + namespace);
      HostCommand.runLine("ip -n " + namespace + " link set lo up");
    }
    connect("lan0", "lan1", 1);
    HostCommand.runLine("ip -n " + HOST + " route add default via 10.99.1.3 metric 200");
    open(1500);
  }

  private void open(int mtu) throws Exception {
    daemon =
        InProcessDaemon.open(
            home,
            """
            version: 1
            networks:
              vmnet0:
                mode: bridged
                mtu: %d
                uplink: {interface: auto, netns: %s, driver: %s, shared-mac: %s}
                ports:
                  - {name: guest, kind: tap, device: t0, netns: %s}
                  - {name: plain, kind: tap, device: t0, netns: %s, offloads: false}
            """
                .formatted(mtu, HOST, driver(), sharedMac(), GUEST, PLAIN));
    address(GUEST, "t0", 1, 1);
    address(PLAIN, "t0", 1, 4);
  }

  @AfterEach
  void stop() throws Exception {
    daemon.close();
    for (Process server : servers) {
      server.destroyForcibly().waitFor();
    }
    for (String namespace : List.of(LAN, HOST, GUEST, PLAIN)) {
      HostCommand.runLine("ip netns del " + namespace);
    }
  }

  private Network network() {
    return Objects.requireNonNull(daemon.network("vmnet0"));
  }

  private PortInfo uplink() {
    return network().report().ports().stream()
        .filter(port -> port.name().equals("uplink"))
        .findFirst()
        .orElseThrow();
  }

  /**
   * Whether somebody in a namespace gets through to an address. It is asked some times: while a
   * host stands still the questions for a neighbour are given up.
   */
  static boolean reaches(String namespace, String address) throws Exception {
    for (int asked = 0; asked < 10; asked++) {
      if (!isSilent(namespace, address)) {
        return true;
      }
    }
    return false;
  }

  /** Whether nobody answers at an address, asked once and for two seconds. */
  static boolean isSilent(String namespace, String address) throws Exception {
    Process ping =
        new ProcessBuilder(
                "ip", "netns", "exec", namespace, "ping", "-n", "-c", "1", "-W", "2", address)
            .redirectErrorStream(true)
            .start();
    ping.getInputStream().readAllBytes();
    return ping.waitFor() != 0;
  }

  private void serve(String namespace, String ready, String command) throws Exception {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command.split(" ", -1)));
    servers.add(
        new ProcessBuilder(all)
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("server-" + servers.size()).toFile())
            .start());
    Await.until(command, () -> HostCommand.runIn(namespace, "ss -Hlnptu").contains(ready));
  }

  @Test
  void eachReachesEachByBothFamiliesAndTcpIsWholeWithAndWithoutOffloads() throws Exception {
    assertThat(uplink().state()).isEqualTo("up");
    assertThat(uplink().problem()).isEmpty();
    List<String> all = List.of(GUEST, HOST, LAN, PLAIN);
    for (String from : all) {
      for (int to = 1; to <= all.size(); to++) {
        if (!from.equals(all.get(to - 1))) {
          assertThat(reaches(from, "10.99.1." + to)).as("IPv4 %s to %d", from, to).isTrue();
          assertThat(reaches(from, "fd99:0:0:1::" + to)).as("IPv6 %s to %d", from, to).isTrue();
        }
      }
    }
    serve(LAN, ":5201", "iperf3 -s");
    serve(HOST, ":5201", "iperf3 -s");
    for (String offloads : List.of("on", "off")) {
      HostCommand.runIn(
          LAN, "ethtool -K lan1 tso " + offloads + " gro " + offloads + " tx " + offloads);
      HostCommand.runIn(
          HOST, "ethtool -K lan0 tso " + offloads + " gro " + offloads + " tx " + offloads);
      for (String guest : offloads.equals("on") ? List.of(GUEST, PLAIN) : List.of(GUEST)) {
        for (int to : new int[] {2, 3}) {
          for (String way : List.of("", " -R")) {
            String said =
                HostCommand.runIn(guest, "timeout 100 iperf3 -c 10.99.1." + to + " -n 20M" + way);
            assertThat(said).containsPattern("[1-9][0-9.]* MBytes .* receiver");
          }
        }
      }
    }
    assertThat(uplink().receiveDrops()).doesNotContainKeys("nested", "bad-offload-header");
  }

  @Test
  void aGuestHasItsLeaseFromTheLan() throws Exception {
    serve(
        LAN,
        ":67 ",
        "dnsmasq --no-daemon --port=0 --conf-file=/dev/null --interface=lan1 --leasefile-ro"
            + " --dhcp-range=10.99.1.100,10.99.1.199,1h");
    HostCommand.runLine("ip -n " + GUEST + " addr flush dev t0");
    String said = HostCommand.runIn(GUEST, "udhcpc -i t0 -n -q -f -t 60 -T 1 -s /bin/true");
    assertThat(said).contains("lease of 10.99.1.1");
  }

  @Test
  void jumboFramesPassAndSoDoesMulticastDns() throws Exception {
    Await.until("the LAN is reached", () -> reaches(GUEST, "10.99.1.3"));
    for (String[] way : new String[][] {{GUEST, LAN}, {LAN, GUEST}, {GUEST, HOST}, {HOST, PLAIN}}) {
      for (String group : List.of("224.0.0.251", "ff02::fb")) {
        assertThat(multicast(way[0], way[1], group))
            .as("%s from %s to %s", group, way[0], way[1])
            .isEqualTo("who is printer.local?");
      }
    }
    daemon.close();
    HostCommand.runLine("ip -n " + HOST + " link set lan0 mtu 9000");
    HostCommand.runLine("ip -n " + LAN + " link set lan1 mtu 9000");
    open(9000);
    HostCommand.runLine("ip -n " + GUEST + " link set t0 mtu 9000");
    Await.until("the LAN is reached again", () -> reaches(GUEST, "10.99.1.3"));
    assertThat(uplink().problem()).isEmpty();
    for (String address : List.of("10.99.1.3", "10.99.1.2")) {
      assertThat(HostCommand.runIn(GUEST, "ping -n -c 1 -W 60 -M do -s 8972 " + address))
          .contains(" 0% packet");
    }
    assertThat(HostCommand.runIn(LAN, "ping -n -c 1 -W 60 -M do -s 8972 10.99.1.1"))
        .contains(" 0% packet");
  }

  private static String device(String namespace) {
    return namespace.equals(LAN) ? "lan1" : namespace.equals(HOST) ? "lan0" : "t0";
  }

  /** Sends to a group until a member in another namespace has heard it; tells what it heard. */
  private String multicast(String from, String to, String group) throws Exception {
    Path member = home.resolve("member.py");
    Files.writeString(
        member,
        """
        import socket, struct, sys
        group, device = sys.argv[1:]
        index = socket.if_nametoindex(device)
        six = ':' in group
        s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(('', 5353))
        if six:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                socket.inet_pton(socket.AF_INET6, group) + struct.pack('@i', index))
        else:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                socket.inet_aton(group) + struct.pack('@ii', 0, index)[:8])
        s.settimeout(60)
        print(s.recv(1000).decode())
        """);
    Path sender = home.resolve("sender.py");
    Files.writeString(
        sender,
        """
        import socket, sys
        group, device = sys.argv[1:]
        index = socket.if_nametoindex(device)
        six = ':' in group
        s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        s.sendto(b'who is printer.local?', (group, 5353, 0, index) if six else (group, 5353))
        """);
    Process heard =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                to,
                "timeout",
                "90",
                "python3",
                member.toString(),
                group,
                device(to))
            .redirectErrorStream(true)
            .start();
    while (heard.isAlive()) {
      HostCommand.runIn(from, "python3 " + sender + " " + group + " " + device(from));
      if (heard.waitFor(50, TimeUnit.MILLISECONDS)) {
        break;
      }
    }
    return new String(heard.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
  }

  @Test
  void theUplinkGoesAndComesBackAndFollowsTheDefaultRoute() throws Exception {
    LogWatch.expect("event=port-failed");
    Await.until("the LAN is reached", () -> reaches(GUEST, "10.99.1.3"));
    HostCommand.runLine("ip -n " + LAN + " link set lan1 down");
    Await.until("the loss is seen", () -> uplink().state().equals("no-carrier"));
    assertThat(uplink().problem()).contains("lan0", "no link");
    assertThat(network().report().info().problems()).anyMatch(text -> text.contains("uplink"));
    HostCommand.runLine("ip -n " + LAN + " link set lan1 up");
    Await.until("it is back", () -> uplink().state().equals("up") && reaches(GUEST, "10.99.1.3"));

    HostCommand.runLine("ip -n " + HOST + " link del lan0");
    Await.until("the interface is missed", () -> uplink().state().equals("failed"));
    connect("lan0", "lan1", 1);
    HostCommand.runLine("ip -n " + HOST + " route add default via 10.99.1.3 metric 200");
    HostCommand.runLine(
        "ip -n " + GUEST + " neigh flush dev t0"); // both ends have other addresses now
    Await.until(
        "it is taken again", () -> uplink().state().equals("up") && reaches(GUEST, "10.99.1.3"));
    assertThat(reaches(GUEST, "10.99.1.2")).isTrue();

    connect("wan0", "wan1", 2);
    HostCommand.runLine("ip -n " + GUEST + " addr add 10.99.2.1/24 dev t0");
    HostCommand.runLine("ip -n " + HOST + " route add default via 10.99.2.3 metric 100");
    Await.until("the other LAN is reached", () -> reaches(GUEST, "10.99.2.3"));
    assertThat(reaches(GUEST, "10.99.2.2")).as("the host by its other interface").isTrue();
  }
}
