package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.NetworkNamespace;
import io.lanyard.testing.HostCommand;
import io.netty.channel.DefaultChannelId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/**
 * A server that may have TLS at its port (853) and has it not: it is asked in the clear at the port
 * of DNS (53), at loopback addresses of a network namespace of the test's own. Needs root and
 * iproute2.
 */
class UpstreamTlsIT {
  private static final String NAMESPACE = "lanyard-tls-" + ProcessHandle.current().pid();

  @TempDir private Path folder;

  @BeforeAll
  static void makeNamespace() throws Exception {
    var _ = DefaultChannelId.newInstance(); // looks for a MAC address, once; the namespace has none
    HostCommand.run("ip", "netns", "add", NAMESPACE);
    HostCommand.run("ip", "-n", NAMESPACE, "link", "set", "lo", "up");
  }

  @AfterAll
  static void deleteNamespace() throws Exception {
    HostCommand.run("ip", "netns", "delete", NAMESPACE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.153.53", "[::1]"})
  void aServerThatHasNoTlsIsAskedInTheClearAtThePortOfDns(String address) throws Exception {
    // The scene's loop begins its thread there, and a thread is where the one is that begins it.
    NetworkNamespace.run(
        NAMESPACE,
        () -> {
          asked(address);
          return true;
        });
  }

  private void asked(String address) throws Exception {
    InetAddress at = InetAddress.getByName(address);
    try (FakeUpstream server = new FakeUpstream(new InetSocketAddress(at, 53))) {
      server.answer = UpstreamTlsIT::texts;
      ForwarderScene scene =
          new ForwarderScene(
              folder, "dns: {hosts-file: false, upstreams: [\"tls://" + address + "\"]}");
      try {
        assertThat(scene.ask("guest", "www.example.").getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(scene.ask("guest", "more.example.").getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(scene.count(DnsCount.UPSTREAM_UDP)).isEqualTo(2);
        assertThat(scene.count(DnsCount.UPSTREAM_TCP)).isZero();
        scene.send("guest", ForwarderScene.query("large.example.", Type.TXT).toWire());
        assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(scene.count(DnsCount.UPSTREAM_TCP)).as("the whole of it").isEqualTo(1);
        assertThat(server.queries).hasSize(4);
      } finally {
        scene.close();
      }
    }
  }

  /** Gives names texts that no datagram holds. */
  private static Message texts(Message response) {
    var question = response.getQuestion();
    for (int i = 0; i < 8 && question.getType() == Type.TXT; i++) {
      response.addRecord(
          new TXTRecord(question.getName(), DClass.IN, 60, i + "x".repeat(240)), Section.ANSWER);
    }
    return response;
  }
}
