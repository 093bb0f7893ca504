package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/** Domains that the host asks of the servers of a link, where systemd-resolved runs. */
class ResolvedLinksTest {
  private static final int VPN = 7;

  @TempDir private Path folder;
  private FakeSystemBus bus;
  private ForwarderScene scene;
  private FakeUpstream vpn;

  @BeforeEach
  void startAHostWithAVpn() throws Exception {
    bus = new FakeSystemBus(folder.resolve("bus"));
    vpn = FakeUpstream.free();
    bus.servers.add(new FakeSystemBus.Server(VPN, "127.0.0.1", vpn.port(), ""));
    bus.domains.add(new FakeSystemBus.Domain(VPN, "corp.example", true));
    scene = new ForwarderScene(folder);
    scene.nameServers("127.0.0.53");
  }

  @AfterEach
  void stop() throws Exception {
    scene.close();
    vpn.close();
    bus.close();
  }

  private int rcode(String name) throws Exception {
    return scene.ask("guest", name).getRcode();
  }

  private static Message address(Message response) {
    Record question = response.getQuestion();
    response.addRecord(
        new ARecord(question.getName(), DClass.IN, 60, InetAddress.ofLiteral("10.1.2.3")),
        Section.ANSWER);
    return response;
  }

  @Test
  void namesOfALinksDomainAreAskedOfItsServersAndOthersOfTheFiles() throws Exception {
    FakeUpstream stub = scene.upstream("127.0.0.53");
    assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(rcode("www.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(vpn.queries.size()).isEqualTo(1);
    assertThat(stub.queries.size()).isEqualTo(1);
  }

  @Test
  void aBusOfEitherOrderOfBytesIsRead() throws Exception {
    bus.order = ByteOrder.BIG_ENDIAN;
    assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(vpn.queries.size()).isEqualTo(1);
  }

  @Test
  void searchDomainsAndLinkLocalServersOfOtherLinksDoNoHarm() throws Exception {
    bus.servers.add(new FakeSystemBus.Server(3, "fe80::1", 0, ""));
    bus.servers.add(new FakeSystemBus.Server(3, "2001:db8::53", 0, "dns.example"));
    bus.domains.add(new FakeSystemBus.Domain(3, "home.arpa", false));
    bus.domains.add(new FakeSystemBus.Domain(9, "nowhere.example", true));
    bus.domains.add(new FakeSystemBus.Domain(VPN, "lab.example", false));
    assertThat(rcode("wiki.lab.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(vpn.queries.size()).isEqualTo(1);
    String dump = scene.onLoop(() -> scene.forwarder.dump().toString());
    assertThat(dump).contains("domain of the host home.arpa").contains("[2001:db8::53]:53");
    assertThat(dump).as("a link without servers").doesNotContain("nowhere");
  }

  @Test
  void theDomainOfAllNamesStaysWithTheServersOfTheFile() throws Exception {
    FakeUpstream stub = scene.upstream("127.0.0.53");
    bus.domains.add(new FakeSystemBus.Domain(VPN, ".", true));
    assertThat(rcode("www.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(vpn.queries.size()).isZero();
    assertThat(stub.queries.size()).isEqualTo(1);
  }

  @Test
  void aVpnThatComesUpTakesItsDomainWithWhatWasKeptOfIt() throws Exception {
    FakeUpstream stub = scene.upstream("127.0.0.53");
    bus.domains.clear();
    assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(stub.queries.size()).isEqualTo(1);
    bus.domains.add(new FakeSystemBus.Domain(VPN, "corp.example", true));
    scene.step(Duration.ofSeconds(6));
    assertThat(rcode("www.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(vpn.queries.size()).isEqualTo(1);
    bus.domains.clear();
    scene.step(Duration.ofSeconds(6));
    assertThat(rcode("mail.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(vpn.queries.size()).as("after it has gone").isEqualTo(1);
  }

  @Test
  void theBusIsNotAskedForEveryQuestion() throws Exception {
    scene.upstream("127.0.0.53");
    for (int i = 0; i < 4; i++) {
      assertThat(rcode("n" + i + ".example.")).isEqualTo(Rcode.NOERROR);
      scene.step(Duration.ofMillis(1100));
    }
    assertThat(bus.connections).hasValue(1);
  }

  @Test
  void domainsOfTheConfigurationComeFirst() throws Exception {
    try (FakeUpstream own = FakeUpstream.free()) {
      scene.configure(
          "dns: {hosts-file: false, domains: {corp.example: [\"127.0.0.1:" + own.port() + "\"]}}");
      assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
      assertThat(vpn.queries.size()).isZero();
      assertThat(own.queries.size()).isEqualTo(1);
    }
  }

  @Test
  void aNetworkWithServersOfItsOwnDoesNotAskTheHostsLinks() throws Exception {
    try (FakeUpstream own = FakeUpstream.free()) {
      assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
      scene.configure("dns: {hosts-file: false, upstreams: [\"127.0.0.1:" + own.port() + "\"]}");
      assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
      assertThat(vpn.queries.size()).isEqualTo(1);
      assertThat(own.queries.size()).isEqualTo(1);
    }
  }

  @Test
  void aLinkOverTlsIsAskedOverTlsAlone() throws Exception {
    LogWatch.expect("event=dns-tls-failed");
    bus.tls.put(VPN, "yes");
    try (FakeTlsUpstream server = new FakeTlsUpstream(0)) {
      bus.servers.set(0, new FakeSystemBus.Server(VPN, "127.0.0.1", server.port(), "dns.example"));
      scene.configure(
          "dns: {hosts-file: false, authorities: " + FakeTlsUpstream.authorities(folder) + "}");
      scene.step(Duration.ofSeconds(6));
      assertThat(rcode("mail.corp.example.")).isEqualTo(Rcode.NOERROR);
      assertThat(server.queries).hasSize(1);
      bus.servers.set(0, new FakeSystemBus.Server(VPN, "127.0.0.1", server.port(), ""));
      scene.step(Duration.ofSeconds(6));
      assertThat(rcode("more.corp.example.")).as("a name, no address").isEqualTo(Rcode.SERVFAIL);
      bus.tls.put(VPN, "opportunistic");
      scene.step(Duration.ofSeconds(6));
      assertThat(rcode("even.more.corp.example.")).isEqualTo(Rcode.NOERROR);
      assertThat(server.queries).hasSize(2);
    }
  }

  @Test
  void aBusWithoutResolvedChangesNothing() throws Exception {
    FakeUpstream stub = scene.upstream("127.0.0.53");
    bus.runs = false;
    assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(stub.queries.size()).isEqualTo(1);
    assertThat(vpn.queries.size()).isZero();
  }

  @Test
  void aBusThatFallsSilentDelaysOneQuestionAndForgetsNothing() throws Exception {
    assertThat(rcode("wiki.corp.example.")).isEqualTo(Rcode.NOERROR);
    bus.silent = true;
    scene.step(Duration.ofSeconds(6));
    assertThat(rcode("mail.corp.example.")).isEqualTo(Rcode.NOERROR);
    scene.step(Duration.ofSeconds(6));
    assertThat(rcode("git.corp.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(vpn.queries.size()).isEqualTo(3);
    assertThat(bus.connections).hasValue(2);
  }

  @Test
  void namesOfALinksDomainMayHavePrivateAddresses() throws Exception {
    scene.configure("dns: {hosts-file: false, rebinding-protection: true}");
    FakeUpstream stub = scene.upstream("127.0.0.53");
    stub.answer = response -> address(response);
    vpn.answer = stub.answer;
    assertThat(scene.ask("guest", "wiki.corp.example.").getSection(Section.ANSWER)).hasSize(1);
    assertThat(scene.ask("guest", "www.example.").getSection(Section.ANSWER)).isEmpty();
  }
}
