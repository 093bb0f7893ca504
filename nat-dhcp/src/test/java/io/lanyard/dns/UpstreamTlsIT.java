package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
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
 * of DNS (53), at loopback addresses. Needs root for that port; left out where a resolver of the
 * host's holds it at all addresses, and without IPv6.
 */
class UpstreamTlsIT {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"127.0.153.53", "[::1]"})
  void aServerThatHasNoTlsIsAskedInTheClearAtThePortOfDns(String address) throws Exception {
    InetAddress at = InetAddress.getByName(address);
    try (FakeUpstream server = server(new InetSocketAddress(at, 53))) {
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

  private static FakeUpstream server(InetSocketAddress at) throws IOException {
    try {
      return new FakeUpstream(at);
    } catch (SocketException e) {
      return Assumptions.abort(at + " cannot be bound on this host: " + e);
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
