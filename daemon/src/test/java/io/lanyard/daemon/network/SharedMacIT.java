package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import io.lanyard.testing.LogWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * The laboratory of {@link BridgedIT} with a LAN that drops frames from and for any MAC address but
 * the host's, as an access point does: the guests share that one. Needs nftables as well.
 */
class SharedMacIT extends BridgedIT {
  @Override
  String sharedMac() {
    return "yes";
  }

  @Override
  void connect(String host, String lan, int subnet) throws Exception {
    super.connect(host, lan, subnet);
    String mac =
        HostCommand.runLine("ip -n " + HOST + " -br link show " + host)
            .strip()
            .split("\\s+", -1)[2];
    Path rules = home.resolve(lan + ".nft");
    Files.writeString(
        rules,
        """
        table netdev %1$s
        delete table netdev %1$s
        table netdev %1$s {
          chain in {
            type filter hook ingress device "%1$s" priority 0;
            ether saddr != %2$s drop
          }
          chain out {
            type filter hook egress device "%1$s" priority 0;
            ether daddr != %2$s ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 drop
          }
        }
        """
            .formatted(lan, mac));
    HostCommand.runIn(LAN, "nft -f " + rules);
  }

  @Test
  void theLanKnowsTheGuestsByTheHostsAddressAndHearsWhenThatIsAnotherOne() throws Exception {
    LogWatch.expect("event=port-failed");
    Await.until(
        "the LAN is reached", () -> reaches(GUEST, "10.99.1.3") && reaches(PLAIN, "10.99.1.3"));
    Await.until("by IPv6", () -> reaches(GUEST, "fd99:0:0:1::3"));
    String mac =
        HostCommand.runLine("ip -n " + HOST + " -br link show lan0").strip().split("\\s+", -1)[2];
    assertThat(HostCommand.runLine("ip -n " + LAN + " neigh show 10.99.1.1")).contains(mac);
    assertThat(HostCommand.runLine("ip -n " + LAN + " neigh show fd99:0:0:1::1")).contains(mac);
    HostCommand.runIn(LAN, "nft flush ruleset");
    HostCommand.runIn(LAN, "sysctl -qw net.ipv4.conf.lan1.arp_accept=1");
    HostCommand.runLine("ip -n " + HOST + " link set lan0 address 02:00:00:00:00:77");
    Await.until(
        "the LAN hears of it without a frame of the guest's",
        () ->
            HostCommand.runLine("ip -n " + LAN + " neigh show 10.99.1.1")
                    .contains("02:00:00:00:00:77")
                && HostCommand.runLine("ip -n " + LAN + " neigh show fd99:0:0:1::1")
                    .contains("02:00:00:00:00:77"));
    Await.until("and reaches it", () -> reaches(LAN, "10.99.1.1"));
  }
}
