package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.Dhcp6Server;
import io.lanyard.dhcp.DhcpCount;
import io.lanyard.dhcp.Lease;
import io.lanyard.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's DHCPv6 clients, each in a network namespace of its own, against the services over TAP.
 * Needs root, and the packages isc-dhcp-client, dhcpcd5, systemd and bind9-dnsutils.
 */
class Dhcp6ClientsIT {
  private static final String PREFIX = "fd6c:616e:7961:8::";

  @TempDir private Path folder;
  private @Nullable ServiceNetwork opened;

  private ServiceNetwork network(String mode) throws Exception {
    ServiceNetwork network = new ServiceNetwork(folder, Duration.ofMinutes(30), mode);
    opened = network;
    return network;
  }

  @AfterEach
  void stop() throws Exception {
    if (opened != null) {
      opened.close();
    }
  }

  private static List<Lease> leases(ServiceNetwork network) throws Exception {
    Dhcp6Server server = Objects.requireNonNull(network.dhcp6);
    return network.onLoop(() -> server.common().table().leases());
  }

  private static long count(ServiceNetwork network, DhcpCount what) {
    return Objects.requireNonNull(network.dhcp6).common().counters().get(what);
  }

  /** A guest whose link-local address is there. */
  private static String guest(ServiceNetwork network, String name) throws Exception {
    String guest = network.guest(name);
    Await.until(() -> {
      String shown = addresses(guest);
      return shown.contains("fe80::") && !shown.contains("tentative");
    });
    return guest;
  }

  private static String addresses(String guest) throws Exception {
    return ServiceNetwork.run("ip", "-n", guest, "-6", "-o", "addr", "show", "dev", "t0");
  }

  private String[] dhclient(String script, String... rest) throws Exception {
    Path hook = folder.resolve("dhclient-hook");
    ServiceNetwork.write(hook, "#!/bin/sh\n" + script);
    Path conf =
        Files.writeString(
            folder.resolve("dhclient.conf"),
            """
            send fqdn.fqdn "isc-box";
            request dhcp6.name-servers, dhcp6.domain-search, dhcp6.fqdn;
            """);
    List<String> all =
        new ArrayList<>(
            List.of("dhclient", "-6", "-v", "-cf", conf.toString(), "-sf", hook.toString()));
    all.addAll(List.of("-lf", folder.resolve("dhclient.leases").toString()));
    all.addAll(List.of("-pf", folder.resolve("dhclient.pid").toString()));
    all.addAll(Arrays.asList(rest));
    return all.toArray(String[]::new);
  }

  @Test
  void dhclientGetsAndReleasesALease() throws Exception {
    ServiceNetwork network = network("stateful");
    String guest = guest(network, "dhclient6");
    String script =
        """
        case $reason in
          BOUND6|RENEW6|REBIND6) ip -6 addr replace $new_ip6_address/128 dev $interface nodad ;;
          RELEASE6|EXPIRE6|STOP6) ip -6 addr flush dev $interface scope global ;;
        esac
        """;
    network.in(guest, dhclient(script, "-1", "t0"));
    assertThat(leases(network)).hasSize(1);
    Lease lease = leases(network).getFirst();
    assertThat(lease.hostname()).isEqualTo("isc-box");
    assertThat(addresses(guest)).contains(lease.address() + "/128");
    assertThat(addresses(guest).lines().filter(line -> line.contains("scope global")))
        .as("the prefix makes no address beside the lease")
        .hasSize(1);
    String gateway = "@" + PREFIX + "2";
    assertThat(network.in(guest, "dig", "+short", gateway, "AAAA", "isc-box.lan"))
        .isEqualTo(lease.address() + "\n");
    assertThat(network.in(guest, "dig", "+short", gateway, "-x", lease.address().toString()))
        .isEqualTo("isc-box.lan.\n");

    network.in(guest, dhclient(script, "-r", "t0"));
    Await.until(() -> leases(network).isEmpty());
    assertThat(count(network, DhcpCount.RELEASE)).isEqualTo(1);
    assertThat(network.in(guest, "dig", gateway, "AAAA", "isc-box.lan")).contains("NXDOMAIN");
  }

