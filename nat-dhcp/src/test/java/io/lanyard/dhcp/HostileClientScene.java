package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import java.time.Duration;
import java.util.List;

/** A DHCP server with a small pool, hostile clients, and an honest one. */
abstract class HostileClientScene {
  static final int OFFER = 2;
  static final int ACK = 5;
  static final int NAK = 6;
  static final Address SERVER = Address.parse("192.168.127.2");
  static final Address FIRST = Address.parse("192.168.127.128");
  static final int POOL = 127;
  static final long VICTIM = 0x5254_0000_0077L;
  static final long THIEF = 0x5254_0000_0666L;
  static final String EVIL = "evil";
  static final Duration SECOND = Duration.ofSeconds(1);
  static final byte[] DUID = {(byte) 255, 9, 9, 9};

  final SteppedLink link = new SteppedLink();
  final MemoryJournal journal = new MemoryJournal(link);
  DhcpServer server = start(FIRST.plus(POOL - 1), 0);

  /** With a limit for each port, or 0 for none. */
  final DhcpServer start(Address last, int leasesPerPort) {
    return new DhcpServer(
        TestNetworks.pool(
            FIRST,
            last,
            leasesPerPort == 0 ? "" : "dhcp: {leases-per-port: " + leasesPerPort + "}"),
        List.of(),
        link,
        journal);
  }

  final SteppedProbe probe() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    return probe;
  }

  final long count(DhcpCount event) {
    return server.counters().get(event);
  }

  final TestClient evil(long n) {
    return new TestClient(server, 0x5254_ee00_0000L + n, EVIL);
  }

  /** The exchange of an honest guest where nobody answers probes; null if it gets no address. */
  final Answer lease(TestClient client) {
    client.message(DISCOVER).option(61, DUID).send();
    Answer offer = client.next();
    client.message(REQUEST).option(61, DUID).address(54, SERVER).address(50, offer.yiaddr()).send();
    journal.sync();
    return client.next();
  }

  final void assertHonestGuestIsServed() {
    TestClient honest = new TestClient(server, 0x5254_0000_0001L);
    Answer ack = lease(honest);
    assertThat(ack.type()).isEqualTo(ACK);
    assertThat(server.leases().byMac(honest.mac)).hasSize(1);
  }

  final State state() {
    State state = new State();
    for (int i = 0; i < POOL; i++) {
      server
          .leases()
          .byAddress(FIRST.plus(i))
          .ifPresent(lease -> {
            switch (lease.state()) {
              case BOUND -> state.bound++;
              case OFFERED -> state.offered++;
              case DECLINED -> state.declined++;
              case RELEASED -> {}
            }
          });
    }
    return state;
  }

  static final class State {
    int bound;
    int offered;
    int declined;
  }

  enum Disguise {
    /** Its own Ethernet source, the victim's chaddr. */
    CHADDR,
    /** The victim's Ethernet source too. */
    SOURCE,
    /** As if it was a relay that the victim's message came by. */
    RELAY
  }

  TestClient.Request inTheNameOf(TestClient thief, Disguise disguise, MessageType type) {
    thief.sender = disguise == Disguise.SOURCE ? VICTIM : THIEF;
    TestClient.Request request = thief.message(type).option(61, DUID).address(54, SERVER);
    return disguise == Disguise.RELAY ? request.giaddr("192.168.127.9") : request;
  }
}
