package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.config.ForwardConfig;
import io.lanyard.config.ForwardConfig.ToGuest;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Transport;
import io.lanyard.testing.Await;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A real Linux stack, in a namespace, behind the gateway, by either family. Needs root. */
class NatIT {
  @TempDir private Path folder;

  /** Iperf3's words for a run without a loss. */
  private static final Pattern WITHOUT_LOSS = Pattern.compile("0/\\d+ \\(0%\\)");

  /** Sockperf's words for a run whose every question was answered once, in order. */
  private static final String NONE_LOST =
      "# dropped messages = 0; # duplicated messages = 0; # out-of-order messages = 0";

  private static final MacAddress WEB = MacAddress.parse("52:54:00:00:00:10");

  private static NatNamespace network(LinuxFamily family, NetworkConfig config) throws Exception {
    return family.namespace(config, nic -> nic.equals(WEB) ? Address.parse(family.guest()) : null);
  }

  /** Answers every datagram with itself, until closed. */
  private static DatagramSocket echoServer(LinuxFamily family) throws Exception {
    DatagramSocket socket = new DatagramSocket(new InetSocketAddress(family.loopbackAddress(), 0));
    socket.setReceiveBufferSize(4 << 20);
    Thread.ofVirtual()
        .start(() -> {
          byte[] buffer = new byte[65536];
          try {
            while (true) {
              DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
              socket.receive(packet);
              socket.send(packet);
            }
          } catch (java.io.IOException e) {
            // Closed.
          }
        });
    return socket;
  }

  @ParameterizedTest
  @EnumSource
  void guestPingsTheGatewayWithSmallAndFragmentedPackets(LinuxFamily family) throws Exception {
    try (NatNamespace net = network(family, family.loopbackConfig())) {
      String[] twice = {"busybox", "ping", "-c", "2", family.gateway};
      Await.until(() -> net.guest(twice).output().contains(" 2 packets received"));
      assertThat(net.guest("busybox", "ping", "-c", "1", "-s", "20000", family.gateway).output())
          .contains(" 1 packets received");
    }
  }