  @Test
  void dhclientHearsOptionsBesideAnAddressOfItsOwn() throws Exception {
    ServiceNetwork network = network("stateless");
    String guest = guest(network, "dhclient-s");
    Path told = folder.resolve("told");
    String script = "env > " + told + ".$reason\n";
    network.in(guest, dhclient(script, "-S", "-1", "t0"));
    Await.until(() -> Files.exists(folder.resolve("told.RENEW6")));
    assertThat(Files.readString(folder.resolve("told.RENEW6")))
        .contains("new_dhcp6_name_servers=" + PREFIX + "2")
        .contains("new_dhcp6_domain_search=lan.");
    Await.until(() -> addresses(guest).contains(PREFIX.replace("::", ":")));
    assertThat(leases(network)).isEmpty();
    network.in(guest, dhclient(script, "-S", "-x", "t0"));
  }

  /** It solicits routers itself, and does what the advertisement says. */
  @Test
  void dhcpcdGetsALeaseBecauseTheRouterSaysSo() throws Exception {
    ServiceNetwork network = network("stateful");
    String guest = guest(network, "dhcpcd6");
    Path conf =
        Files.writeString(
            folder.resolve("dhcpcd.conf"),
            """
            hostname cd-box
            duid ll
            option rapid_commit
            ipv6rs
            ia_na 7
            noarp
            """);
    Path hook = folder.resolve("dhcpcd-hook");
    ServiceNetwork.write(hook, "#!/bin/sh\nexit 0\n");
    Path output = folder.resolve("dhcpcd.out");
    Process client =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                guest,
                "dhcpcd",
                "-6",
                "-B",
                "-d",
                "-f",
                conf.toString(),
                "-c",
                hook.toString(),
                "t0")
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      Await.until(() -> !leases(network).isEmpty());
      Lease lease = leases(network).getFirst();
      Await.until(() -> addresses(guest).contains(lease.address() + "/128"));
      assertThat(count(network, DhcpCount.SOLICIT)).isPositive();
      long renewed = count(network, DhcpCount.REPLY);
      network.in(guest, "dhcpcd", "-6", "-N", "t0");
      Await.until(() -> count(network, DhcpCount.REPLY) > renewed);
    } catch (AssertionError e) {
      throw new AssertionError(Files.readString(output), e);
    } finally {
      ServiceNetwork.end(client);
    }
  }

  /**
   * By both protocols at once. It runs alone in namespaces of its own: without the bus, and without
   * udev, which it does not wait for where {@code /sys} is read-only, as in a container.
   */
  @Test
  void systemdNetworkdGetsLeasesOfBothFamilies() throws Exception {
    ServiceNetwork network = network("stateful");
    String guest = guest(network, "networkd");
    Path script = folder.resolve("networkd");
    ServiceNetwork.write(
        script,
        """
        #!/bin/sh
        mount -t tmpfs tmpfs /run && mount -o remount,bind,ro /sys || exit 1
        mkdir -p /run/systemd/network
        printf '[Match]\\nName=t0\\n[Network]\\nDHCP=yes\\n[DHCPv4]\\nHostname=nd-box\\n' \
          >/run/systemd/network/10-t0.network
        SYSTEMD_LOG_TARGET=console exec /usr/lib/systemd/systemd-networkd
        """);
    Path output = folder.resolve("networkd.out");
    Process client =
        new ProcessBuilder("ip", "netns", "exec", guest, "unshare", "-m", script.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      Await.until(() -> !network.addressOf(guest).isEmpty());
      assertThat(network.leased(network.addressOf(guest))).isTrue();
      Await.until(() -> !leases(network).isEmpty());
      Lease lease = leases(network).getFirst();
      Await.until(() -> addresses(guest).contains(lease.address() + "/128"));
      String address = network.addressOf(guest);
      String gateway = "@" + PREFIX + "2";
      assertThat(network.in(guest, "dig", "+short", gateway, "nd-box.lan"))
          .isEqualTo(address + "\n");
      // A release is lost that still waits for ARP when the address goes.
      network.in(guest, "ping", "-n", "-c", "1", "-W", "60", "192.168.127.2");
      client.destroy(); // it gives that of IPv4 up; that of IPv6 only where it is newer than 252
      assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
      Await.until(() -> !network.leased(address));
    } catch (AssertionError e) {
      throw new AssertionError(Files.readString(output), e);
    } finally {
      ServiceNetwork.end(client);
    }
  }
}
