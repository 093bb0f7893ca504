package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigLoader;
import io.lanyard.config.Configuration;
import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.HostRoute;
import io.lanyard.net.Subnet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SubnetClashesTest {
  private static final List<Subnet> SUBNETS =
      List.of(Subnet.parse("192.168.1.0/24"), Subnet.parse("fd00:1::/64"));

  private static List<String> clashes(String network, String... routes) throws ConfigException {
    NetworkConfig config =
        Objects.requireNonNull(
            ConfigLoader.parse(
                    "test", "version: 1\nnetworks: {lab: {%s}}\n".formatted(network), Path.of("/"))
                .networks()
                .get("lab"));
    List<HostRoute> all = new ArrayList<>();
    for (String route : routes) {
      String[] words = route.split(" ", 2);
      all.add(new HostRoute(Subnet.parse(words[0]), words[1]));
    }
    return SubnetClashes.of(all, device -> device.equals("t0") ? Set.of("br0") : Set.of())
        .of(config, SUBNETS);
  }

  private static final String NAT = "mode: nat, ipv4: {subnet: 192.168.1.0/24}";

  @Test
  void aSubnetOfTheLanIsAProblemThatNamesTheInterfaceAndTheRemedy() throws ConfigException {
    assertThat(clashes(NAT, "10.0.0.0/8 tun0", "192.168.0.0/16 eth0", "192.168.1.0/25 eth1"))
        .singleElement()
        .asString()
        .contains("192.168.1.0/24 overlaps 192.168.0.0/16, which the host reaches by eth0")
        .contains("lanyard network set lab ipv4.subnet=auto");
    assertThat(clashes(NAT, "fd00:1::/48 wlan0"))
        .singleElement()
        .asString()
        .contains("fd00:1::/64 overlaps fd00:1::/48, which the host reaches by wlan0")
        .contains("ip -6 route");
  }

  @Test
  void aRouteForAllTheWorldIsNoClash() throws ConfigException {
    assertThat(clashes(NAT, "128.0.0.0/1 tun0", "fc00::/7 tun0")).isEmpty();
  }

  @Test
  void aRouteByADeviceOfTheNetworksOwnIsNoClash() throws ConfigException {
    assertThat(clashes(NAT + ", host-adapter: {name: a0}", "192.168.1.0/24 a0")).isEmpty();
    String port = ", ports: [{name: p, kind: tap, device: t0}]";
    assertThat(clashes(NAT + port, "192.168.1.0/24 t0", "192.168.1.0/24 br0")).isEmpty();
    String elsewhere = ", ports: [{name: p, kind: tap, device: t0, netns: n}]";
    assertThat(clashes(NAT + elsewhere, "192.168.1.0/24 t0")).hasSize(1);
  }

  /** Of a network before and after a change, while the former adapter is there. */
  private static List<String> clashesAfter(String before, String after, String route)
      throws ConfigException {
    String form = "version: 1\nnetworks: {%s}\n";
    Configuration former = ConfigLoader.parse("test", form.formatted(before), Path.of("/"));
    Configuration next = ConfigLoader.parse("test", form.formatted(after), Path.of("/"));
    NetworkConfig network = Objects.requireNonNull(next.networks().get("lab"));
    String[] words = route.split(" ", 2);
    return SubnetClashes.of(
            List.of(new HostRoute(Subnet.parse(words[0]), words[1])), device -> Set.of())
        .of(network, SUBNETS, SubnetClashes.formerDevices("lab", former, next));
  }

  @Test
  void theAdapterThatAChangeRenamesOrTakesAwayIsNoClash() throws ConfigException {
    String route = "192.168.1.0/24 a0";
    String after = "lab: {" + NAT + ", host-adapter: {name: b0}}";
    String adapter = ", host-adapter: {name: a0}}";
    assertThat(clashesAfter("lab: {" + NAT + adapter, after, route)).isEmpty();
    assertThat(clashesAfter("old: {" + NAT + adapter, after, route)).isEmpty();
    String other = "other: {mode: nat, ipv4: {subnet: 10.1.0.0/24}" + adapter;
    assertThat(clashesAfter("other: {" + NAT + adapter, after + ", " + other, route)).isEmpty();
    assertThat(clashesAfter("lab: {" + NAT + "}", after, route)).hasSize(1);
  }

  @Test
  void aPortsDeviceOfAnotherNetworkThatStaysIsAClash() throws ConfigException {
    String other = "other: {mode: isolated, ports: [{name: p, kind: tap, device: t0}]}";
    String lab = "lab: {" + NAT + "}";
    String route = "192.168.1.0/24 t0";
    assertThat(clashesAfter(other, other + ", " + lab, route)).hasSize(1);
    assertThat(clashesAfter(other, lab, route)).isEmpty();
  }

  @Test
  void aNetworkThatIsStoppedClashesWithNothing() throws ConfigException {
    assertThat(clashes(NAT + ", enabled: false", "192.168.1.0/24 eth0")).isEmpty();
  }
}
