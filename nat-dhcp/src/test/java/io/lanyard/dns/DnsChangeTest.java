package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.ClientId;
import io.lanyard.dhcp.Lease;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** A name server that takes another configuration while guests ask. */
@Timeout(240)
class DnsChangeTest {
  private static final String QUIET = "hosts-file: false";

  @TempDir private Path folder;
  private ForwarderScene scene;

  @AfterEach
  void stop() throws Exception {
    scene.close();
  }

  private void open(String keys) throws Exception {
    scene = new ForwarderScene(folder, "dns: {" + keys + "}");
    scene.upstream.answer = response -> answered(response, "192.0.2.1");
  }

  private void configure(String keys) throws Exception {
    scene.configure("dns: {" + keys + "}");
  }

  private static String upstreams(FakeUpstream... servers) {
    StringBuilder text = new StringBuilder(QUIET + ", upstreams: [");
    for (FakeUpstream server : servers) {
      text.append("'127.0.0.1:").append(server.port()).append("',");
    }
    return text.append(']').toString();
  }

  private static Message answered(Message response, String address) {
    Name name = response.getQuestion().getName();
    response.addRecord(
        new ARecord(name, DClass.IN, 3600, Address.parse(address).toInetAddress()), Section.ANSWER);
    return response;
  }

  private int rcode(String name) throws Exception {
    return scene.ask("guest", name).getRcode();
  }

  /** The answer's first record, without name and times; or the code where there is none. */
  private String ask(String name) throws Exception {
    return text(scene.ask("guest", name));
  }

  private static String text(Message answer) {
    List<Record> records = answer.getSection(Section.ANSWER);
    return records.isEmpty()
        ? Rcode.string(answer.getRcode())
        : records.getFirst() instanceof PTRRecord pointer
            ? pointer.getTarget().toString()
            : records.getFirst().rdataToString();
  }

  private static Lease lease(String hostname) {
    return new Lease(
        Address.parse("192.168.127.130"),
        ClientId.of(new byte[] {1, 2, 3}),
        0x5254_0000_0001L,
        "port",
        hostname,
        0,
        Lease.NEVER,
        Lease.State.BOUND);
  }

  @Test
  void fixedNamesComeAndGoAndWhatIsKeptOfOthersStays() throws Exception {
    open(QUIET + ", hosts: {printer: 192.168.127.9, old: 192.168.127.8}");
    assertThat(ask("www.example.")).isEqualTo("192.0.2.1");
    configure(QUIET + ", hosts: {printer: 192.168.127.19, '*.apps': 192.168.127.6}");
    assertThat(ask("printer.lan.")).isEqualTo("192.168.127.19");
    assertThat(ask("x.apps.lan.")).isEqualTo("192.168.127.6");
    assertThat(rcode("old.lan.")).isEqualTo(Rcode.NXDOMAIN);
    assertThat(ask("gateway.lan.")).isEqualTo("192.168.127.2");
    assertThat(ask("www.example.")).isEqualTo("192.0.2.1");
    assertThat(scene.upstream.queries).hasSize(1);
  }

  @Test
  void namesOfLeasesFollowIntoANewDomain() throws Exception {
    open(QUIET);
    scene.onLoop(() -> {
      scene.forwarder.names().leaseAdded(lease("web"));
      return true;
    });
    assertThat(ask("web.lan.")).isEqualTo("192.168.127.130");
    configure(QUIET + ", domain: home.arpa");
    assertThat(ask("web.home.arpa.")).isEqualTo("192.168.127.130");
    assertThat(ask("gateway.home.arpa.")).isEqualTo("192.168.127.2");
    assertThat(ask("web.lan.")).as("a name of others now").isEqualTo("192.0.2.1");
    scene.send("guest", ForwarderScene.query("130.127.168.192.in-addr.arpa.", Type.PTR).toWire());
    assertThat(text(scene.answer("guest"))).isEqualTo("web.home.arpa.");
    scene.onLoop(() -> {
      scene.forwarder.names().leaseRemoved(lease("web"));
      return true;
    });
    assertThat(rcode("web.home.arpa.")).isEqualTo(Rcode.NXDOMAIN);
  }

  @Test
  void otherServersAreAskedAtOnceAndWhatTheFormerSaidIsForgotten() throws Exception {
    open(QUIET);
    try (FakeUpstream other = FakeUpstream.free()) {
      other.answer = response -> answered(response, "192.0.2.2");
      assertThat(ask("www.example.")).isEqualTo("192.0.2.1");
      configure(upstreams(other));
      assertThat(ask("www.example.")).isEqualTo("192.0.2.2");
      assertThat(scene.onLoop(() -> scene.forwarder.dump().properties().get("servers")))
          .hasToString("[127.0.0.1:" + other.port() + "]");
      configure(upstreams(other));
      assertThat(ask("www.example.")).isEqualTo("192.0.2.2");
      assertThat(other.queries).as("the same servers: nothing is forgotten").hasSize(1);
      configure(QUIET);
      assertThat(ask("www.example.")).isEqualTo("192.0.2.1");
      assertThat(scene.upstream.queries).hasSize(2);
    }
  }

