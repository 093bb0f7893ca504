package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;

/** Where a forwarder asks for names of others, and what it does when it cannot know. */
class UpstreamsTest {
  @TempDir private Path folder;
  private ForwarderScene scene;

  @AfterEach
  void stop() throws Exception {
    scene.close();
  }

  private void open() throws Exception {
    scene = new ForwarderScene(folder);
  }

  /** With keys of the network's DNS. */
  private void open(String keys) throws Exception {
    scene = new ForwarderScene(folder, "dns: {" + keys + "}");
  }

  private int rcode(String name) throws Exception {
    return scene.ask("guest", name).getRcode();
  }

  private Object servers() throws Exception {
    return scene.onLoop(() -> scene.forwarder.dump().properties().get("servers"));
  }

  private String problem() throws Exception {
    return scene.onLoop(scene.forwarder::problem);
  }

  /** In the file's place a thing that can be seen and not be read, as with no descriptor left. */
  private void makeUnreadable() throws Exception {
    Files.delete(scene.resolvConf);
    Files.createDirectory(scene.resolvConf);
  }

  private void makeReadable() throws Exception {
    Files.delete(scene.resolvConf);
    Files.writeString(scene.resolvConf, "nameserver 127.0.0.1\n");
  }

  @Test
  void aResolvConfThatCannotBeReadKeepsItsFormerServers() throws Exception {
    LogWatch.expect("resolv.conf cannot be read: Is a directory");
    open();
    assertThat(rcode("before.example.")).isEqualTo(Rcode.NOERROR);
    Object before = servers();
    makeUnreadable();
    scene.step(Duration.ofSeconds(2));
    assertThat(rcode("meanwhile.example.")).isEqualTo(Rcode.NOERROR);
    scene.await(() -> !scene.forwarder.problem().isEmpty());
    assertThat(servers()).isEqualTo(before);
    assertThat(problem()).contains("the servers that were in it are asked");
    makeReadable();
    scene.step(Duration.ofSeconds(6)); // Nobody asks, and it is tried again all the same.
    scene.await(() -> scene.forwarder.problem().isEmpty());
    assertThat(rcode("after.example.")).isEqualTo(Rcode.NOERROR);
  }

  @Test
  void aResolvConfThatCannotBeReadAtTheFirstQuestionIsNoServerOfTheHost() throws Exception {
    LogWatch.expect("resolv.conf cannot be read: Is a directory");
    open();
    makeUnreadable();
    assertThat(rcode("first.example.")).isEqualTo(Rcode.SERVFAIL);
    assertThat(servers()).isEqualTo("[]");
    assertThat(problem()).contains("names of others are not resolved");
    assertThat(rcode("gateway.lan.")).isEqualTo(Rcode.NOERROR);
    makeReadable();
    scene.step(Duration.ofSeconds(2));
    assertThat(rcode("first.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(problem()).isEmpty();
  }

  @Test
  void aResolvConfThatIsNotThereMeansTheHostItself() throws Exception {
    open();
    Files.delete(scene.resolvConf);
    assertThat(rcode("first.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(problem()).isEmpty();
  }

  @Test
  void aHostsFileThatCannotBeReadKeepsItsFormerNames() throws Exception {
    Path hosts = Files.writeString(folder.resolve("hosts"), "10.1.2.3 nas.example\n");
    open("hosts-file: true");
    scene.upstream.answer =
        response -> {
          response.getHeader().setRcode(Rcode.NXDOMAIN);
          return response;
        };
    assertThat(rcode("nas.example.")).isEqualTo(Rcode.NOERROR);
    Files.delete(hosts);
    Files.createDirectory(hosts);
    scene.step(Duration.ofSeconds(2));
    assertThat(rcode("other.example.")).isEqualTo(Rcode.NXDOMAIN); // It has looked.
    assertThat(rcode("nas.example.")).isEqualTo(Rcode.NOERROR);
  }

  private void pass(int seconds) throws Exception {
    for (int i = 0; i < seconds; i++) {
      scene.step(Duration.ofSeconds(1));
    }
  }

  @Test
  void aNameThatIsNeverAnsweredIsNoFaultOfTheServers() throws Exception {
    open();
    scene.upstream.answer =
        response -> response.getQuestion().getName().toString().equals(".") ? response : null;
    scene.onLoop(() -> {
      scene.send(scene.guest("guest"), ForwarderScene.query("slow.example.").toWire());
      return true;
    });
    scene.await(() -> !scene.upstream.queries.isEmpty());
    pass(2);
    scene.await(() ->
        scene.upstream.queries.stream()
            .anyMatch(each -> each.getQuestion().getName().toString().equals(".")));
    assertThat(rcode(".")).isEqualTo(Rcode.NOERROR); // The servers' answer to us has come before.
    pass(20);
    assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.SERVFAIL);
    assertThat(problem()).isEmpty();
  }

  @Test
  void serversThatAnswerNothingAreAProblemUntilTheyAnswer() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    open();
    scene.upstream.answer = response -> null;
    scene.onLoop(() -> {
      scene.send(scene.guest("guest"), ForwarderScene.query("www.example.").toWire());
      return true;
    });
    scene.await(() -> !scene.upstream.queries.isEmpty());
    pass(2);
    assertThat(problem()).isEmpty(); // One name says nothing.
    scene.await(() -> scene.upstream.queries.size() > 2); // The root is asked for.
    pass(3);
    assertThat(problem())
        .contains("no name server answers")
        .containsPattern("asked \\[[0-9.]+:[0-9]+");
    pass(4);
    assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.SERVFAIL);
    scene.upstream.answer = response -> response;
    // Nobody asks, and yet it is over once they answer.
    scene.await(() -> {
      scene.link.step(Duration.ofMillis(100));
      return scene.forwarder.problem().isEmpty();
    });
    assertThat(LogWatch.count("dns-upstreams-back")).isEqualTo(1);
  }

  @Test
  void aLackOfSocketsSaysNeitherThatTheServersAnswerNorThatTheyDoNot() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    LogWatch.expect("no-descriptor");
    scene =
        new ForwarderScene(
            folder,
            new DescriptorBudget(() -> 100, Clock.system()),
            ForwarderScene.WITHOUT_HOSTS_FILE);
    scene.upstream.answer = response -> null;
    scene.onLoop(() -> {
      scene.send(scene.guest("guest"), ForwarderScene.query("www.example.").toWire());
      return true;
    });
    scene.await(() -> {
      scene.link.step(Duration.ofSeconds(1));
      return !scene.forwarder.problem().isEmpty() && !scene.answers("guest").isEmpty();
    });
    List<Boolean> taken = new ArrayList<>();
    scene.onLoop(() -> {
      while (scene.sockets.take()) {
        taken.add(true);
      }
      return true;
    });
    long refused = scene.count(DnsCount.NO_DESCRIPTOR);
    scene.upstream.answer = response -> response;
    scene.await(() -> {
      scene.link.step(Duration.ofSeconds(1));
      return scene.forwarder.counters().get(DnsCount.NO_DESCRIPTOR) >= refused + 4;
    });
    assertThat(problem()).contains("no name server answers");
    scene.onLoop(() -> {
      taken.forEach(each -> scene.sockets.giveBack());
      return true;
    });
    scene.await(() -> {
      scene.link.step(Duration.ofSeconds(1));
      return scene.forwarder.problem().isEmpty();
    });
  }

