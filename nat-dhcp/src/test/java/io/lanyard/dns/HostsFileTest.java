package io.lanyard.dns;

import static io.lanyard.dns.ForwarderScene.query;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** The names of the host's own file of hosts. */
class HostsFileTest extends QuestionScene {
  @Test
  void whatTheHostsFileHasIsAnsweredFromIt() throws Exception {
    Files.writeString(
        hostsFile,
        """
        127.0.0.1 localhost
        127.0.1.1 myhost.example myhost
        ::1 ip6-localhost
        ff02::1 ip6-allnodes
        10.1.2.3 Nas.example nas   # a comment
        2001:db8::7 nas.example
        10.1.2.4 tv.lan printer.lan gateway.lan
        0.0.0.0 ads.example
        nonsense
        10.1.2.5 -bad..name-
        """);
    // The first question finds them too, although the file was not read before it.
    assertThat(data(ask("nas.example.", Type.A), Section.ANSWER)).containsExactly("10.1.2.3");
    assertThat(data(ask("NAS.example.", Type.AAAA), Section.ANSWER))
        .containsExactly("2001:db8:0:0:0:0:0:7");
    assertThat(data(ask("nas.", Type.A), Section.ANSWER)).containsExactly("10.1.2.3");
    assertThat(ask("nas.", Type.AAAA).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(data(ask("ads.example.", Type.A), Section.ANSWER)).containsExactly("0.0.0.0");
    assertThat(data(ask("3.2.1.10.in-addr.arpa.", Type.PTR), Section.ANSWER))
        .containsExactly("Nas.example.");
    assertThat(upstream.queries).isEmpty();
    // In the network's domain it comes after the network's own names.
    assertThat(data(ask("tv.lan.", Type.A), Section.ANSWER)).containsExactly("10.1.2.4");
    assertThat(data(ask("printer.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.9");
    assertThat(data(ask("gateway.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.2");
    // A loopback address would lead a guest to itself; other types are the servers' business.
    ask("myhost.example.", Type.A);
    ask("nas.example.", Type.MX);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void aChangedHostsFileIsFollowed() throws Exception {
    Files.writeString(hostsFile, "10.1.2.3 nas.example\n");
    assertThat(data(ask("nas.example.", Type.A), Section.ANSWER)).containsExactly("10.1.2.3");
    Files.writeString(hostsFile, "10.1.2.33 nas.example\n10.1.2.4 new.example\n");
    scene.step(Duration.ofSeconds(2));
    assertThat(data(ask("new.example.", Type.A), Section.ANSWER)).containsExactly("10.1.2.4");
    assertThat(data(ask("nas.example.", Type.A), Section.ANSWER)).containsExactly("10.1.2.33");
    Files.delete(hostsFile);
    scene.step(Duration.ofSeconds(2));
    ask("other.example.", Type.A);
    ask("nas.example.", Type.A);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void theVeryFirstQuestionFindsANameOfTheHostsFileInTheNetworksDomain() throws Exception {
    Files.writeString(hostsFile, "10.1.2.4 tv.lan\n");
    assertThat(data(ask("tv.lan.", Type.A), Section.ANSWER)).containsExactly("10.1.2.4");
  }

  @Test
  void everyGuestThatWaitedForTheHostsFileIsAnswered() throws Exception {
    Files.writeString(hostsFile, "10.1.2.3 nas.example\n");
    List<String> guests = List.of("one", "two", "three");
    scene.onLoop(() -> {
      for (String guest : guests) {
        scene.send(scene.guest(guest), query("nas.example.", Type.A).toWire());
      }
      return true;
    });
    for (String guest : guests) {
      assertThat(data(scene.answer(guest), Section.ANSWER)).containsExactly("10.1.2.3");
    }
    assertThat(upstream.queries).isEmpty();
  }

  @Test
  void whatAGuestCallsItselfDoesNotHideANameOfTheHostsFileOutsideTheNetworksDomain()
      throws Exception {
    Files.writeString(hostsFile, "10.1.2.3 nas\n10.1.2.9 printer\n");
    scene.onLoop(() -> {
      scene.forwarder.names().leaseAdded(lease("192.168.127.130", "nas"));
      scene.forwarder.names().leaseAdded(lease("192.168.127.131", "web"));
      return true;
    });
    assertThat(data(ask("nas.", Type.A), Section.ANSWER)).containsExactly("10.1.2.3");
    assertThat(data(ask("nas.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.130");
    assertThat(data(ask("web.", Type.A), Section.ANSWER)).containsExactly("192.168.127.131");
    // The configuration comes first everywhere.
    assertThat(data(ask("printer.", Type.A), Section.ANSWER)).containsExactly("192.168.127.9");
  }
}
