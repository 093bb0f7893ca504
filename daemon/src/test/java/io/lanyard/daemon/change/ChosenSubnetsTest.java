package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.config.AutoSubnets;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.GatewayConfig;
import io.lanyard.daemon.history.History;
import io.lanyard.linux.HostRoute;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks that say {@code subnet: auto} get free subnets, and keep them. */
final class ChosenSubnetsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path state;

  private static Set<String> stack(String device) {
    return device.equals("ly0") ? Set.of("br0") : Set.of();
  }

  private Document chosen(String networks) throws ConfigException {
    return new ChosenSubnets(state)
        .in(Document.of("test", "version: 1\nnetworks:\n" + networks, state), NOW);
  }

  private static String auto(String name) {
    return "  " + name + ": {mode: nat, ipv4: {subnet: auto}}\n";
  }

  private static Subnet subnet(Document document, String network) throws ConfigException {
    return GatewayConfig.of(document.configuration().networks().get(network)).ipv4().subnet();
  }

  @Test
  void theChoiceIsFreeAndIsKept() throws Exception {
    Subnet first = subnet(chosen(auto("lab")), "lab");
    assertThat(HostRoute.all(true, route -> route.to().overlaps(first))).isEmpty();
    assertThat(first.toString()).matches("(192\\.168|10)\\..*/24");
    assertThat(subnet(chosen(auto("lab")), "lab")).isEqualTo(first);
    assertThat(chosen(auto("lab")).settings(false))
        .filteredOn(setting -> setting.path().toString().equals("networks.lab.ipv4.subnet"))
        .singleElement()
        .satisfies(setting -> {
          assertThat(setting.value().replace("\"", "")).isEqualTo(first.toString());
          assertThat(setting.origin().toString()).contains("lanyard");
        });
  }

  @Test
  void noTwoNetworksMeet() throws Exception {
    StringBuilder networks = new StringBuilder();
    Subnet wished = AutoSubnets.candidates("n7").getFirst();
    networks.append("  said: {mode: nat, ipv4: {subnet: ").append(wished).append("}}\n");
    for (int i = 0; i < 40; i++) {
      networks.append(auto("n" + i));
    }
    Document document = chosen(networks.toString());
    List<Subnet> all = new ArrayList<>();
    document
        .configuration()
        .networks()
        .values()
        .forEach(network -> all.add(GatewayConfig.of(network).ipv4().subnet()));
    assertThat(all).hasSize(41).doesNotHaveDuplicates();
  }

  @Test
  void aSubnetThatAnotherNetworkHasTakenIsGivenUp() throws Exception {
    Subnet first = subnet(chosen(auto("lab")), "lab");
    Document other = chosen(auto("lab") + "  said: {mode: nat, ipv4: {subnet: " + first + "}}\n");
    assertThat(subnet(other, "lab")).isNotEqualTo(first);
  }

  @Test
  void whatNobodyCanReadIsSaidAndChosenAnew() throws IOException, ConfigException {
    Files.writeString(state.resolve("subnets"), "lab of no subnet\n");
    LogWatch.expect("subnets-unreadable");
    assertThat(subnet(chosen(auto("lab")), "lab").prefix()).isEqualTo(24);
  }

  @Test
  void aDocumentWithoutSuchANetworkIsLeftAlone() throws Exception {
    Document document = Document.of("test", "version: 1\nnetworks: {a: {mode: isolated}}\n", state);
    assertThat(new ChosenSubnets(state).in(document, NOW)).isSameAs(document);
    assertThat(state.resolve("subnets")).doesNotExist();
  }

  /** The same file, edited: what the daemon has chosen is no change that somebody has made. */
  @Test
  void aFileThatSaysAnotherSubnetOrNoNetworkAnyMoreCounts() throws Exception {
    Document before = chosen(auto("lab") + auto("other"));
    String named = "  lab: {mode: nat, ipv4: {subnet: 10.77.0.0/24}}\n" + auto("other");
    Document edited =
        Document.of("test", "version: 1\nnetworks:\n" + named, state).withKept(before.edits());
    Document after = new ChosenSubnets(state).in(edited, NOW);
    assertThat(subnet(after, "lab")).isEqualTo(Subnet.parse("10.77.0.0/24"));
    assertThat(subnet(after, "other")).isEqualTo(subnet(before, "other"));
    Document without =
        Document.of("test", "version: 1\nnetworks:\n" + auto("other"), state)
            .withKept(before.edits());
    assertThat(new ChosenSubnets(state).in(without, NOW).configuration().networks())
        .containsOnlyKeys("other");
  }

  @Test
  void aChoiceThatIsNoSubnetForGuestsIsGivenUp() throws Exception {
    for (String kept : List.of("0.0.0.0/0", "::/0", "fd00::/64", "8.8.8.0/24", "127.0.0.0/24")) {
      LogWatch.expect("subnets-unreadable");
      Files.writeString(state.resolve("subnets"), "lab " + kept + "\n");
      assertThat(AutoSubnets.candidates("lab")).contains(subnet(chosen(auto("lab")), "lab"));
    }
  }

  @Test
  void theWordMayStandInQuotes() throws Exception {
    for (String quote : List.of("'", "\"")) {
      Document document = chosen(auto("lab").replace("auto", quote + "auto" + quote));
      assertThat(AutoSubnets.candidates("lab")).contains(subnet(document, "lab"));
    }
  }

  @Test
  void aChoiceThatRunsIsKeptThoughTheStateIsLost() throws Exception {
    Document first = chosen(auto("lab"));
    Files.delete(state.resolve("subnets"));
    Document another = first.with(Edit.set(DocumentPath.parse("log.level"), "debug", "me", NOW));
    assertThat(new ChosenSubnets(state).in(another, NOW)).isSameAs(another);
  }

  @Test
  void whoSaysAutoByAChangeHasItInPlaceOfTheFilesSubnet() throws Exception {
    Document document =
        Document.of(
            "test",
            "version: 1\nnetworks: {lab: {mode: nat, ipv4: {subnet: 10.77.0.0/24}}}\n",
            state);
    DocumentPath path = DocumentPath.parse("networks.lab.ipv4.subnet");
    Document first =
        new ChosenSubnets(state).in(document.with(Edit.set(path, "auto", "me", NOW)), NOW);
    assertThat(subnet(first, "lab")).isNotEqualTo(Subnet.parse("10.77.0.0/24"));
    Document later = first.with(Edit.set(DocumentPath.parse("log.level"), "debug", "me", NOW));
    assertThat(new ChosenSubnets(state).in(later, NOW)).isSameAs(later);
  }

  @Test
  void aStartFollowsTheFileThatWasEditedWhileTheDaemonDidNotRun() throws Exception {
    Clock clock = Clock.system();
    Document file = Document.of("test", "version: 1\nnetworks:\n" + auto("lab"), state);
    RunningConfiguration first = RunningConfiguration.recover(file, state, clock);
    new Revisions(History.in(state.resolve(Conductor.DIRECTORY)), file, clock)
        .keep(1, "me", "a change", first.document(), false);
    assertThat(RunningConfiguration.recover(file, state, clock).document())
        .isEqualTo(first.document());
    for (String networks :
        List.of("  lab: {mode: nat, ipv4: {subnet: 10.77.0.0/24}}\n", auto("new"))) {
      Document edited = Document.of("test", "version: 1\nnetworks:\n" + networks, state);
      RunningConfiguration next = RunningConfiguration.recover(edited, state, clock);
      assertThat(next.leftOut()).isEmpty();
      assertThat(next.configuration().networks()).hasSize(1);
      if (networks.contains("10.77")) {
        assertThat(subnet(next.document(), "lab")).isEqualTo(Subnet.parse("10.77.0.0/24"));
      }
    }
  }

  private Document atStart(Document document, String... routes) throws ConfigException {
    List<HostRoute> all = new ArrayList<>();
    for (String route : routes) {
      String[] words = route.split(" ", -1);
      all.add(new HostRoute(Subnet.parse(words[0]), words[1]));
    }
    return new ChosenSubnets(state, () -> all, ChosenSubnetsTest::stack).atStart(document, NOW);
  }

  private Document said(String networks) throws ConfigException {
    return Document.of("test", "version: 1\nnetworks:\n" + networks, state);
  }

  @Test
  void aHostThatHasMovedIntoALanWithTheSubnetGetsAnotherAndKeepsThat() throws Exception {
    Document first = atStart(said(auto("lab") + auto("other")));
    Subnet former = subnet(first, "lab");
    assertThat(atStart(first)).isSameAs(first);
    LogWatch.expect(
        "event=subnet-chosen-anew network=\"lab\" former=\""
            + former
            + "\" route=\""
            + former
            + " by eth0");
    Document moved = atStart(first, former + " eth0");
    Subnet now = subnet(moved, "lab");
    assertThat(now).isNotEqualTo(former);
    assertThat(subnet(moved, "other")).isEqualTo(subnet(first, "other"));
    // The host leaves that LAN again, and the state alone is left of it.
    assertThat(subnet(atStart(moved), "lab")).isEqualTo(now);
    assertThat(subnet(atStart(said(auto("lab"))), "lab")).isEqualTo(now);
  }

  @Test
  void routesByTheNetworksOwnDevicesAndDefaultRoutesInPartsMoveNothing() throws Exception {
    String network =
        "  lab: {mode: nat, ipv4: {subnet: auto}, host-adapter: {name: ly0},"
            + " ports: [{name: t, kind: tap, device: t0}]}\n";
    Document first = atStart(said(network));
    String subnet = subnet(first, "lab").toString();
    for (String device : List.of("ly0", "br0", "t0", "lab")) {
      assertThat(atStart(first, subnet + " " + device)).isSameAs(first);
    }
    assertThat(
            atStart(first, "0.0.0.0/1 tun0", "128.0.0.0/1 tun0", "10.0.0.0/8 x", "172.16.0.0/12 y"))
        .satisfies(document -> assertThat(subnet(document, "lab").toString()).isEqualTo(subnet));
  }

  @Test
  void aSubnetWhoseAddressesAreSaidStaysAndTheRouteIsNamed() throws Exception {
    Document first = atStart(said(auto("lab")));
    Subnet former = subnet(first, "lab");
    Document tied =
        first.with(
            Edit.set(
                DocumentPath.parse("networks.lab.dhcp.reservations[52:54:00:00:00:01]"),
                "{mac: \"52:54:00:00:00:01\", address: "
                    + former.toString().replace(".0/24", ".9")
                    + "}",
                "me",
                NOW));
    LogWatch.expect("event=subnet-clashes network=\"lab\" .*route=\"" + former + " by wlan0");
    Document stays = atStart(tied, former + " wlan0");
    assertThat(subnet(stays, "lab")).isEqualTo(former);
    assertThat(subnet(atStart(said(auto("lab"))), "lab")).isEqualTo(former);
  }

  @Test
  void whereNoSubnetIsFreeAnyMoreThePresentOneStays() throws Exception {
    Document first = atStart(said(auto("lab")));
    LogWatch.expect("event=subnet-clashes");
    Document stays = atStart(first, "10.0.0.0/8 tun0", "192.168.0.0/16 tun0");
    assertThat(subnet(stays, "lab")).isEqualTo(subnet(first, "lab"));
  }

  /** The remedy that the problem of a clash advises. */
  @Test
  void whoSaysAutoAnewWhereTheSubnetClashesGetsAnotherOneAndElseTheSame() throws Exception {
    DocumentPath path = DocumentPath.parse("networks.lab.ipv4.subnet");
    Edit anew = Edit.set(path, "auto", "me", NOW);
    String adapter = "  lab: {mode: nat, ipv4: {subnet: auto}, host-adapter: {name: ly0}}\n";
    Document first = chosen(adapter);
    Subnet former = subnet(first, "lab");
    List<HostRoute> own = List.of(new HostRoute(former, "ly0"));
    Document same =
        new ChosenSubnets(state, () -> own, ChosenSubnetsTest::stack).in(first.with(anew), NOW);
    assertThat(subnet(same, "lab")).isEqualTo(former);
    List<HostRoute> lan = List.of(new HostRoute(former, "eth0"));
    ChosenSubnets host = new ChosenSubnets(state, () -> lan, ChosenSubnetsTest::stack);
    // Another change moves nothing.
    Document other = first.with(Edit.set(DocumentPath.parse("log.level"), "debug", "me", NOW));
    assertThat(subnet(host.in(other, NOW), "lab")).isEqualTo(former);
    Document moved = host.in(first.with(anew), NOW);
    assertThat(subnet(moved, "lab")).isNotEqualTo(former);
    // Once more, and after a time with a subnet that was said.
    assertThat(subnet(host.in(moved.with(anew), NOW), "lab")).isEqualTo(subnet(moved, "lab"));
    Document said = moved.with(Edit.set(path, "10.77.0.0/24", "me", NOW));
    assertThat(subnet(host.in(said.with(anew), NOW), "lab")).isEqualTo(subnet(moved, "lab"));
  }
}