  @Test
  void aQuestionUnderWayIsAnsweredByWhomItWasPutToAndNobodyKeepsThat() throws Exception {
    open(QUIET);
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch changed = new CountDownLatch(1);
    scene.upstream.answer =
        response -> {
          asked.countDown();
          await(changed);
          return answered(response, "192.0.2.1");
        };
    try (FakeUpstream other = FakeUpstream.free()) {
      other.answer = response -> answered(response, "192.0.2.2");
      scene.send("guest", ForwarderScene.query("www.example.").toWire());
      await(asked);
      configure(upstreams(other));
      // The same question by another guest: it does not wait for the former server.
      assertThat(text(scene.ask("late", "www.example."))).isEqualTo("192.0.2.2");
      changed.countDown();
      assertThat(text(scene.answer("guest"))).isEqualTo("192.0.2.1");
      assertThat(ask("www.example.")).isEqualTo("192.0.2.2");
      assertThat(other.queries).hasSize(1);
      assertThat(scene.gauge("outstanding")).isZero();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aNetworkThatAsksNobodyAnyMoreRefusesAtOnceAndAsksAgainLater() throws Exception {
    open(QUIET);
    assertThat(ask("www.example.")).isEqualTo("192.0.2.1");
    configure(QUIET + ", upstreams: []");
    assertThat(rcode("www.example.")).isEqualTo(Rcode.REFUSED);
    assertThat(ask("gateway.lan.")).isEqualTo("192.168.127.2");
    configure(QUIET);
    assertThat(ask("www.example.")).isEqualTo("192.0.2.1");
    assertThat(scene.upstream.queries).hasSize(2);
  }

  @Test
  void theHostsFileCountsFromNowOnOrNoLonger() throws Exception {
    Files.writeString(folder.resolve("hosts"), "10.1.2.3 nas.example\n");
    open(QUIET);
    assertThat(ask("nas.example.")).isEqualTo("192.0.2.1");
    configure("hosts-file: true");
    assertThat(ask("nas.example.")).isEqualTo("10.1.2.3");
    configure(QUIET);
    assertThat(ask("nas.example.")).isEqualTo("192.0.2.1");
  }

  @Test
  void aQuestionThatWaitsForAFileIsPutToTheServersOfTheNewConfiguration() throws Exception {
    open(QUIET);
    try (FakeUpstream other = FakeUpstream.free()) {
      other.answer = response -> answered(response, "192.0.2.2");
      NetworkConfig next = TestNetworks.nat("dns: {" + upstreams(other) + "}");
      scene.onLoop(() -> {
        // In one task: the file has not been read when the configuration is another one.
        scene.send(scene.guest("guest"), ForwarderScene.query("www.example.").toWire());
        scene.forwarder.configure(next, List.of());
        return true;
      });
      assertThat(text(scene.answer("guest"))).isEqualTo("192.0.2.2");
      assertThat(scene.upstream.queries).isEmpty();
    }
  }

  @Test
  void aNameServerStaysInItsSubnet() throws Exception {
    open(QUIET);
    NetworkConfig moved = TestNetworks.of("vmnet8", "ipv4: {subnet: 192.168.128.0/24}");
    scene.onLoop(() -> {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> scene.forwarder.configure(moved, List.of()))
          .withMessageContaining("keeps its network, subnet and gateway");
      return true;
    });
    assertThat(ask("gateway.lan.")).isEqualTo("192.168.127.2");
  }

  @Test
  void aHundredChangesUnderQuestionsLeaveNoneWithoutAnAnswer() throws Exception {
    open(QUIET);
    try (FakeUpstream other = FakeUpstream.free()) {
      other.answer = response -> answered(response, "192.0.2.2");
      List<String> all =
          List.of(
              QUIET,
              upstreams(other),
              "hosts-file: true",
              QUIET + ", upstreams: []",
              QUIET + ", domain: example.org",
              QUIET + ", hosts: {x: 192.168.127.9}");
      Files.writeString(folder.resolve("hosts"), "10.1.2.3 nas.example\n");
      for (int i = 0; i < 100; i++) {
        for (int q = 0; q < 5; q++) {
          scene.send("guest", ForwarderScene.query("q" + q + i % 7 + ".example.").toWire());
        }
        configure(all.get(i % all.size()));
        for (int q = 0; q < 5; q++) {
          assertThat(scene.answer("guest").getRcode()).isIn(Rcode.NOERROR, Rcode.REFUSED);
        }
        if (i % 10 == 0) {
          scene.step(Duration.ofSeconds(2));
        }
      }
      assertThat(scene.gauge("outstanding")).isZero();
      assertThat(scene.answers("guest")).isEmpty();
    }
  }
}
