package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.LeaseInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import io.lanyard.testing.LogWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Leases of IPv6 as the daemon shows and keeps them, got by dhclient behind a strict guard. Needs
 * root, and the package isc-dhcp-client.
 */
@Timeout(240)
final class Dhcp6LeasesIT {
  private static final String PREFIX = "fd6c:616e:7961:8::";

  private final String guest = "lyd6-" + ProcessHandle.current().pid();
  @TempDir Path home;

  @BeforeEach
  void guest() throws Exception {
    HostCommand.run("ip", "netns", "add", guest);
  }

  @AfterEach
  void noGuest() throws Exception {
    HostCommand.run("ip", "netns", "del", guest);
  }

  private Daemon start(String dhcp) throws Exception {
    String yaml =
        """
        version: 1
        networks:
          lab:
            mode: nat
            ipv4: {subnet: 10.9.8.0/24}
            ipv6: {subnet: "%s/64"}
            dns: {enabled: false}
            dhcp: {%s}
            guard: strict
            ports: [{name: guest, kind: tap, device: t0, netns: %s}]
        """
            .formatted(PREFIX, dhcp, guest);
    Daemon daemon = InProcessDaemon.open(home, yaml);
    inGuest("ip", "link", "set", "t0", "address", "52:54:00:00:00:01");
    inGuest("ip", "link", "set", "t0", "up");
    return daemon;
  }

  private String inGuest(String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", guest));
    all.addAll(List.of(command));
    return HostCommand.run(all.toArray(String[]::new));
  }

  private void lease() throws Exception {
    Await.until(() -> {
      String shown = inGuest("ip", "-6", "addr", "show", "dev", "t0");
      return shown.contains("fe80::") && !shown.contains("tentative");
    });
    Path hook = home.resolve("hook");
    Files.writeString(
        hook,
        """
        #!/bin/sh
        case $reason in
          BOUND6|RENEW6|REBIND6) ip -6 addr replace $new_ip6_address/64 dev $interface ;;
        esac
        """);
    assertThat(hook.toFile().setExecutable(true)).isTrue();
    inGuest(
        "dhclient",
        "-6",
        "-1",
        "-sf",
        hook.toString(),
        "-lf",
        home.resolve("leases").toString(),
        "-pf",
        home.resolve("pid").toString(),
        "t0");
    // dhclient goes on in the background, which writes this.
    Path pid = home.resolve("pid");
    Await.until(() -> Files.exists(pid) && !Files.readString(pid).isBlank());
    inGuest("kill", Files.readString(pid).strip());
  }

  private static List<LeaseInfo> leases(Daemon daemon) {
    return Objects.requireNonNull(daemon.network("lab")).report().leases();
  }

  @Test
  void aLeaseIsShownHeldByTheGuardKeptAndReleased() throws Exception {
    LogWatch.expect("frames-refused");
    String address;
    try (Daemon daemon = start("ipv6: stateful")) {
      lease();
      assertThat(leases(daemon)).hasSize(1);
      LeaseInfo lease = leases(daemon).getFirst();
      address = lease.address();
      assertThat(lease.mac()).isEqualTo("52:54:00:00:00:01");
      assertThat(lease.state()).isEqualTo("bound");
      assertThat(address).startsWith(PREFIX + "1");
      Await.until(() -> !inGuest("ip", "-6", "addr", "show", "dev", "t0").contains("tentative"));
      assertThat(inGuest("ping", "-6", "-c", "1", "-W", "60", PREFIX + "2")).contains("1 received");
      assertThat(
              inGuest(
                  "sh",
                  "-c",
                  "ip addr add "
                      + PREFIX
                      + "77/64 dev t0 nodad; ping -6 -c 1 -W 1 -I "
                      + PREFIX
                      + "77 "
                      + PREFIX
                      + "2; true"))
          .as("an address of its own choice")
          .contains(" 0 received");
    }
    try (Daemon daemon = start("ipv6: stateful")) {
      assertThat(leases(daemon)).extracting(LeaseInfo::address).containsExactly(address);
      Network lab = Objects.requireNonNull(daemon.network("lab"));
      assertThat(lab.release(Address.parse(address))).isTrue();
      assertThat(leases(daemon)).isEmpty();
      assertThat(lab.release(Address.parse(address))).isFalse();
    }
  }

  @Test
  void aReservationKeepsAnAddressOfEachFamily() throws Exception {
    String kept = PREFIX + "99";
    String reservation =
        "reservations: [{mac: \"52:54:00:00:00:01\", address: 10.9.8.99, ipv6: \""
            + kept
            + "\", hostname: web}]";
    try (Daemon daemon = start("ipv6: stateful, " + reservation)) {
      lease();
      assertThat(leases(daemon)).hasSize(1);
      assertThat(leases(daemon).getFirst().address()).isEqualTo(kept);
      assertThat(leases(daemon).getFirst().hostname()).isEqualTo("web");
    }
  }
}
