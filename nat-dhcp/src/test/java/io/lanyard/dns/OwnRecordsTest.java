package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Records of the configuration beside hosts. */
class OwnRecordsTest {
  private static final String KEYS =
      """
      dns:
        hosts-file: false
        hosts: {web: 192.168.127.9, twice: 192.168.127.9, "*.apps": 192.168.127.10,
          dual: [192.168.127.30, "fd00::30", 192.168.127.31], six: "fd00::31", "*.both": [192.168.127.32, "fd00::32"]}
        records:
          - {name: www, cname: web}
          - {name: far, cname: www}
          - {name: _http._tcp, srv: "10 5 80 web"}
          - {name: web, txt: "two words"}
          - {name: web, aaaa: "fd00::9"}
          - {name: "*.wild", txt: below}
          - {name: nas, ptr: 10.1.2.3}
          - {name: six.example., ptr: "fd00::6"}
          - {name: other.example., txt: elsewhere}
          - {name: many, a: 192.168.127.20}
          - {name: many, a: 192.168.127.21}
          - {name: twice, a: 192.168.127.19}
          - {name: also, cname: twice}
          - {name: "*.pool", a: 192.168.127.22}
          - {name: named.apps, txt: "has no address"}
          - {name: fixed6, aaaa: "fd00::10"}\
      """;

  @TempDir private Path folder;
  private ForwarderScene scene;

  @BeforeEach
  void open() throws Exception {
    scene = new ForwarderScene(folder, KEYS);
  }

  @AfterEach
  void stop() throws Exception {
    scene.close();
  }

  private Message ask(String name, int type) throws Exception {
    scene.send("guest", ForwarderScene.query(name, type).toWire());
    return scene.answer("guest");
  }

  private List<String> answers(String name, int type) throws Exception {
    return ask(name, type).getSection(Section.ANSWER).stream().map(Record::rdataToString).toList();
  }

  @Test
  void anAliasIsAnsweredWithTheAddressesOfItsName() throws Exception {
    assertThat(answers("www.lan.", Type.A)).containsExactly("web.lan.", "192.168.127.9");
    assertThat(answers("far.lan.", Type.A))
        .containsExactly("www.lan.", "web.lan.", "192.168.127.9");
    assertThat(answers("www.lan.", Type.AAAA)).containsExactly("web.lan.", "fd00:0:0:0:0:0:0:9");
    assertThat(answers("www.lan.", Type.CNAME)).containsExactly("web.lan.");
    assertThat(scene.upstream.queries).as("nobody else is asked").isEmpty();
  }

