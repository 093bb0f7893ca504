package io.lanyard.daemon.adversary;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;

/** Attacks by what a guest sends to the world: UDP, TCP, ICMP, fragments. */
final class FlowAttacks {
  private static final int CONNECTIONS = 3_000;

  private FlowAttacks() {}

  /** Datagrams to as many silent ports, from a few hosts. */
  static void floodUdp(HostileGuest guest) {
    for (int i = 0; guest.goesOn(HostileGuest.FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        int flow = 100 * i + n;
        int host = flow % HostileGuest.FEW;
        guest.forge.udp(
            host,
            Forgery.mac(host),
            1024 + flow % HostileGuest.PORTS,
            guest.family.silent(flow % 200),
            4000,
            new byte[8]);
      }
    }
  }

  /** Connections to where nobody answers, from so many hosts. */
  private static void floodSyn(HostileGuest guest, int hosts) {
    for (int i = 0; guest.goesOn(HostileGuest.FLOOD / 2); i++) {
      for (int n = 0; n < 100; n++) {
        int flow = 100 * i + n;
        guest.forge.tcp(
            flow % hosts,
            1024 + flow / hosts % HostileGuest.PORTS,
            guest.family.silent(flow % 200),
            80,
            Tcp.SYN,
            flow,
            0,
            65535);
      }
    }
  }

  private interface Packets {
    void packet(Address honest, int number);
  }

  private static void inAnothersName(HostileGuest guest, Packets packets) {
    Address honest = guest.family.honest();
    for (int i = 0; guest.goesOn(HostileGuest.FLOOD / 2); i++) {
      for (int n = 0; n < 100; n++) {
        packets.packet(honest, (100 * i + n) % HostileGuest.PORTS);
      }
    }
  }

  /** Datagrams that say to be the honest guest's: they would be its flows, and the answers too. */
  static void forgeHonestUdp(HostileGuest guest) {
    inAnothersName(
        guest,
        (honest, n) ->
            guest.forge.udp(
                honest, Forgery.mac(0), 1024 + n, guest.family.silent(n % 200), 4000, new byte[8]));
  }

  /** Connections, likewise. */
  static void forgeHonestSyn(HostileGuest guest) {
    inAnothersName(
        guest,
        (honest, n) ->
            guest.forge.tcp(
                honest,
                Forgery.mac(0),
                1024 + n,
                guest.family.silent(n % 200),
                80,
                Tcp.SYN,
                n,
                0,
                65535));
  }

  /** Pings, likewise. */
  static void forgeHonestPing(HostileGuest guest) {
    inAnothersName(
        guest,
        (honest, n) ->
            guest.forge.ping(honest, Forgery.mac(0), guest.family.silent(n % 200), n, 56));
  }

  /** Connections to where nobody answers. */
  static void floodSyn(HostileGuest guest) {
    floodSyn(guest, 1);
  }

  /** The same, from hosts that it makes up. */
  static void forgeSyn(HostileGuest guest) {
    floodSyn(guest, HostileGuest.HOSTS);
  }

  /** Connects again and again, says what is to be said, and then does nothing. */
  static void connect(
      HostileGuest guest, Address destination, int toPort, int window, byte... greeting) {
    Forgery forge = guest.forge;
    Family family = guest.family;
    int tcp = family.transport();
    guest.on(frame -> {
      if (!family.carries(frame, Ipv4.TCP)) {
        return;
      }
      int host = family.host(family.destination(frame));
      int length = family.length(frame) - Tcp.headerLength(frame, tcp);
      int own = Tcp.destinationPort(frame, tcp);
      int next = Tcp.sequence(frame, tcp) + length;
      boolean opened = (Tcp.flags(frame, tcp) & Tcp.SYN) != 0;
      if (opened) {
        forge.tcp(host, own, destination, toPort, Tcp.ACK, own + 1, next + 1, window, greeting);
      } else if (length > 0) {
        int said = own + 1 + greeting.length;
        forge.tcp(host, own, destination, toPort, Tcp.ACK, said, next, 0);
      }
    });
    for (int i = 0; guest.goesOn(HostileGuest.SLOW); i++) {
      for (int n = 0; n < 10; n++) {
        int flow = (10 * i + n) % CONNECTIONS;
        int own = 2000 + flow / HostileGuest.FEW;
        forge.tcp(flow % HostileGuest.FEW, own, destination, toPort, Tcp.SYN, own, 0, 65535);
      }
    }
  }

  /** Connections that say nothing. */
  static void idleConnections(HostileGuest guest) {
    connect(guest, guest.family.world, World.ECHO, 65535);
  }

  /** Connections to an endless source, of which nothing is read. */
  static void zeroWindow(HostileGuest guest) {
    connect(guest, guest.family.world, World.ENDLESS, 65535);
  }

  /**
   * Connections to its own forward: each is one from it and one to it, with the host's sockets in
   * between, and ends as soon as it stands.
   */
  static void hairpin(HostileGuest guest) {
    Forgery forge = guest.forge;
    Family family = guest.family;
    int tcp = family.transport();
    guest.on(frame -> {
      if (!family.carries(frame, Ipv4.TCP)) {
        return;
      }
      int flags = Tcp.flags(frame, tcp);
      int host = family.host(family.destination(frame));
      int own = Tcp.destinationPort(frame, tcp);
      int next = Tcp.sequence(frame, tcp) + 1;
      Address from = family.source(frame);
      int fromPort = Tcp.sourcePort(frame, tcp);
      if ((flags & Tcp.SYN) == 0) {
        return;
      }
      boolean isServer = (flags & Tcp.ACK) == 0;
      int answer = isServer ? Tcp.SYN | Tcp.ACK : Tcp.ACK;
      forge.tcp(host, own, from, fromPort, answer, isServer ? own : own + 1, next, 65535);
      if (!isServer) {
        forge.tcp(host, own, from, fromPort, Tcp.RST | Tcp.ACK, own + 1, next, 0);
      }
    });
    for (int i = 0; guest.goesOn(HostileGuest.SLOW); i++) {
      for (int n = 0; n < 10; n++) {
        int own = 1024 + (10 * i + n) % HostileGuest.PORTS;
        forge.tcp(0, own, family.uplink, World.HAIRPIN, Tcp.SYN, own, 0, 65535);
      }
    }
  }

  /** Pings to the gateway. */
  static void pingGateway(HostileGuest guest) {
    while (guest.goesOn(HostileGuest.FLOOD)) {
      for (int n = 0; n < 100; n++) {
        guest.forge.ping(0, guest.family.gateway, n, 1000);
      }
    }
  }

  /** Pings to the world under many identifiers. */
  static void pingWorld(HostileGuest guest) {
    for (int i = 0; guest.goesOn(HostileGuest.FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        int flow = 100 * i + n;
        guest.forge.ping(flow % HostileGuest.HOSTS, guest.family.silent(n), flow & 0xffff, 56);
      }
    }
  }

  /** First fragments without a second one. */
  static void fragments(HostileGuest guest) {
    for (int i = 0; guest.goesOn(HostileGuest.FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        guest.forge.firstFragment((100 * i + n) % HostileGuest.HOSTS, guest.family.world, 1024);
      }
    }
  }
}
