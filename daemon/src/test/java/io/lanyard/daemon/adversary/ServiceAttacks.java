package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;

/** Attacks on what the gateway and the daemon serve: DNS, DHCP, metrics. */
final class ServiceAttacks {
  private static final int DISCOVER = 1;
  private static final int OFFER = 2;
  private static final int REQUEST = 3;
  private static final int DECLINE = 4;
  private static final int ACK = 5;
  private static final int RELEASE = 7;

  private ServiceAttacks() {}

  private static void ask(
      HostileGuest guest, int perSecond, boolean same, int padding, int hosts, String domain) {
    for (int i = 0; guest.goesOn(perSecond); i++) {
      for (int n = 0; n < 10; n++) {
        int number = 10 * i + n;
        int host = number % hosts;
        String name = (same ? "same" : "q" + number) + domain;
        byte[] question = Forgery.question(number, name, padding);
        int fromPort = 1024 + number % HostileGuest.PORTS;
        guest.forge.udp(host, Forgery.mac(host), fromPort, guest.family.gateway, 53, question);
      }
    }
  }

  /** One long question that nobody answers, from hosts without number. */
  static void sameQuestion(HostileGuest guest) {
    ask(guest, HostileGuest.FLOOD / 2, true, 1300, HostileGuest.HOSTS, World.SLOW);
  }

  /** Questions that nobody answers, each another. */
  static void slowQuestions(HostileGuest guest) {
    ask(guest, HostileGuest.SLOW, false, 0, HostileGuest.HOSTS, World.SLOW);
  }

  /** Questions of which a server over TCP hears, and says nothing. */
  static void questionsOverTcp(HostileGuest guest) {
    ask(guest, HostileGuest.SLOW, false, 0, HostileGuest.HOSTS, World.OVER_TCP);
  }

  /** Questions for a server over TLS with which no handshake ends. */
  static void questionsOverTls(HostileGuest guest) {
    ask(guest, HostileGuest.SLOW, false, 0, HostileGuest.HOSTS, World.OVER_TLS);
  }

  /** Questions that are answered, each another. */
  static void distinctQuestions(HostileGuest guest) {
    ask(guest, HostileGuest.SLOW, false, 0, 1, World.FAST);
  }

  /** DNS over TCP, half a question each. */
  static void dnsStreams(HostileGuest guest) {
    FlowAttacks.connect(guest, guest.family.gateway, 53, 65535, (byte) 0, (byte) 40, (byte) 1);
  }

  /** Half requests to the daemon's metrics, which the network's configuration opens to guests. */
  static void metricsConnections(HostileGuest guest) {
    FlowAttacks.connect(guest, guest.family.host, World.METRICS, 65535, "GE".getBytes(US_ASCII));
  }

  /** Requests for the metrics, of whose answers nothing is read. */
  static void metricsReaders(HostileGuest guest) {
    byte[] requests = "GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n".repeat(20).getBytes(US_ASCII);
    FlowAttacks.connect(guest, guest.family.host, World.METRICS, 0, requests);
  }

  /** Takes address after address. */
  static void starve(HostileGuest guest) {
    guest.on(frame -> {
      if (dhcpTypeOf(frame, 68) == OFFER) {
        long client = Ethernet.mac(frame, 42 + 28);
        guest.forge.dhcp(client, client, REQUEST, 0, frame.getInt(42 + 16));
      }
    });
    discover(guest, HostileGuest.SLOW / 2);
  }

  /** Takes addresses for clients that it says to be a relay for. */
  static void starveByRelays(HostileGuest guest) {
    guest.on(frame -> {
      if (dhcpTypeOf(frame, 67) == OFFER) {
        long client = Ethernet.mac(frame, 42 + 28);
        guest.forge.dhcpRelayed(0, client, REQUEST, frame.getInt(42 + 16));
      }
    });
    for (int i = 0; guest.goesOn(HostileGuest.SLOW / 2); i++) {
      guest.forge.dhcpRelayed(0, Forgery.mac(1 + i % HostileGuest.PORTS), DISCOVER, 0);
    }
  }

  /** Plays DHCP server for the machines that are new. */
  static void serveDhcp(HostileGuest guest) {
    for (int i = 0; guest.goesOn(HostileGuest.SLOW); i++) {
      long client = LeaseClient.machine(i / 2 % HostileGuest.FEW);
      guest.forge.dhcpAnswer(0, client, i % 2 == 0 ? OFFER : ACK, Forgery.address(i));
    }
  }

  /** Takes addresses and gives them back. */
  static void churnLeases(HostileGuest guest) {
    guest.on(frame -> {
      int type = dhcpTypeOf(frame, 68);
      if (type == OFFER) {
        long client = Ethernet.mac(frame, 42 + 28);
        guest.forge.dhcpToServer(client, REQUEST, 0, frame.getInt(42 + 16));
      } else if (type == ACK) {
        long client = Ethernet.mac(frame, 42 + 28);
        guest.forge.dhcpToServer(client, RELEASE, frame.getInt(42 + 16), 0);
      }
    });
    for (int i = 0; guest.goesOn(HostileGuest.SLOW / 2); i++) {
      guest.forge.dhcpToServer(Forgery.mac(i % HostileGuest.FEW), DISCOVER, 0, 0);
    }
  }

  private static void discover(HostileGuest guest, int perSecond) {
    for (int i = 0; guest.goesOn(perSecond); i++) {
      long mac = Forgery.mac(i % HostileGuest.PORTS);
      guest.forge.dhcp(mac, mac, DISCOVER, 0, 0);
    }
  }

  /** Asks the server alone: what is no broadcast has no storm control above it. */
  static void discoverDirectly(HostileGuest guest) {
    for (int i = 0; guest.goesOn(HostileGuest.FLOOD); i++) {
      guest.forge.dhcpToServer(Forgery.mac(i % HostileGuest.PORTS), DISCOVER, 0, 0);
    }
  }

  /** The type of a DHCP message for a client that is made up; 0 of all other frames. */
  private static int dhcpTypeOf(ByteBuf frame, int port) {
    boolean dhcp =
        Ethernet.type(frame, 0) == Ethernet.TYPE_IPV4
            && Ipv4.protocol(frame, 14) == Ipv4.UDP
            && frame.getUnsignedShort(36) == port
            && frame.readableBytes() > 42 + 242;
    return dhcp && Forgery.isMadeUp(Ethernet.mac(frame, 42 + 28)) ? frame.getByte(42 + 242) : 0;
  }

  /** Says of every address that is looked for that it has it. */
  static void answerProbes(HostileGuest guest) {
    guest.on(frame -> {
      if (Ethernet.type(frame, 0) == Ethernet.TYPE_ARP && Arp.senderAddress(frame, 14) == 0) {
        int asked = Arp.targetAddress(frame, 14);
        guest.forge.arp(Arp.REPLY, Forgery.mac(0), Forgery.mac(0), asked, asked);
      }
    });
    discover(guest, HostileGuest.SLOW / 10);
  }

  /** Gives the honest guest's address back, and says that it is in use. */
  static void returnLeasesOfOthers(HostileGuest guest) {
    int address = guest.site.victim().lease().address();
    long client = guest.site.victim().lease().mac();
    while (guest.goesOn(HostileGuest.SLOW)) {
      guest.forge.dhcp(Forgery.mac(0), client, RELEASE, address, 0);
      guest.forge.dhcp(Forgery.mac(0), client, DECLINE, 0, address);
    }
  }
}