  /** A host with a router behind it: two namespaces, so that nothing real is touched. */
  private static void world(String host, String router) throws Exception {
    String script =
        """
        set -e
        ip netns add H; ip netns add R
        ip link add vh netns H type veth peer name vr netns R
        ip -n H addr add 10.99.0.1/24 dev vh; ip -n H link set vh up; ip -n H link set lo up
        ip -n R addr add 10.99.0.2/24 dev vr; ip -n R link set vr up; ip -n R link set lo up
        ip -n H route add default via 10.99.0.2
        """
            .replace("H", host)
            .replace("R", router);
    NatNamespace.Result result = NatNamespace.host("sh", "-c", script);
    assertThat(result.status()).as(result.output()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void udpReachesTheHostByTheLoopbackNameAndComesBack(LinuxFamily family) throws Exception {
    try (NatNamespace net = network(family, family.loopbackConfig());
        DatagramSocket server = echoServer(family)) {
      String target = family.socat("UDP", server.getLocalPort());
      assertThat(net.guest("sh", "-c", NatNamespace.ask("over and back", target)).output())
          .contains("over and back");
      // Larger than the MTU in both directions: fragments out, fragments in.
      String big = "head -c 9000 /dev/urandom | base64 -w0 | head -c 9000";
      assertThat(
              net.guest(
                      "sh",
                      "-c",
                      big
                          + " > /tmp/lynat-in; socat -b 9000 -T 60 -t 0.1 "
                          + target
                          + " SYSTEM:'cat /tmp/lynat-in; head -c 9000 >/tmp/lynat-out';"
                          + " cmp /tmp/lynat-in /tmp/lynat-out"
                          + " && echo same")
                  .output())
          .contains("same");
    }
  }

  /**
   * Sends as QUIC does, on a path that takes less than the guest's network: a batch whose datagrams
   * do not fit through, with and without leave to fragment them, and one whose do.
   */
  @Test
  void batchesOfDatagramsCrossAPathWithASmallerMtu() throws Exception {
    String host = "lyh" + ProcessHandle.current().pid();
    String router = "lyr" + ProcessHandle.current().pid();
    try {
      world(host, router);
      NatNamespace.host("ip", "-n", host, "link", "set", "vh", "mtu", "1280");
      // Without a word about fragments Linux sets "don't fragment"; 10/0 takes that back, 10/2
      // insists. UDP_SEGMENT is 17/103.
      String script =
          """
          use Socket;
          socket(my $s, PF_INET, SOCK_DGRAM, 0);
          my $to = sockaddr_in(4433, inet_aton('10.99.0.2'));
          sub batch {
            my ($size, $many, $discover) = @_;
            setsockopt($s, 0, 10, pack('i', $discover));
            setsockopt($s, 17, 103, pack('i', $size)) or die "segment: $!";
            my $data = join('', map { pack('n', $_) . 'x' x ($size - 2) } 1 .. $many) . 'end';
            defined(send($s, $data, 0, $to)) or print "refused: $!\\n";
          }
          batch(1400, 20, 0);
          batch(1000, 20, 2);
          batch(1400, 20, 2);
          batch(100, 63, 2);
          select(undef, undef, undef, 0.3);
          batch(1400, 20, 2);
          """;
      String receiver =
          """
          use Socket;
          socket(my $s, PF_INET, SOCK_DGRAM, 0);
          setsockopt($s, SOL_SOCKET, SO_RCVBUF, pack('i', 1 << 20));
          bind($s, sockaddr_in(4433, INADDR_ANY)) or die "bind: $!";
          $| = 1;
          print "ready\\n";
          while (1) {
            vec(my $r = '', fileno($s), 1) = 1;
            select($r, undef, undef, 5) or last;
            recv($s, my $data, 70000, 0);
            $n{length $data}++;
            last if $n{3} == 4;
          }
          print join(' ', map { "$n{$_}x$_" } sort { $a <=> $b } keys %n), "\\n";
          """;
      Process server =
          new ProcessBuilder("ip", "netns", "exec", router, "perl", "-e", receiver)
              .redirectErrorStream(true)
              .start();
      try (var lines =
              new BufferedReader(
                  new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
          NatNamespace net = new NatNamespace(TestNetworks.nat(), nic -> null, host)) {
        assertThat(lines.readLine()).isEqualTo("ready");
        NatNamespace.Result result = net.guest("perl", "-e", script);
        // Told that 1,280 bytes are the most, the guest's own kernel refuses the last batch.
        assertThat(result.output()).contains("refused: ");
        assertThat(lines.readLine()).isEqualTo("4x3 63x100 20x1000 20x1400");
        assertThat(net.on(() -> net.nat.udp().counters().get(UdpCount.SEND_FAILED))).isEqualTo(20);
      } finally {
        server.destroy();
      }
    } finally {
      NatNamespace.host("ip", "netns", "del", host);
      NatNamespace.host("ip", "netns", "del", router);
    }
  }

  @ParameterizedTest
  @EnumSource
  void udpToAClosedPortOfTheHostIsRefusedAtOnce(LinuxFamily family) throws Exception {
    try (NatNamespace net = network(family, family.loopbackConfig())) {
      int closed = FreePorts.one();
      assertThat(
              net.guest(
                      "sh",
                      "-c",
                      "(echo a; sleep 0.3; echo b; sleep 0.3) | socat -t 60 - "
                          + family.socat("UDP", closed))
                  .output())
          .contains("Connection refused");
    }
  }

  @ParameterizedTest
  @EnumSource
  void withoutPermissionNobodyAnswersForTheHost(LinuxFamily family) throws Exception {
    try (NatNamespace net = network(family, family.config());
        ServerSocket server = new ServerSocket(0, 5, family.loopbackAddress())) {
      server.setSoTimeout(200);
      String target = family.socat("TCP", server.getLocalPort()) + ",connect-timeout=1";
      assertThat(net.guest("socat", "-u", "/dev/null", target).status()).isNotZero();
      assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(server::accept);
    }
  }

  @ParameterizedTest
  @EnumSource
  void tenThousandUdpFlowsPassAndTheirDescriptorsComeBack(LinuxFamily family) throws Exception {
    long before = descriptors();
    try (NatNamespace net = network(family, family.loopbackConfig());
        DatagramSocket server = echoServer(family)) {
      // 10,000 guest ports, one destination: a socket each.
      // Perl is part of every Debian; the guest's sockets must not count against this process.
      String script =
          """
          use IO::Socket::IP;
          my ($got, @kept) = (0);
          for my $base (0 .. 49) {
            my @now;
            for my $i (0 .. 199) {
              my $s = IO::Socket::IP->new(
                Proto => 'udp', PeerHost => '%s', PeerPort => %d) or die "socket: $!";
              $s->send("x$base.$i");
              push @now, $s;
            }
            for my $i (0 .. 199) {
              vec(my $r = '', fileno($now[$i]), 1) = 1;
              next unless select($r, undef, undef, 60);
              $now[$i]->recv(my $data, 100);
              $got++ if $data eq "x$base.$i";
            }
            push @kept, @now;
          }
          print "answered $got\\n";
          """
              .formatted(family.host, server.getLocalPort());
      NatNamespace.Result result =
          net.guest("sh", "-c", "ulimit -n 12000; perl - <<'E'\n" + script + "E\n");
      assertThat(result.output()).contains("answered 10000");
      assertThat(net.on(() -> net.nat.flows().size(FlowKey.UDP))).isEqualTo(10000);
      assertThat(net.on(() -> net.nat.udp().mappings())).isEqualTo(10000);
    }
    assertThat(descriptors()).isLessThan(before + 20);
  }

  private static long descriptors() throws Exception {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  @ParameterizedTest
  @EnumSource
  void tcpForwardReachesAGuestByItsName(LinuxFamily family) throws Exception {
    LogWatch.expect("forward-failed");
    ServerSocket taken = new ServerSocket(FreePorts.one(), 5, family.loopbackAddress());
    try (NatNamespace net =
        network(
            family,
            TestNetworks.forwards(
                family.loopbackConfig(),
                new ForwardConfig(
                    null,
                    Transport.TCP,
                    new Endpoint(Address.of(family.loopbackAddress()), taken.getLocalPort()),
                    new ToGuest("web", WEB, 80),
                    1),
                new ForwardConfig(
                    null,
                    Transport.TCP,
                    new Endpoint(Address.of(family.loopbackAddress()), 0),
                    new ToGuest("web", WEB, 80),
                    1)))) {
      Process server =
          net.startGuest("socat", family.socatListen("TCP", 80) + ",reuseaddr,fork", "EXEC:cat");
      try {
        Await.until(() -> net.guest("sh", "-c", "ss -ltn | grep -q :80").status() == 0);
        Await.until(() -> net.on(() -> net.nat.forwards().list().get(0).problem()) != null);
        var second = net.on(() -> net.nat.forwards().list().get(1));
        assertThat(second.listening()).isTrue();
        try (Socket client = new Socket(family.loopbackAddress(), second.port())) {
          client.setSoTimeout(60_000);
          client.getOutputStream().write("through\n".getBytes(StandardCharsets.UTF_8));
          var reader =
              new BufferedReader(
                  new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
          assertThat(reader.readLine()).isEqualTo("through");
          client.shutdownOutput();
          assertThat(reader.readLine()).isNull();
        }
        // Freed, the first one comes back by itself.
        taken.close();
        Await.until(() -> net.on(() -> net.nat.forwards().list().get(0).listening()));
        assertThat(net.on(() -> net.nat.forwards().list().get(1).accepted())).isEqualTo(1);
        assertThat(net.on(() -> net.nat.dump()).children())
            .filteredOn(part -> part.name().equals("tcp"))
            .singleElement()
            .extracting(part -> part.properties().get("openedToGuest"))
            .isEqualTo(1L);
      } finally {
        server.destroy();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void tcpForwardToAnAddressThatNobodyHasIsResetAsSoonAsItsSearchGivesUp(LinuxFamily family)
      throws Exception {
    ForwardConfig nowhere =
        TestNetwork.forward(
            Transport.TCP,
            new Endpoint(Address.of(family.loopbackAddress()), 0),
            family.nobody(),
            80);
    try (NatNamespace net =
        network(family, TestNetworks.forwards(family.loopbackConfig(), nowhere))) {
      int port = net.on(() -> net.nat.forwards().list().getFirst().port());
      try (Socket client = new Socket(family.loopbackAddress(), port)) {
        // It is asked for three times in three seconds, by ARP or ND; TCP alone would try for more
        // than two minutes.
        client.setSoTimeout(60_000);
        assertThatThrownBy(() -> client.getInputStream().read())
            .isInstanceOf(SocketException.class)
            .hasMessageContaining("reset");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void udpForwardTellsClientsApart(LinuxFamily family) throws Exception {
    try (NatNamespace net =
        network(
            family,
            TestNetworks.forwards(
                family.loopbackConfig(),
                TestNetwork.forward(
                    Transport.UDP,
                    new Endpoint(Address.of(family.loopbackAddress()), 0),
                    family.guest(),
                    7)))) {
      Process server =
          net.startGuest("socat", "-T", "600", family.socatListen("UDP", 7) + ",fork", "EXEC:cat");
      try {
        Await.until(() -> net.guest("sh", "-c", "ss -lun | grep -q :7").status() == 0);
        int port = net.on(() -> net.nat.forwards().list().get(0).port());
        try (DatagramSocket one = new DatagramSocket();
            DatagramSocket two = new DatagramSocket()) {
          one.setSoTimeout(60_000);
          two.setSoTimeout(60_000);
          send(one, "one", family, port);
          assertThat(receive(one)).isEqualTo("one");
          send(two, "two", family, port);
          assertThat(receive(two)).isEqualTo("two");
        }
        assertThat(net.on(() -> net.nat.forwards().list().get(0).accepted())).isEqualTo(2);
      } finally {
        server.descendants().forEach(ProcessHandle::destroy);
        server.destroy();
      }
    }
  }

  /** Requests and their answers, one after the other. The program has no IPv6 before 3.8. */
  @ParameterizedTest
  @ValueSource(strings = {"", "--tcp"})
  void sockperfLosesNoAnswer(String protocol) throws Exception {
    try (NatNamespace net = network(LinuxFamily.IPV4, LinuxFamily.IPV4.loopbackConfig())) {
      // A host that stands still over the end of a run leaves its last question unanswered, and the
      // server in the middle of it: the next run has a server of its own.
      StringBuilder runs = new StringBuilder();
      Await.until(
          () -> "a run without a lost answer: " + runs,
          () -> {
            String run = sockperf(net, protocol);
            runs.append(run);
            return run.contains(NONE_LOST);
          });
    }
  }

  /**
   * A guest's client and a server of the host's for it, at a port that no former run has left a
   * connection of.
   *
   * @return the words of both, and what the gateway and the host have of it while the server runs
   */
  private String sockperf(NatNamespace net, String protocol) throws Exception {
    String port = Integer.toString(FreePorts.one());
    List<String> server =
        new ArrayList<>(List.of("sockperf", "sr", "-i", LinuxFamily.IPV4.loopback, "-p", port));
    // One that waits for its last answer without end must leave time for another run.
    List<String> client =
        new ArrayList<>(
            List.of("timeout", "20", "sockperf", "pp", "-i", LinuxFamily.IPV4.host, "-p", port));
    client.addAll(List.of("-t", "1"));
    if (!protocol.isEmpty()) {
      server.add(protocol);
      client.add(protocol);
    }
    Path heard = Files.createTempFile(folder, "server", ".txt");
    Process serving =
        new ProcessBuilder(server).redirectErrorStream(true).redirectOutput(heard.toFile()).start();
    try {
      String listens = "ss -ltun | grep -q :" + port;
      Await.until(
          () -> "a server at port " + port + ": " + Files.readString(heard),
          () -> NatNamespace.host("sh", "-c", listens).status() == 0);
      NatNamespace.Result result = net.guest(client.toArray(String[]::new));
      return "\n== client, which ended with %d:\n%s\n== server:\n%s\n== gateway:\n%s\n== host:\n%s"
          .formatted(
              result.status(),
              result.output(),
              Files.readString(heard),
              net.on(() -> net.nat.dump().toString()),
              NatNamespace.host("sh", "-c", "ss -tuanoi | grep -A1 :" + port).output());
    } finally {
      serving.destroyForcibly().waitFor();
    }
  }

  @ParameterizedTest
  @EnumSource
  void iperf3UdpLosesNothingAtAModerateRate(LinuxFamily family) throws Exception {
    String port = Integer.toString(FreePorts.one());
    Process server =
        new ProcessBuilder("iperf3", "-s", "-B", family.loopback, "-p", port)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (NatNamespace net = network(family, family.loopbackConfig())) {
      Await.until(() -> NatNamespace.host("sh", "-c", "ss -ltn | grep -q :" + port).status() == 0);
      String command = "iperf3 -c " + family.host + " -p " + port + " -u -b 200M -t 2 -l 1400";
      // The device's queue holds the datagrams of 50 ms: of a host that stands still for longer the
      // next run is looked at.
      String[] last = {""};
      Await.until(
          () -> "a run without a loss: " + last[0],
          () -> {
            last[0] = net.guest(command.split(" ", -1)).output();
            return last[0].contains("receiver") && WITHOUT_LOSS.matcher(last[0]).find();
          });
    } finally {
      server.destroy();
    }
  }

  private static void send(DatagramSocket socket, String text, LinuxFamily family, int port)
      throws Exception {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    socket.send(new DatagramPacket(bytes, bytes.length, family.loopbackAddress(), port));
  }

  private static String receive(DatagramSocket socket) throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
    socket.receive(packet);
    return new String(Arrays.copyOf(packet.getData(), packet.getLength()), StandardCharsets.UTF_8);
  }
}
