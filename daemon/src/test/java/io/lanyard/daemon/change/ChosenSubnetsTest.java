package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.AutoSubnets;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.linux.HostRoute;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks that say {@code subnet: auto} get free subnets, and keep them. */
final class ChosenSubnetsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path state;

  private Document chosen(String networks) throws ConfigException {
    return new ChosenSubnets(state)
        .in(Document.of("test", "version: 1\nnetworks:\n" + networks, state), NOW);
  }

  private static String auto(String name) {
    return "  " + name + ": {mode: nat, ipv4: {subnet: auto}}\n";
  }

  private static Subnet subnet(Document document, String network) throws ConfigException {
    return document.configuration().networks().get(network).ipv4().subnet();
  }

  @Test
  void theChoiceIsFreeAndIsKept() throws Exception {
    Subnet first = subnet(chosen(auto("lab")), "lab");
    assertThat(HostRoute.all(true)).noneMatch(route -> route.to().overlaps(first));
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
        .forEach(network -> all.add(network.ipv4().subnet()));
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
}
