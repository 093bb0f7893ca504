package io.lanyard.config.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.testing.ProcessorTime;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DifferenceTest {
  private static final String BASE =
      """
      version: 1
      networks:
        lan:
          mode: nat
          ipv4: {subnet: 10.1.0.0/24}
          dhcp:
            reservations:
              - {mac: 52-54-00-00-00-10, address: 10.1.0.10, hostname: web}
              - {mac: 52-54-00-00-00-11, address: 10.1.0.11}
          egress:
            rules: [{deny: 10.0.0.0/8}, {allow: "*:53"}]
          forwards:
            - {name: web, protocol: tcp, listen: "127.0.0.1:8080", to: "web:80"}
            - {protocol: udp, listen: "*:53", to: "web:53"}
            - {name: ssh, protocol: tcp, listen: "127.0.0.1:2222", to: "demo:22"}
          ports:
            - {name: p1, kind: tap, device: t1}
            - {name: q1, kind: qemu-stream, path: q1.sock}
        hostonly:
          mode: host-only
          ipv4: {subnet: 10.2.0.0/24}
        lab: {mode: isolated}
      guests:
        demo: {image: debian, nics: [{network: lan}]}
        test: {image: debian, nics: [{network: lab}], options: {trace: true}}
      metrics: {listen: "127.0.0.1:9323"}
      """;

  private static Document base() throws ConfigException {
    return Document.of("base", BASE, Path.of("/nowhere"));
  }

  /** Edits are {@code path = value} or {@code - path}. */
  private static Configuration changed(String... edits) throws ConfigException {
    Document document = base();
    for (String edit : edits) {
      int equals = edit.indexOf(" = ");
      document =
          document.with(
              equals < 0
                  ? Edit.remove(DocumentPath.parse(edit.substring(2)), "x", Instant.EPOCH)
                  : Edit.set(
                      DocumentPath.parse(edit.substring(0, equals)),
                      edit.substring(equals + 3),
                      "x",
                      Instant.EPOCH));
    }
    return document.configuration();
  }

  private static List<String> described(String... edits) throws ConfigException {
    return Difference.between(base().configuration(), changed(edits)).stream()
        .map(Change::describe)
        .toList();
  }

  @Test
  void equalModelsDoNotDiffer() throws ConfigException {
    assertThat(Difference.between(base().configuration(), base().configuration())).isEmpty();
  }

  @Test
  void anotherOrderIsNoDifference() throws ConfigException {
    assertThat(
            described(
                "networks.lan.forwards = [{protocol: udp, listen: '*:53', to: 'web:53'}, {name:"
                    + " ssh, protocol: tcp, listen: '127.0.0.1:2222', to: 'demo:22'}, {name: web,"
                    + " protocol: tcp, listen: '127.0.0.1:8080', to: 'web:80'}]",
                "networks.lan.ports = [{name: q1, kind: qemu-stream, path: q1.sock}, {name: p1,"
                    + " kind: tap, device: t1}]",
                "networks.lan.dhcp.reservations = [{mac: '52:54:00:00:00:11', address: 10.1.0.11},"
                    + " {mac: '52:54:00:00:00:10', address: 10.1.0.10, hostname: web}]"))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "networks.x = {mode: nat, ipv4: {subnet: 10.9.0.0/24}}"
            + " | + networks.x (nat, 10.9.0.0/24)",
        "- networks.hostonly | - networks.hostonly (host-only, 10.2.0.0/24)",
        "networks.lan.mtu = 1400 | networks.lan: mtu 1500 -> 1400; starts anew",
        "networks.lan.enabled = false | networks.lan: enabled true -> false; stops",
        "networks.hostonly.ipv4.subnet = 10.3.0.0/24 | networks.hostonly: subnet 10.2.0.0/24 ->"
            + " 10.3.0.0/24, gateway 10.2.0.2 -> 10.3.0.2, host 10.2.0.1 -> 10.3.0.1; starts anew",
        "networks.hostonly.host-adapter.name = h0"
            + " | networks.hostonly.host-adapter: name hostonly -> h0",
        "networks.hostonly.host-adapter.persistent = true"
            + " | networks.hostonly.host-adapter: persistent false -> true",
        "networks.lan.host-adapter = {} | + networks.lan.host-adapter (lan)",
        "networks.lan.ports[p2] = {name: p2, kind: tap, device: t2, netns: n}"
            + " | + networks.lan.ports[p2] (tap, device t2, netns n)",
        "networks.lan.ports[v] = {name: v, kind: vxlan, vni: 42, remotes: [198.51.100.2]}"
            + " | + networks.lan.ports[v] (vxlan, vni 42, remotes [198.51.100.2])",
        "networks.lan.dns.records = [{name: www, cname: printer}, {name: n, aaaa: 'fd00::9'},"
            + " {name: _ipp._tcp, srv: 10 5 631 printer}, {name: t, txt: second floor}]"
            + " | networks.lan.dns: + records (www cname printer), + records (n aaaa fd00::9),"
            + " + records (_ipp._tcp srv 10 5 631 printer), + records (t txt second floor)",
        "- networks.lan.ports[q1] | - networks.lan.ports[q1] (qemu-stream, path q1.sock)",
        "networks.lan.ports[q1].path = q2.sock | networks.lan.ports[q1]: path q1.sock -> q2.sock",
        "networks.lan.ports[p1].guard = strict | networks.lan.ports[p1]: guard none -> strict",
        "networks.lan.forwards[x] = {name: x, protocol: udp, listen: '*:9', to: 'web:9'}"
            + " | + networks.lan.forwards[x] (udp 0.0.0.0:9 to web:9)",
        "- networks.lan.forwards[web]"
            + " | - networks.lan.forwards[web] (tcp 127.0.0.1:8080 to web:80)",
        "networks.lan.forwards[web].listen = '127.0.0.1:8081'"
            + " | networks.lan.forwards[web]: listen 127.0.0.1:8080 -> 127.0.0.1:8081",
        "networks.lan.forwards[web].to = 'web:81'"
            + " | networks.lan.forwards[web]: to web:80 -> web:81",
        "networks.lan.forwards[web].listen = '*:8080'"
            + " | networks.lan.forwards[web]: listen 127.0.0.1:8080 -> 0.0.0.0:8080",
        "networks.lan.dhcp.lease-time = 12h | networks.lan.dhcp: lease-time 30m -> 12h",
        "networks.lan.ipv4.pool = 10.1.0.200-10.1.0.210 | networks.lan.dhcp:"
            + " pool 10.1.0.128-10.1.0.254 -> 10.1.0.200-10.1.0.210",
        "- networks.lan.dhcp.reservations[52:54:00:00:00:11]"
            + " | networks.lan.dhcp: - reservations[52:54:00:00:00:11] (10.1.0.11)",
        "networks.lan.dns = {domain: lab, hosts: {x: 10.1.0.3}, upstreams: []}"
            + " | networks.lan.dns: domain lan -> lab, upstreams those of the host -> [],"
            + " + hosts[x] (10.1.0.3)",
        "networks.lan.nat = {host-loopback: [22], quotas: {tcp: 5}} | networks.lan.nat:"
            + " host-loopback false -> [22], quotas.tcp 16384 -> 5",
        "networks.lan.egress = {default: deny, rules: [{allow: '*:53'}, {allow: 10.3.0.0/16}]}"
            + " | networks.lan.egress: default allow -> deny, - rules (deny 10.0.0.0/8),"
            + " + rules (allow 10.3.0.0/16)",
        "networks.lan.egress.rules = [{allow: '*:53'}, {deny: 10.0.0.0/8}]"
            + " | networks.lan.egress: rules in another order",
        "networks.lab = {mode: isolated, guard: learn, storm-control: off}"
            + " | networks.lab: guard off -> learn, storm-control.broadcast 20000 -> none,"
            + " storm-control.multicast 50000 -> none, storm-control.unknown 50000 -> none,"
            + " storm-control none -> off",
        "guests.x = {image: debian, memory: 1G} | + guests.x (lanyard, 1G)",
        "- guests.test | - guests.test (lanyard, 512M)",
        "hooks = [{on: [lease], run: [/bin/true, x]}] | hooks: none -> /bin/true x on lease for"
            + " 10s",
        "guests.test.autostart = false | guests.test: autostart true -> false",
        "guests.test.stop-timeout = 0s | guests.test: stop-timeout 10s -> 0s",
        "guests.test.nics = [{network: lab, isolated: true}]"
            + " | guests.test: nics[0].isolated false -> true",
        "guests.test.memory = 1G"
            + " | guests.test: memory 512M -> 1G; needs a restart of the guest",
        "guests.test = {image: debian, memory: 1G, autostart: false, nics: [{network: lab}],"
            + " options: {trace: true}} | guests.test: memory 512M -> 1G, autostart true -> false;"
            + " memory needs a restart of the guest",
        "guests.test.options.trace = false"
            + " | guests.test: options.trace true -> false; needs a restart of the guest",
        "log.level = debug | log: level info -> debug",
        "- metrics | metrics: listen 127.0.0.1:9323 -> none",
        "api = {listen: '127.0.0.1:8443', tokens: /t}"
            + " | api: listen none -> 127.0.0.1:8443, tokens none -> /t",
        "api.socket = /x.sock | api.socket: none -> /x.sock; needs a restart of the daemon",
        "directories.state = /s | directories.state: none -> /s; needs a restart of the daemon",
      })
  void aChangeIsDescribedInTheWordsOfTheFile(String edit, String description)
      throws ConfigException {
    assertThat(described(edit)).containsExactly(description);
  }

  @Test
  void aForwardWhoseTargetsNameLeadsElsewhereHasChanged() throws ConfigException {
    assertThat(described("guests.demo.nics = [{network: lan, mac: '52:54:00:00:00:99'}]"))
        .hasSize(2)
        .first()
        .asString()
        .startsWith("networks.lan.forwards[ssh]: to demo:22 (52:54:00:")
        .endsWith(" -> demo:22 (52:54:00:00:00:99)");
    assertThat(described("networks.lan.dhcp.reservations[52:54:00:00:00:10].address = 10.1.0.12"))
        .containsExactly(
            "networks.lan.dhcp: reservations[52:54:00:00:00:10] 10.1.0.10 web -> 10.1.0.12 web",
            "networks.lan.forwards[web]: to web:80 (10.1.0.10) -> web:80 (10.1.0.12)",
            "networks.lan.forwards[udp/0.0.0.0:53]: to web:53 (10.1.0.10) -> web:53 (10.1.0.12)");
  }

  @Test
  void forwardsThatSwapTheirAddressesAreRemovedBeforeTheyAreAdded() throws ConfigException {
    assertThat(
            described(
                "networks.lan.forwards[web].listen = '127.0.0.1:2222'",
                "networks.lan.forwards[ssh].listen = '127.0.0.1:8080'"))
        .containsExactly(
            "- networks.lan.forwards[web] (tcp 127.0.0.1:8080 to web:80)",
            "- networks.lan.forwards[ssh] (tcp 127.0.0.1:2222 to demo:22)",
            "+ networks.lan.forwards[web] (tcp 127.0.0.1:2222 to web:80)",
            "+ networks.lan.forwards[ssh] (tcp 127.0.0.1:8080 to demo:22)");
  }

  @Test
  void aWildcardAddressWaitsUntilAnotherForwardHasLeftThePort() throws ConfigException {
    assertThat(
            described(
                "networks.lan.forwards[web].listen = '127.0.0.1:9'",
                "networks.lan.forwards[ssh].listen = '*:8080'"))
        .startsWith("- networks.lan.forwards[web] (tcp 127.0.0.1:8080 to web:80)")
        .contains(
            "networks.lan.forwards[ssh]: listen 127.0.0.1:2222 -> 0.0.0.0:8080",
            "+ networks.lan.forwards[web] (tcp 127.0.0.1:9 to web:80)");
  }

  @Test
  void aRangeOfPortsIsOneChangeAndLetsGoOfThePortsThatAnotherIsToHave() throws ConfigException {
    String range = "networks.lan.forwards[r] = {name: r, protocol: tcp, to: 'web:%s', listen: ";
    Configuration before = changed(range.formatted("90-92") + "'127.0.0.1:9000-9002'}");
    Configuration after =
        changed(
            range.formatted("91") + "'127.0.0.1:9000'}",
            "networks.lan.forwards[s] = {protocol: tcp, listen: '*:9001', to: 'web:1'}");
    assertThat(Difference.between(before, after).stream().map(Change::describe))
        .containsExactly(
            "- networks.lan.forwards[r] (tcp 127.0.0.1:9000-9002 to web:90-92)",
            "+ networks.lan.forwards[r] (tcp 127.0.0.1:9000 to web:91)",
            "+ networks.lan.forwards[s] (tcp 0.0.0.0:9001 to web:1)");
  }

  @Test
  void aVxlanAndWhatHasItsUdpPortAloneWaitForEachOther() throws ConfigException {
    String forward = "networks.lan.forwards[x] = {name: x, protocol: udp, to: 'web:9', listen: ";
    String vxlan = "networks.lan.ports[v] = {name: v, kind: vxlan, vni: 7, remotes: [10.9.9.9]";
    Configuration forwarded = changed(forward + "'*:4789'}");
    Configuration tunnelled = changed(forward + "'127.0.0.1:4790'}", vxlan + "}");
    assertThat(Difference.between(forwarded, tunnelled))
        .first()
        .isInstanceOf(Change.ForwardRemoved.class);
    Configuration moved = changed(forward + "'127.0.0.1:4789'}", vxlan + ", port: 4790}");
    assertThat(Difference.between(tunnelled, moved)).first().isInstanceOf(Change.PortRemoved.class);
    PortConfig port = tunnelled.networks().get("lan").ports().getLast();
    ForwardConfig other = forwarded.networks().get("lan").forwards().getLast();
    assertThat(Holdings.of("lan", port)).containsAnyElementsOf(Holdings.of("lan", other));
  }

  @Test
  void vxlansThatShareAUdpPortAreLeftAloneByEachOther() throws ConfigException {
    String vxlan =
        "networks.lan.ports[%1$s] = {name: %1$s, kind: vxlan, vni: %2$s, remotes: [10.9.9.9]}";
    Configuration one = changed(vxlan.formatted("v", "7"));
    Configuration both = changed(vxlan.formatted("v", "7"), vxlan.formatted("w", "8"));
    assertThat(Difference.between(one, both)).singleElement().isInstanceOf(Change.PortAdded.class);
  }

  @Test
  void aNetworkThatIsReplacedLetsGoOfWhatAnotherIsToHave() throws ConfigException {
    assertThat(
            described(
                "networks.lan.mtu = 1400",
                "- networks.lan.ports[p1]",
                "networks.lab.ports = [{name: p, kind: tap, device: t1}]"))
        .containsExactly(
            "- networks.lan.ports[p1] (tap, device t1)",
            "networks.lan: mtu 1500 -> 1400; starts anew",
            "+ networks.lab.ports[p] (tap, device t1)");
  }

  @Test
  void networksTakeEachOthersSubnetsInAnOrderInWhichTheyAreFree() throws ConfigException {
    Configuration before =
        changed(
            "networks.a = {mode: nat, ipv4: {subnet: 10.11.0.0/24}}",
            "networks.b = {mode: nat, ipv4: {subnet: 10.12.0.0/24}}",
            "networks.c = {mode: nat, ipv4: {subnet: 10.13.0.0/24}}");
    Configuration after =
        changed(
            "networks.a = {mode: nat, ipv4: {subnet: 10.12.0.0/24}}",
            "networks.b = {mode: nat, ipv4: {subnet: 10.13.0.0/24}}",
            "networks.c = {mode: nat, ipv4: {subnet: 10.14.0.0/24}}");

    assertThat(Difference.between(before, after))
        .extracting(Change::network)
        .containsExactly("c", "b", "a");
  }

  @Test
  void aGuestMovesFromANetworkThatIsRemovedToOneThatIsThere() throws ConfigException {
    assertThat(
            described(
                "- networks.lab",
                "networks.other = {mode: isolated}",
                "guests.test.nics = [{network: other}]"))
        .containsExactly(
            "- networks.lab (isolated)",
            "+ networks.other (isolated)",
            "guests.test: nics[0].network lab -> other");
  }

  @Test
  void aGuestThatHasAnothersMacAddressLeavesBeforeTheOtherComes() throws ConfigException {
    Configuration before = changed("guests.test.nics = [{network: lab, mac: '52:54:00:00:00:99'}]");
    Configuration after =
        changed(
            "guests.demo.nics = [{network: lan, mac: '52:54:00:00:00:99'}]",
            "guests.test.nics = [{network: lab, mac: '52:54:00:00:00:98'}]");

    assertThat(Difference.between(before, after))
        .extracting(change -> change.getClass().getSimpleName() + " " + change.subject())
        .containsExactly(
            "GuestRemoved guests.test",
            "ForwardChanged networks.lan.forwards[ssh]",
            "GuestChanged guests.demo",
            "GuestAdded guests.test");
  }

  @Test
  void theHostAdapterGoesBeforeTheGatewayAnswersForItsAddress() throws ConfigException {
    Configuration adapter = changed("networks.lan.host-adapter = {name: l0}");
    Configuration loopback = changed("networks.lan.nat.host-loopback = true");

    assertThat(Difference.between(adapter, loopback))
        .extracting(change -> change.getClass().getSimpleName())
        .containsExactly("HostAdapterChanged", "NatChanged");
    assertThat(Difference.between(loopback, adapter))
        .extracting(change -> change.getClass().getSimpleName())
        .containsExactly("NatChanged", "HostAdapterChanged");
  }

  @Test
  void aLargeDifferenceIsFoundSoon() throws Exception {
    Configuration before = large(0);
    Configuration after = large(1);
    Difference.between(before, after);
    ProcessorTime start = ProcessorTime.ofThisThread();
    List<Change> changes = Difference.between(before, after);
    changes.forEach(Change::describe);
    long nanos = ProcessorTime.ofThisThread().since(start).ran();

    assertThat(changes).hasSize(4000);
    assertThat(Duration.ofNanos(nanos)).isLessThan(Duration.ofSeconds(1));
  }

  /** A thousand ports and forwards that have what the next ones have in the other. */
  private static Configuration large(int shift) throws ConfigException {
    StringBuilder text = new StringBuilder("version: 1\nnetworks:\n  n:\n    mode: nat\n");
    text.append("    ipv4: {subnet: 10.0.0.0/16}\n    forwards:\n");
    for (int i = 0; i < 1000; i++) {
      int port = 10_000 + (i + shift) % 1000;
      text.append("      - {name: f").append(i).append(", protocol: tcp, listen: \"127.0.0.1:");
      text.append(port).append("\", to: \"10.0.0.9:80\"}\n");
    }
    text.append("    ports:\n");
    for (int i = 0; i < 1000; i++) {
      text.append("      - {name: p").append(i).append(", kind: tap, device: t");
      text.append((i + shift) % 1000).append("}\n");
    }
    return Document.of("large", text.toString(), Path.of("/nowhere")).configuration();
  }

  private static final String[] GROUPED = {
    "networks.lan.port-groups = {a: {isolated: true}, b: {egress: {default: deny}}, c: {}}",
    "networks.lan.ports[p1].port-group = a",
    "networks.lan.ports[q1] = {name: q1, kind: qemu-stream, path: q1.sock, port-group: a, isolated:"
        + " false}",
    "guests.demo.nics[0].port-group = a"
  };

  /** The changes that a change of port groups makes. */
  private static List<String> regrouped(String... edits) throws ConfigException {
    List<String> all = new ArrayList<>(List.of(GROUPED));
    all.addAll(List.of(edits));
    return Difference.between(changed(GROUPED), changed(all.toArray(String[]::new))).stream()
        .map(Change::describe)
        .toList();
  }

  @Test
  void aChangeOfAGroupIsOneOfThosePortsThatInheritIt() throws ConfigException {
    assertThat(regrouped("networks.lan.port-groups.a.isolated = false"))
        .containsExactly(
            "networks.lan.port-groups.a: isolated true -> false",
            "networks.lan.ports[p1]: isolated true -> false",
            "guests.demo: nics[0].isolated true -> false");
  }

  @Test
  void aGroupThatNoPortIsInConcernsNone() throws ConfigException {
    assertThat(
            regrouped(
                "networks.lan.port-groups.b.guard = strict",
                "- networks.lan.port-groups.c",
                "networks.lan.port-groups.d = {mtu: 1400, limits: {new-flows: 5}}"))
        .containsExactly(
            "- networks.lan.port-groups.c (nothing of its own)",
            "networks.lan.port-groups.b: guard none -> strict",
            "+ networks.lan.port-groups.d (mtu, limits.new-flows)");
  }

  @Test
  void anotherMtuOfAGroupMakesItsPortsAnewAndRestartsItsGuests() throws ConfigException {
    assertThat(regrouped("networks.lan.port-groups.a.mtu = 1400"))
        .containsExactly(
            "networks.lan.port-groups.a: mtu none -> 1400",
            "networks.lan.ports[p1]: mtu 1500 -> 1400",
            "networks.lan.ports[q1]: mtu 1500 -> 1400",
            "guests.demo: nics[0].mtu none -> 1400; needs a restart of the guest, unless its VMM"
                + " can do it while the guest runs");
  }

  @Test
  void otherRulesOfAGroupAreToldOfItAndOfItsPorts() throws ConfigException {
    assertThat(regrouped("networks.lan.port-groups.a.egress = {rules: [{deny: 10.0.0.0/8}]}"))
        .containsExactly(
            "networks.lan.port-groups.a: egress.rules none -> deny 10.0.0.0/8",
            "networks.lan.ports[p1]: port-group.egress.rules none -> deny 10.0.0.0/8",
            "networks.lan.ports[q1]: port-group.egress.rules none -> deny 10.0.0.0/8",
            "guests.demo: nics[0].port-group.egress.rules none -> deny 10.0.0.0/8");
  }

  @Test
  void aPortThatMovesToAnotherGroupHasWhatThatSays() throws ConfigException {
    assertThat(
            regrouped(
                "networks.lan.ports[p1].port-group = b", "networks.lan.ports[q1].port-group = c"))
        .containsExactly(
            "networks.lan.ports[p1]: port-group a -> b, isolated true -> false,"
                + " port-group.egress.default none -> deny",
            "networks.lan.ports[q1]: port-group a -> c");
  }

  @Test
  void aRuleThatLogsOtherwiseIsTold() throws ConfigException {
    assertThat(described("networks.lan.egress.rules[1].log = true"))
        .containsExactly(
            "networks.lan.egress: - rules (allow *:53), + rules (allow *:53 log true)");
  }
}
