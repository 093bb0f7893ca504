package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DocumentTest {
  private static final Instant NOON = Instant.parse("2026-11-29T12:00:00Z");

  private static final String BASE =
      """
      # A comment.
      version: 1
      networks:
        lan:
          mode: nat
          ipv4: {subnet: 10.1.0.0/24}
          dhcp:
            reservations:
              - {mac: 52-54-00-00-00-10, address: 10.1.0.10, hostname: web}
          egress:
            rules: [{deny: 10.0.0.0/8}, {allow: "*:53"}]
          forwards:
            - {name: web, protocol: tcp, listen: "127.0.0.1:8080", to: "web:80"}
            - {protocol: udp, listen: "*:53", to: "web:53"}
          ports:
            - {name: p1, kind: tap, device: t1}
      guests:
        Demo: {image: debian, nics: [{network: lan}]}
      """;

  private static Document base() throws ConfigException {
    return Document.of("base.yaml", BASE, Samples.NOWHERE);
  }

  static Edit set(String path, String value) {
    return Edit.set(DocumentPath.parse(path), value, "alice", NOON);
  }

  static Edit remove(String path) {
    return Edit.remove(DocumentPath.parse(path), "bob", NOON);
  }

  static Document changed(Edit... edits) throws ConfigException {
    Document document = base();
    for (Edit edit : edits) {
      document = document.with(edit);
    }
    return document;
  }

  private static NetworkConfig lan(Document document) throws ConfigException {
    return Objects.requireNonNull(document.configuration().networks().get("lan"));
  }

  private static List<String> labels(Document document) throws ConfigException {
    return lan(document).forwards().stream().map(ForwardConfig::label).toList();
  }

  @Test
  void aChangeOfAKeyIsInTheConfigurationAndTheBaseIsAsItWas() throws ConfigException {
    Document base = base();
    Document changed = base.with(set("networks.lan.dns.domain", "lab"));

    assertThat(GatewayConfig.of(lan(changed)).dns().domain()).isEqualTo("lab");
    assertThat(GatewayConfig.of(lan(base)).dns().domain()).isEqualTo("lan");
    assertThat(changed.text()).isEqualTo(BASE);
    assertThat(base.edits()).isEmpty();
  }

  @Test
  void anItemOfAListIsKnownByItsContent() throws ConfigException {
    Document changed =
        changed(
            set("networks.lan.forwards[web].listen", "\"127.0.0.1:9090\""),
            set("networks.lan.forwards[udp/0.0.0.0:53].to", "\"web:5353\""),
            set(
                "networks.lan.forwards[ssh]",
                "{\"name\":\"ssh\",\"protocol\":\"tcp\",\"listen\":\"*:22\",\"to\":\"web:22\"}"),
            set("networks.lan.dhcp.reservations[52:54:00:00:00:10].address", "10.1.0.11"),
            remove("networks.lan.ports[p1]"));

    assertThat(labels(changed)).containsExactly("web", "udp/0.0.0.0:53", "ssh");
    assertThat(lan(changed).forwards().getFirst().listen())
        .isEqualTo(Endpoint.parse("127.0.0.1:9090"));
    assertThat(lan(changed).forwards().getFirst().to()).hasToString("10.1.0.11:80");
    assertThat(lan(changed).ports()).isEmpty();
  }

  @Test
  void whatLeadsToAValueIsMadeWhereItIsMissing() throws ConfigException {
    Document changed =
        changed(
            set("networks.lab.mode", "isolated"),
            set("networks.lab.ports[x].kind", "tap"),
            set("networks.lab.ports[x].device", "x0"),
            set("networks.lan.dhcp.reservations[52:54:00:00:00:aa].address", "10.1.0.12"),
            set("networks.lan.forwards[tcp/[::1]:80].to", "\"web:80\""));

    NetworkConfig lab = Objects.requireNonNull(changed.configuration().networks().get("lab"));
    assertThat(lab.ports()).singleElement().extracting(PortConfig::name).isEqualTo("x");
    assertThat(GatewayConfig.of(lan(changed)).dhcp().reservations()).hasSize(2);
    assertThat(labels(changed)).endsWith("tcp/[::1]:80");
  }

  @Test
  void aLaterChangeOfTheSameReplacesTheEarlier() throws ConfigException {
    Document changed =
        changed(
            set("networks.lan.mtu", "1400"),
            set("log.level", "debug"),
            set("networks.lan.mtu", "1300"));

    assertThat(changed.edits())
        .containsExactly(set("networks.lan.mtu", "1300"), set("log.level", "debug"));
    assertThat(lan(changed).mtu()).isEqualTo(1300);
  }

  @Test
  void aChangeOfTheWholeReplacesThoseOfItsParts() throws ConfigException {
    Document changed =
        changed(
            set("networks.lab.mode", "isolated"),
            set("networks.lab.mtu", "1400"),
            set("networks.lab", "{mode: isolated, mtu: 1300}"));

    assertThat(changed.edits()).containsExactly(set("networks.lab", "{mode: isolated, mtu: 1300}"));
  }

  @Test
  void aChangeThatBringsBackWhatWasThereDisappears() throws ConfigException {
    assertThat(changed(set("networks.lan.mode", "\"nat\"")).edits()).isEmpty();
    assertThat(changed(set("log.level", "debug"), remove("log.level"))).isEqualTo(base());
    assertThat(changed(set("networks.lan.ports[p1]", "{kind: tap, device: t1}")).edits()).isEmpty();
    assertThat(
            changed(
                remove("networks.lan.forwards[web]"),
                set(
                    "networks.lan.forwards[web]",
                    "{to: 'web:80', listen: '127.0.0.1:8080', protocol: tcp, name: web}")))
        .isEqualTo(base());
  }

  @Test
  void whatWasMadeOnTheWayToARemovedValueGoesWithIt() throws ConfigException {
    assertThat(
            changed(
                    set("networks.lan.dns", "~"),
                    set("networks.lan.dns.domain", "x"),
                    remove("networks.lan.dns.domain"))
                .effectiveText())
        .contains("    dns: null\n");
    assertThat(
            changed(set("networks.lab.dns.domain", "x"), remove("networks.lab.dns.domain"))
                .effectiveText())
        .doesNotContain("lab");
  }

  @Test
  void aRemovedItemThatIsSetAgainKeepsItsOneChange() throws ConfigException {
    String other = "{name: web, protocol: tcp, listen: '127.0.0.1:1', to: 'web:80'}";
    Document changed =
        changed(remove("networks.lan.forwards[web]"), set("networks.lan.forwards[web]", other));

    assertThat(changed.edits()).containsExactly(set("networks.lan.forwards[web]", other));
    assertThat(labels(changed)).containsExactly("web", "udp/0.0.0.0:53");
  }

  @Test
  void aChangeOfAnItemThatIsKnownByItsPlaceIsOneOfTheWholeList() throws ConfigException {
    Document changed =
        changed(
            set("networks.lan.egress.rules[2]", "{deny: '*:25'}"),
            remove("networks.lan.egress.rules[0]"),
            remove("networks.lan.egress.rules[0]"));

    assertThat(changed.edits()).hasSize(1);
    Edit edit = changed.edits().getFirst();
    assertThat(edit.path()).hasToString("networks.lan.egress.rules");
    assertThat(edit.value()).isEqualTo("[{deny: \"*:25\"}]");
    assertThat(edit.who()).isEqualTo("bob");
    assertThat(((NetworkMode.Nat) lan(changed).mode()).egress().rules()).hasSize(1);
    assertThat(
            changed(set("guests.demo.nics[nic0].mac", "52:54:00:00:00:99"))
                .edits()
                .getFirst()
                .path())
        .hasToString("guests.demo.nics");
  }

  @Test
  void aRemovalOfWhatIsNotThereIsRefused() throws ConfigException {
    Document base = base();
    for (String path :
        List.of(
            "networks.lan.forwards[ssh]",
            "networks.lab",
            "networks.lab.mtu",
            "networks.lan.mode.x",
            "networks.lan.egress.rules[2]",
            "networks.lan.egress.rules[-1]",
            "networks.lan.egress.rules[00]")) {
      assertThatThrownBy(() -> base.with(remove(path)))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("change by bob at 2026-11-29T12:00:00Z:1:1: " + path)
          .hasMessageContaining("there is no ");
    }
  }

  @Test
  void anItemThatSaysThatItIsAnotherIsRefused() throws ConfigException {
    Document base = base();

    assertThatThrownBy(() ->
            base.with(
                set(
                    "networks.lan.forwards[web]",
                    "{name: ssh, protocol: tcp, listen: '*:22', to: 'web:22'}")))
        .hasMessageContaining("expected the item to be \"web\", found \"ssh\"");
    assertThatThrownBy(() -> base.with(set("networks.lan.ports[p1].name", "p2")))
        .hasMessageContaining("expected the item to be \"p1\", found \"p2\"");
    assertThatThrownBy(() -> base.with(set("networks.lan.ports[p2]", "[tap]")))
        .hasMessageContaining("expected a mapping, found a list");
    assertThatThrownBy(() -> base.with(remove("networks.lan.ports[p1].name")))
        .hasMessageContaining("it tells the item from others; remove the whole item");
    assertThatThrownBy(() -> base.with(set("networks.lan.forwards[udp/*:53].name", "dns")))
        .hasMessageContaining("expected the item to be \"udp/0.0.0.0:53\", found \"dns\"");
  }

  @Test
  void anItemNeedNotRepeatTheIdentityThatItsPathSays() throws ConfigException {
    Document with =
        base()
            .with(set("networks.lan.ports[p9]", "{kind: qemu-stream, path: p9.sock}"))
            .with(set("networks.lan.forwards[tcp/127.0.0.1:99]", "{to: '192.168.127.9:9'}"));
    assertThat(with.effectiveText())
        .contains("name: p9", "protocol: tcp, listen: \"127.0.0.1:99\"");
  }

  @Test
  void whatWasMadeBelowAnEmptyValueLeavesItEmpty() throws ConfigException {
    Document empty = base().with(set("networks", "~"));
    assertThat(empty.with(set("networks.x.mode", "nat")).with(remove("networks.x")).effectiveText())
        .isEqualTo(empty.effectiveText());
  }

  @Test
  void aPathThroughAValueThatHasNothingBelowItIsRefused() throws ConfigException {
    Document base = base();

    assertThatThrownBy(() -> base.with(set("networks.lan.mode.x", "1")))
        .hasMessageContaining("networks.lan.mode is \"nat\" and has nothing below it");
    assertThatThrownBy(() -> base.with(set("networks.lan.egress.rules[4]", "{deny: '*'}")))
        .hasMessageContaining("expected a place from 0 to 2 in networks.lan.egress.rules");
    Document list = Document.of("list", "[1]", Samples.NOWHERE);
    assertThatThrownBy(() -> list.with(set("log.level", "debug")))
        .isInstanceOf(ConfigException.class);
  }

  @Test
  void aProblemWithinAChangeNamesWhoMadeItAndThePlaceInItsValue() throws ConfigException {
    Document changed =
        changed(
            set("networks.lan.ports[p2]", "{name: p2,\n kind: tap,\n device: a/b}"),
            set("networks.lan.ports[p3]", "{name: p3, kind: tap, device: t1}"),
            set("networks.lan.forwards[x].name", "x"));

    assertThatThrownBy(changed::configuration)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "change by alice at 2026-11-29T12:00:00Z:3:10: networks.lan.ports[p2].device: ")
        .hasMessageContaining(
            "the device t1 is already used by networks.lan.ports[0].device (line 16)")
        .hasMessageContaining("the key \"listen\" is missing");
  }

  @Test
  void aProblemWithinAChangeNamesItemsByWhatTheyAre() throws ConfigException {
    Document changed =
        changed(
            set("networks.lan.ports[p1].device", "a/b"),
            set("networks.lan.dhcp.reservations[52:54:00:00:00:10].address", "10.9.0.1"),
            set("networks.lan.forwards[udp/0.0.0.0:53].to", "nobody:53"),
            set("networks.lan.egress.rules[1]", "{allow: '*:x'}"),
            set("networks.lan.ports[p2]", "{kind: tap, device: t2}"),
            set("networks.lan.ports[p3]", "{kind: tap, device: t2}"));

    assertThatThrownBy(changed::configuration)
        .hasMessageContaining(":1:1: networks.lan.ports[p1].device: ")
        .hasMessageContaining("networks.lan.dhcp.reservations[52:54:00:00:00:10].address: ")
        .hasMessageContaining("networks.lan.forwards[udp/0.0.0.0:53].to: ")
        .hasMessageContaining("networks.lan.egress.rules[1].allow: ")
        .hasMessageContaining(
            "networks.lan.ports[p3].device: the device t2 is already used by"
                + " networks.lan.ports[p2].device (change by alice");
  }

  @Test
  void aProblemOfTheFileWithAChangeNamesTheChange() throws ConfigException {
    Document changed = changed(set("networks.a", "{mode: nat, ipv4: {subnet: 10.1.0.0/16}}"));

    assertThatThrownBy(changed::configuration)
        .hasMessage(
            "change by alice at 2026-11-29T12:00:00Z:1:28: networks.a.ipv4.subnet: the subnet"
                + " 10.1.0.0/16 overlaps 10.1.0.0/24 of networks.lan.ipv4.subnet (line 6)");
  }

  @Test
  void theProblemsOfFileAndChangesComeTogether() throws ConfigException {
    Document broken =
        Document.of("f", "version: 1\nversion: 1\nnetworks: {a: {mode: x}}\n", Samples.NOWHERE)
            .with(set("networks.a.mtu", "1"));

    assertThatThrownBy(broken::configuration)
        .hasMessageContaining("f:2:1: the key \"version\" is there twice")
        .hasMessageContaining("f:3:22: networks.a.mode: ")
        .hasMessageContaining("change by alice at 2026-11-29T12:00:00Z:1:1: networks.a.mtu: ");
  }

  @Test
  void changesAreLaidOverAnotherTextOfTheFile() throws ConfigException {
    Document changed =
        changed(
            remove("networks.lan.ports[p1]"),
            remove("guests.demo"),
            set("networks.lan.mtu", "1400"),
            set("log.level", "debug"));
    Document edited =
        Document.of(
            "base.yaml",
            "version: 1\nnetworks: {lan: {mode: isolated, mtu: 1400}}\n",
            Samples.NOWHERE);

    assertThat(edited.withKept(changed.edits()).edits()).containsExactly(set("log.level", "debug"));
    assertThat(base().withKept(changed.edits())).isEqualTo(changed);
  }

  @Test
  void changesAreTakenBack() throws ConfigException {
    Document changed =
        changed(set("log.level", "debug"), remove("guests.demo"), set("networks.lan.mtu", "1400"));

    assertThat(changed.without(edit -> edit.who().equals("alice")).edits())
        .containsExactly(remove("guests.demo"));
    assertThat(changed.without(edit -> true)).isEqualTo(base());
  }

  @Test
  void theEffectiveTextIsWrittenAsAUserWould() throws ConfigException {
    Document changed =
        changed(
            set("networks.lan.dns.hosts.\"www.example\"", "10.1.0.9"),
            set("networks.lan.ports[p2]", "{name: p2, kind: qemu-stream, path: \"a b\"}"),
            remove("networks.lan.egress"),
            set("networks.lan.mtu", "1400"));

    assertThat(changed.effectiveText())
        .isEqualTo(
            """
            version: 1
            networks:
              lan:
                mode: nat
                ipv4: {subnet: 10.1.0.0/24}
                dhcp:
                  reservations:
                    - {mac: 52-54-00-00-00-10, address: 10.1.0.10, hostname: web}
                forwards:
                  - {name: web, protocol: tcp, listen: "127.0.0.1:8080", to: "web:80"}
                  - {protocol: udp, listen: "*:53", to: "web:53"}
                ports:
                  - {name: p1, kind: tap, device: t1}
                  - {name: p2, kind: qemu-stream, path: "a b"}
                dns:
                  hosts: {www.example: 10.1.0.9}
                mtu: 1400
            guests:
              Demo:
                image: debian
                nics:
                  - {network: lan}
            """);
  }

  private static MacAddress mac(Document document) throws ConfigException {
    return Objects.requireNonNull(document.configuration().guests().get("demo"))
        .nics()
        .getFirst()
        .mac();
  }

  @Test
  void aNicOfWhichNothingIsSaidHasTheAddressThatItsHostGivesIt() throws ConfigException {
    MacAddress given = new MacAddress(0x525400abcdefL);
    MacAddress said = new MacAddress(0x525400000011L);
    Document document = base().with((guest, nic) -> given);
    assertThat(mac(base())).isEqualTo(MacAddress.derivedFrom("demo/nic0"));
    assertThat(mac(document)).isEqualTo(given);
    assertThat(document).isEqualTo(base());
    Document changed = document.with(set("networks.lan.mtu", "1400"));
    assertThat(mac(changed)).isEqualTo(given);
    assertThat(mac(changed.without(edit -> true))).isEqualTo(given);
    assertThat(mac(document.with(set("guests.Demo.nics[0].mac", "\"" + said + "\""))))
        .isEqualTo(said);
  }

  @Test
  void theEffectiveTextOfEverySampleSaysTheSame() throws ConfigException {
    for (var file : Samples.of("good")) {
      Document document = Document.of(file.toString(), Samples.text(file), Samples.NOWHERE);
      Document again = Document.of(file.toString(), document.effectiveText(), Samples.NOWHERE);

      assertThat(again.configuration()).isEqualTo(document.configuration());
      assertThat(again.effectiveText()).isEqualTo(document.effectiveText());
    }
    assertThat(
            Document.of("x", Document.builtIn().effectiveText(), Samples.NOWHERE).configuration())
        .isEqualTo(ConfigLoader.builtIn());
  }

  @Test
  void aDocumentOfATextThatIsNotYamlIsRefused() {
    assertThatThrownBy(() -> Document.of("x", "a: [", Samples.NOWHERE))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("not YAML");
    assertThatThrownBy(() -> Document.of("x", "", Samples.NOWHERE))
        .hasMessageContaining("the file is empty");
  }
}
