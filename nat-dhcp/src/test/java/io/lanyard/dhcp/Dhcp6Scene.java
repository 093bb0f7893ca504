package io.lanyard.dhcp;

import io.lanyard.dhcp.Dhcp6TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.UUID;

/** A DHCPv6 server of a network whose time and disk are stepped by the test. */
abstract class Dhcp6Scene {
  static final String PREFIX = "fd6c:616e:7961:8:";
  static final Subnet SUBNET = Subnet.parse(PREFIX + ":/64");
  static final long MAC = 0x5254_0000_0001L;
  static final UUID IDENTITY = new UUID(0x8000, 1L << 63);

  final SteppedLink link = new SteppedLink();
  final MemoryJournal journal = new MemoryJournal(link);
  Dhcp6Server server = start("");

  /** A server that gives addresses. */
  final Dhcp6Server start(String dhcp) {
    return start("stateful", dhcp);
  }

  final Dhcp6Server start(String mode, String dhcp) {
    server =
        new Dhcp6Server(
            TestNetworks.nat(
                "ipv6: {subnet: \"" + SUBNET + "\"}",
                "dhcp: {ipv6: " + mode + (dhcp.isEmpty() ? "" : ", " + dhcp) + "}"),
            SUBNET,
            List.of(),
            link,
            journal,
            IDENTITY);
    return server;
  }

  final Dhcp6TestClient client(int number) {
    return new Dhcp6TestClient(server, MAC + number);
  }

  final Answer lease(Dhcp6TestClient client) {
    client.select(client.solicit());
    journal.sync();
    return client.next();
  }

  final long count(DhcpCount what) {
    return server.common().counters().get(what);
  }

  static Address at(String suffix) {
    return Address.parse(PREFIX + suffix);
  }
}