  @Test
  void whatTheDaemonAsksForItselfEndsWithTheNameServer() throws Exception {
    open();
    scene.upstream.answer = response -> null;
    CompletionStage<List<Address>> found =
        scene.onLoop(() -> scene.forwarder.lookup("www.example", false));
    scene.await(() -> scene.upstream.queries.size() == 1);
    scene.onLoop(() -> {
      scene.forwarder.close();
      return true;
    });
    assertThat(scene.onLoop(() -> scene.sockets.held())).isZero();
    assertThat(found.toCompletableFuture()).isCompletedWithValue(List.of());
  }

  @Test
  void serversOfTheConfigurationAreAskedAtTheirPorts() throws Exception {
    try (FakeUpstream other = FakeUpstream.free()) {
      open("hosts-file: false, upstreams: ['127.0.0.1:" + other.port() + "']");
      assertThat(rcode("www.example.")).isEqualTo(Rcode.NOERROR);
      assertThat(other.queries).hasSize(1);
      assertThat(scene.upstream.queries).isEmpty();
    }
  }

  @Test
  void aNetworkWithoutUpstreamsAnswersItsOwnNamesAndRefusesOthersAtOnce() throws Exception {
    open("hosts-file: false, upstreams: []");
    assertThat(rcode("gateway.lan.")).isEqualTo(Rcode.NOERROR);
    assertThat(rcode("nobody.lan.")).isEqualTo(Rcode.NXDOMAIN);
    assertThat(rcode("localhost.")).isEqualTo(Rcode.NOERROR);
    Message refused = scene.ask("guest", "www.Example.");
    assertThat(refused.getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(refused.getQuestion().getName().toString()).isEqualTo("www.Example.");
    assertThat(scene.count(DnsCount.NOT_FORWARDED)).isEqualTo(1);
    assertThat(scene.upstream.queries).isEmpty();
    assertThat(problem()).isEmpty();
  }

  @Test
  void aNetworkWithoutUpstreamsStillHasTheNamesOfTheHostsFile() throws Exception {
    Files.writeString(folder.resolve("hosts"), "10.1.2.3 nas.example\n");
    open("upstreams: []");
    // The very first question waits for the file, and is refused when it is not there.
    Message first = scene.ask("guest", "www.Example.");
    assertThat(first.getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(first.getSection(Section.QUESTION).getFirst().getName().toString())
        .isEqualTo("www.Example.");
    assertThat(rcode("nas.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(scene.upstream.queries).isEmpty();
    assertThat(scene.gauge("outstanding")).isZero();
  }
}
