package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;

import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;

/** A DHCP server of a network whose time, probes and disk are stepped by the test. */
abstract class DhcpScene {
  static final int OFFER = 2;
  static final int ACK = 5;
  static final int NAK = 6;
  static final Address SERVER = Address.parse("192.168.127.2");
  static final Subnet SUBNET = Subnet.parse("192.168.127.0/24");
  static final String IN_USE = "event=dhcp-address-in-use";
  static final long RIVAL = 0x525400000099L;

  final SteppedLink link = new SteppedLink();
  final MemoryJournal journal = new MemoryJournal(link);
  DhcpServer server = start();

  final DhcpServer start(String... lines) {
    return start(TestNetworks.nat(lines));
  }

  final DhcpServer start(NetworkConfig config, GuestConfig... guests) {
    return new DhcpServer(config, List.of(guests), link, journal);
  }

  final TestClient client(String mac) {
    return new TestClient(server, mac);
  }

  final Answer lease(TestClient client) {
    client.select(client.discover());
    journal.sync();
    return client.next();
  }

  final SteppedProbe probe() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    return probe;
  }

  final Answer probedLease(SteppedProbe probe, TestClient client) {
    client.message(DISCOVER).send();
    probe.silent();
    client.select(client.next());
    journal.sync();
    return client.next();
  }
}
