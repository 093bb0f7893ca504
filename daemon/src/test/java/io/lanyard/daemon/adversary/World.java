package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.NetworkNamespace;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ipv4;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;

/**
 * The namespaces: the daemon's host, two guests, and the world with its servers.
 *
 * <p>Each thread of a server waits in a system call, and ends when its socket is closed.
 */
final class World {
  /** The honest guest on network a. */
  static final int HONEST = Ipv4.parse("10.66.1.100");

  static final Address HONEST_IPV6 = Address.parse("fd66::100");

  /** The port of a hostile guest's forward, on the host and on the guest. */
  static final int HAIRPIN = 7200;

  /** The port of the honest guest's forward, on the host and on the guest. */
  static final int FORWARDED = 7201;

  /** The port of DNS over TLS. */
  private static final int DNS_TLS = 853;

  /** Sends back what it gets. */
  static final int ECHO = 7000;

  /** Sends {@link #BYTES}, and closes. */
  static final int SOURCE = 7001;

  /** Sends without end. */
  static final int ENDLESS = 7002;

  /** The port where the daemon serves its metrics. */
  static final int METRICS = 9323;

  /** The port where it serves its API, on its host's IPv6 loopback. */
  static final int API = 9324;

  /** Takes datagrams, and reads none. */
  static final int SINK = 7003;

  /** The bytes of a transfer. */
  static final int BYTES = 4 << 20;

  /** Under this domain no question is answered. */
  static final String SLOW = ".slow.example";

  /** Questions under this domain go to a server over TCP, which answers none. */
  static final String OVER_TCP = ".tcp.example";

  /** Questions under this domain go to a server over TLS, which ends no handshake. */
  static final String OVER_TLS = ".tls.example";

  /** Under this domain every question is. */
  static final String FAST = ".fast.example";

  private final String suffix = "-" + ProcessHandle.current().pid() % 100_000;
  final String host = "advh" + suffix;
  final String guestA = "adva" + suffix;
  final String guestB = "advb" + suffix;

  /** A guest on network a that is hostile by a TAP device. */
  final String hostile = "adve" + suffix;

  /** The world's servers. */
  final String world = "advw" + suffix;

  private final List<ServerSocket> servers;
  private final NameServer names;
  private final DatagramSocket sink;

  World() throws IOException {
    run(
        """
        set -e
        for n in H W A B E; do
          ip netns add $n
          # Duplicate address detection would take a second.
          ip netns exec $n sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
          ip -n $n link set lo up
        done
        ip link add vh netns H type veth peer name vw netns W
        for n in H:vh:1 W:vw:2; do
          at="$(echo $n | cut -d: -f1)"; device="$(echo $n | cut -d: -f2)"
          ip -n $at addr add 10.99.0.${n##*:}/24 dev $device
          ip -n $at addr add 2001:db8:99::${n##*:}/64 dev $device nodad
          ip -n $at link set $device up
        done
        ip -n H route add default via 10.99.0.2; ip -n H route add default via 2001:db8:99::2
        ip -n W addr add 169.254.169.254/32 dev lo; ip -n W addr add fd00:ec2::254/128 dev lo
        ip -n W addr add 198.18.0.2/32 dev lo; ip -n W addr add 2001:db8:98::2/128 dev lo
        ip netns exec H sysctl -qw net.ipv4.ping_group_range='0 2147483647'
        # Its devices send what the attacker sends, and nothing else.
        ip netns exec E sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
        # A connection that needs a third attempt has failed.
        for n in A B; do ip netns exec $n sysctl -qw net.ipv4.tcp_syn_retries=1; done
        """
            .replaceAll("\\bH\\b", host)
            .replaceAll("\\bW\\b", world)
            .replaceAll("\\bA\\b", guestA)
            .replaceAll("\\bB\\b", guestB)
            .replaceAll("\\bE\\b", hostile));
    servers =
        List.of(
            serve(ECHO, World::echo),
            serve(SOURCE, World::source),
            serve(ENDLESS, World::endless),
            serve(NameServer.PORT, World::listen),
            serve(DNS_TLS, World::listen));
    names = new NameServer(world, 1);
    sink = NetworkNamespace.run(world, () -> new DatagramSocket(SINK));
  }

  /** Runs a script as root; it must succeed. */
  static void run(String script) throws IOException {
    Process process =
        new ProcessBuilder("timeout", "120", "sh", "-c", script).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.onExit().join().exitValue()).as(said).isZero();
  }

  /** Talks with one client. */
  interface Server {
    /** Until it is over; the caller closes the socket. */
    void serve(Socket client) throws IOException;
  }

  /** Serves at a port of the world's until the result is closed. */
  ServerSocket serve(int port, Server server) throws IOException {
    ServerSocket listening =
        NetworkNamespace.run(
            world,
            () -> {
              ServerSocket made = new ServerSocket();
              made.bind(new InetSocketAddress(port), 4096);
              return made;
            });
    Thread.ofPlatform().daemon(true).name("server " + port).start(() -> accept(listening, server));
    return listening;
  }

  private static void accept(ServerSocket listening, Server server) {
    try {
      while (true) {
        Socket client = listening.accept();
        Thread.ofPlatform()
            .daemon(true)
            .start(() -> {
              try (client) {
                server.serve(client);
              } catch (IOException e) {
                // The client has gone: that is how attacks end.
              }
            });
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private static void echo(Socket client) throws IOException {
    client.getInputStream().transferTo(client.getOutputStream());
  }

  private static void source(Socket client) throws IOException {
    byte[] block = new byte[1 << 16];
    for (int sent = 0; sent < BYTES; sent += block.length) {
      client.getOutputStream().write(block);
    }
  }

  private static void listen(Socket client) throws IOException {
    long _ = client.getInputStream().transferTo(OutputStream.nullOutputStream());
  }

  private static void endless(Socket client) throws IOException {
    byte[] block = new byte[1 << 14];
    client.setSendBufferSize(block.length); // what hundreds of them keep is the kernel's work
    while (true) {
      client.getOutputStream().write(block);
    }
  }

  void close() throws IOException {
    for (ServerSocket server : servers) {
      server.close();
    }
    names.close();
    sink.close();
    for (String namespace : List.of(guestA, guestB, hostile, host, world)) {
      run("ip netns del " + namespace + " || true");
    }
  }
}
