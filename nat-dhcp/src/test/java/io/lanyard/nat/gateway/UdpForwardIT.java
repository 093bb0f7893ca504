package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ForwardConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.testing.Await;
import io.netty.channel.DefaultChannelId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * UDP forwards of a host with several addresses, and clients beyond a link: two namespaces, and
 * sockets that take answers only from the address that they have asked. Needs root.
 */
class UdpForwardIT {
  private static final int PORT = 5300;

  private final String host = "luh" + ProcessHandle.current().pid() % 100_000;
  private final String world = "luw" + ProcessHandle.current().pid() % 100_000;

  @TempDir Path directory;

  @BeforeAll
  static void letNettyFindAHardwareAddress() {
    // In the host's namespace of these tests it would warn that there is none.
    assertThat(DefaultChannelId.newInstance()).isNotNull();
  }

  @BeforeEach
  void makeTheWorld() throws Exception {
    String script =
        """
        set -e
        ip netns add H; ip netns add W
        ip link add vh netns H type veth peer name vw netns W
        ip -n H addr add 10.98.0.1/24 dev vh; ip -n H addr add 10.98.0.7/24 dev vh
        ip -n H addr add 2001:db8:98::1/64 dev vh nodad
        ip -n H addr add 2001:db8:98::7/64 dev vh nodad
        ip -n H addr add fe80::98/64 dev vh nodad
        ip -n W addr add 10.98.0.2/24 dev vw; ip -n W addr add fe80::99/64 dev vw nodad
        ip -n W addr add 2001:db8:98::2/64 dev vw nodad
        ip -n H link set vh up; ip -n H link set lo up
        ip -n W link set vw up; ip -n W link set lo up
        for i in $(seq 600); do
          ip -n W -6 addr show tentative | grep -q inet6 || exit 0; sleep .1
        done
        exit 1
        """
            .replace("H", host)
            .replace("W", world);
    NatNamespace.Result result = NatNamespace.host("sh", "-c", script);
    assertThat(result.status()).as(result.output()).isZero();
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    NatNamespace.host("ip", "netns", "del", host);
    NatNamespace.host("ip", "netns", "del", world);
  }

  private NatNamespace network(String listen) throws Exception {
    ForwardConfig forward =
        TestNetwork.forward(
            Transport.UDP, new Endpoint(Address.parse(listen), PORT), NatNamespace.GUEST, 7);
    return new NatNamespace(TestNetworks.forwards(TestNetworks.nat(), forward), nic -> null, host);
  }

  /** Serves in the guest: each client gets a process of its own. */
  private static Process serve(NatNamespace net, String command) throws Exception {
    Process server = net.startGuest("socat", "-T", "600", "UDP4-LISTEN:7,fork", command);
    String wait = "for i in $(seq 600); do ss -lun | grep -q :7 && exit 0; sleep .1; done; exit 1";
    assertThat(net.guest("sh", "-c", wait).status()).isZero();
    return server;
  }

  private static void end(Process server) throws Exception {
    server.descendants().forEach(ProcessHandle::destroy);
    server.destroy();
    assertThat(server.waitFor(60, TimeUnit.SECONDS)).isTrue();
  }

  /** The answer that a client with a connected socket gets. */
  private String ask(String from, String target) throws Exception {
    return NatNamespace.host(
            "ip",
            "netns",
            "exec",
            from,
            "sh",
            "-c",
            NatNamespace.ask("heard", target.replace("PORT", String.valueOf(PORT))))
        .output()
        .strip();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "0.0.0.0 UDP4:10.98.0.1:PORT",
        "0.0.0.0 UDP4:10.98.0.7:PORT",
        "10.98.0.7 UDP4:10.98.0.7:PORT",
        ":: UDP4:10.98.0.7:PORT",
        ":: UDP6:[2001:db8:98::1]:PORT",
        ":: UDP6:[2001:db8:98::7]:PORT",
        "2001:db8:98::7 UDP6:[2001:db8:98::7]:PORT",
        ":: UDP6:[fe80::98]:PORT,so-bindtodevice=vw"
      })
  void aClientBeyondALinkGetsItsAnswerFromTheAddressThatItHasAsked(String listen, String target)
      throws Exception {
    try (NatNamespace net = network(listen)) {
      Process server = serve(net, "EXEC:head -n1");
      try {
        assertThat(ask(world, target)).isEqualTo("heard");
      } finally {
        end(server);
      }
    }
  }

  @Test
  void anAddressThatTheHostHasLostAnswersNobodyAndTheOthersStillDo() throws Exception {
    Path lost = directory.resolve("lost");
    try (NatNamespace net = network("0.0.0.0")) {
      Process server =
          serve(
              net,
              "SYSTEM:read a; while [ $a = wait -a ! -e %s ]; do sleep .05; done; echo $a"
                  .formatted(lost));
      try {
        Process client =
            new ProcessBuilder(
                    "ip",
                    "netns",
                    "exec",
                    world,
                    "sh",
                    "-c",
                    "echo wait | timeout 600 socat -t 600 - UDP4:10.98.0.7:" + PORT)
                .redirectErrorStream(true)
                .start();
        try {
          Await.until(() -> net.on(() -> net.nat.forwards().list().getFirst().active()) == 1);
          NatNamespace.host("ip", "-n", host, "addr", "del", "10.98.0.7/24", "dev", "vh");
          Files.createFile(lost);
          Await.until(() -> net.on(() -> net.nat.udp().counters().get(UdpCount.SEND_FAILED)) > 0);
          assertThat(ask(world, "UDP4:10.98.0.1:PORT")).isEqualTo("heard");
          assertThat(client.getInputStream().available()).isZero();
        } finally {
          end(client);
        }
      } finally {
        end(server);
      }
    }
  }
}