  @Test
  void servicesAndTextsAreFoundByTheirType() throws Exception {
    assertThat(answers("_http._tcp.lan.", Type.SRV)).containsExactly("10 5 80 web.lan.");
    assertThat(answers("web.lan.", Type.TXT)).containsExactly("\"two words\"");
    assertThat(answers("web.lan.", Type.A)).containsExactly("192.168.127.9");
    Message none = ask("web.lan.", Type.MX);
    assertThat(none.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(none.getSection(Section.AUTHORITY)).hasSize(1);
    assertThat(ask("_http._tcp.lan.", Type.A).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(ask("_tcp.lan.", Type.A).getRcode()).as("above a name").isEqualTo(Rcode.NOERROR);
    assertThat(ask("nothing.lan.", Type.TXT).getRcode()).isEqualTo(Rcode.NXDOMAIN);
  }

  @Test
  void aWildcardIsForNamesWithoutRecordsOfTheirOwn() throws Exception {
    Message answer = ask("a.wild.lan.", Type.TXT);
    assertThat(answer.getSection(Section.ANSWER).getFirst().getName().toString())
        .isEqualTo("a.wild.lan.");
    assertThat(answers("b.a.wild.lan.", Type.TXT)).containsExactly("below");
    assertThat(ask("a.wild.lan.", Type.A).getRcode()).isEqualTo(Rcode.NOERROR);
  }

  @Test
  void anAddressHasTheNameOfItsRecord() throws Exception {
    assertThat(answers("3.2.1.10.in-addr.arpa.", Type.PTR)).containsExactly("nas.lan.");
    assertThat(
            answers(
                "6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.",
                Type.PTR))
        .containsExactly("six.example.");
  }

  @Test
  void aNameOutsideTheDomainIsTheNetworksOwnToo() throws Exception {
    assertThat(answers("other.example.", Type.TXT)).containsExactly("elsewhere");
    assertThat(ask("other.example.", Type.MX).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(ask("another.example.", Type.TXT).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(scene.upstream.queries).as("the other is asked of others").hasSize(1);
  }

  @Test
  void addressesOfHostsAndOfRecordsAreToldTogether() throws Exception {
    assertThat(answers("many.lan.", Type.A)).containsExactly("192.168.127.20", "192.168.127.21");
    assertThat(answers("twice.lan.", Type.A)).containsExactly("192.168.127.9", "192.168.127.19");
    assertThat(answers("also.lan.", Type.A))
        .containsExactly("twice.lan.", "192.168.127.9", "192.168.127.19");
    assertThat(answers("any.pool.lan.", Type.A)).containsExactly("192.168.127.22");
  }

  @Test
  void aGuestCannotAddItselfToANameThatRecordsLead() throws Exception {
    lease("fixed6", "192.168.127.200");
    lease("www", "192.168.127.201");
    lease("_tcp", "192.168.127.202");
    assertThat(answers("fixed6.lan.", Type.AAAA)).containsExactly("fd00:0:0:0:0:0:0:10");
    Message none = ask("fixed6.lan.", Type.A);
    assertThat(none.getSection(Section.ANSWER)).isEmpty();
    assertThat(none.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(answers("fixed6.", Type.A)).as("by its label").isEmpty();
    assertThat(answers("www.lan.", Type.A)).doesNotContain("192.168.127.201");
    assertThat(ask("200.127.168.192.in-addr.arpa.", Type.PTR).getRcode())
        .as("backwards")
        .isEqualTo(Rcode.NXDOMAIN);
    scene.configure("dns: {hosts-file: false, records: [{name: fixed6, txt: free}]}");
    assertThat(answers("fixed6.lan.", Type.A)).containsExactly("192.168.127.200");
    assertThat(answers("fixed6.lan.", Type.TXT)).containsExactly("free");
  }

  @Test
  void aHostHasOneOrSeveralAddressesOfEitherFamily() throws Exception {
    assertThat(answers("dual.lan.", Type.A)).containsExactly("192.168.127.30", "192.168.127.31");
    assertThat(answers("dual.", Type.AAAA)).containsExactly("fd00:0:0:0:0:0:0:30");
    assertThat(answers("dual.lan.", Type.ANY)).hasSize(3);
    assertThat(answers("31.127.168.192.in-addr.arpa.", Type.PTR)).containsExactly("dual.lan.");
    assertThat(answers("six.lan.", Type.AAAA)).containsExactly("fd00:0:0:0:0:0:0:31");
    assertThat(ask("six.lan.", Type.A).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(answers("any.both.lan.", Type.AAAA)).containsExactly("fd00:0:0:0:0:0:0:32");
    lease("six", "192.168.127.203");
    assertThat(answers("six.lan.", Type.A)).as("the name is the configuration's").isEmpty();
  }

  private void lease(String hostname, String address) throws Exception {
    scene.onLoop(() -> {
      scene.forwarder.names().leaseAdded(QuestionScene.lease(address, hostname));
      return true;
    });
  }

  @Test
  void aNameWithRecordsIsNotTheWildcards() throws Exception {
    assertThat(answers("other.apps.lan.", Type.A)).containsExactly("192.168.127.10");
    Message none = ask("named.apps.lan.", Type.A);
    assertThat(none.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(none.getSection(Section.ANSWER)).isEmpty();
    assertThat(ask("below.named.apps.lan.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
  }

  @Test
  void aLabelAloneIsEnoughForRecordsToo() throws Exception {
    assertThat(answers("many.", Type.A)).containsExactly("192.168.127.20", "192.168.127.21");
    assertThat(answers("www.", Type.AAAA)).containsExactly("web.lan.", "fd00:0:0:0:0:0:0:9");
    assertThat(scene.upstream.queries).isEmpty();
  }

  @Test
  void recordsChangeWhileTheServerRuns() throws Exception {
    scene.configure("dns: {hosts-file: false, records: [{name: web, txt: new}]}");
    assertThat(answers("web.lan.", Type.TXT)).containsExactly("new");
    assertThat(ask("www.lan.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
  }
}
