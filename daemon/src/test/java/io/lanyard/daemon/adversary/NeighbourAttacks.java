package io.lanyard.daemon.adversary;

/**
 * Attacks by what IPv6 alone has (neighbour discovery, routers, DHCPv6, extension headers), and by
 * ICMP errors.
 */
final class NeighbourAttacks {
  /** The ports that Linux chooses from. */
  private static final int FIRST_EPHEMERAL = 32_768;

  private static final int EPHEMERAL = 28_232;

  private NeighbourAttacks() {}

  private interface Frames {
    void frame(int host);
  }

  private static void flood(HostileGuest guest, int perSecond, Frames frames) {
    for (int i = 0; guest.goesOn(perSecond); i++) {
      for (int n = 0; n < 100; n++) {
        frames.frame((100 * i + n) % HostileGuest.PORTS);
      }
    }
  }

  /** Claims address after address, to the gateway alone: storm control does not see it. */
  static void claimAddresses(HostileGuest guest) {
    flood(
        guest,
        HostileGuest.FLOOD,
        host ->
            guest.forge6.solicitation(
                Forgery.mac(host), Family.IPV6.of(host), Family.IPV6.gateway));
  }

  /** Claims the honest guest's address, and the gateway's. */
  static void claimAddressesOfOthers(HostileGuest guest) {
    long own = Forgery.mac(0);
    while (guest.goesOn(HostileGuest.SLOW)) {
      guest.forge6.advertisement(own, Forgery.GATEWAY_MAC, World.HONEST_IPV6, Family.IPV6.gateway);
      guest.forge6.advertisement(
          own,
          Ipv6Forgery.group(Ipv6Forgery.ALL_NODES),
          Family.IPV6.gateway,
          Ipv6Forgery.ALL_NODES);
    }
  }

  /** Claims the honest guest's address. */
  static void claimHonestAddress(HostileGuest guest) {
    long own = Forgery.mac(0);
    while (guest.goesOn(HostileGuest.SLOW)) {
      guest.forge6.advertisement(own, Forgery.GATEWAY_MAC, World.HONEST_IPV6, Family.IPV6.gateway);
    }
  }

  /** Asks for the router. */
  static void askForRouters(HostileGuest guest) {
    flood(guest, HostileGuest.FLOOD, guest.forge6::routerSolicitation);
  }

  /** Advertises routers and prefixes. */
  static void advertiseRouters(HostileGuest guest) {
    flood(guest, HostileGuest.SLOW, guest.forge6::routerAdvertisement);
  }

  /** Takes address after address. */
  static void starve(HostileGuest guest) {
    flood(
        guest,
        HostileGuest.SLOW,
        host -> guest.forge6.dhcp(host, Dhcp6.solicit(Forgery.mac(host), true)));
  }

  /** Takes addresses and gives them back. */
  static void churnLeases(HostileGuest guest) {
    guest.on(frame -> {
      Dhcp6.Lease lease = Dhcp6.lease(frame);
      if (lease != null) {
        guest.forge6.dhcp(0, Dhcp6.about(Dhcp6.RELEASE, lease));
      }
    });
    for (int i = 0; guest.goesOn(HostileGuest.SLOW / 2); i++) {
      int host = i % HostileGuest.FEW;
      guest.forge6.dhcp(host, Dhcp6.solicit(Forgery.mac(host), true));
    }
  }

  /** Takes addresses for clients that it says to be a relay for. */
  static void starveByRelays(HostileGuest guest) {
    flood(
        guest,
        HostileGuest.SLOW,
        host ->
            guest.forge6.relay(
                host % HostileGuest.FEW,
                Dhcp6.relayed(
                    Family.IPV6.of(host % HostileGuest.FEW),
                    Ipv6Forgery.link(host),
                    Dhcp6.solicit(Forgery.mac(host), true))));
  }

  /** Plays DHCPv6 server for the machines that are new. */
  static void serve(HostileGuest guest) {
    byte[] server = {0, 3, 0, 1, 2, 0x66, 0, 0, 0, 0};
    flood(
        guest,
        HostileGuest.SLOW,
        number -> {
          long client = LeaseClient.machine(number % HostileGuest.FEW);
          int type = number % 2 == 0 ? Dhcp6.ADVERTISE : Dhcp6.REPLY;
          Dhcp6.Lease lease = new Dhcp6.Lease(client, Family.IPV6.of(number), server);
          guest.forge6.answer(0, Dhcp6.about(type, lease));
        });
  }

  /** Gives the honest guest's address back, and says that it is in use. */
  static void returnLeasesOfOthers(HostileGuest guest) {
    Dhcp6.Lease victim = guest.site.victim().lease6();
    while (guest.goesOn(HostileGuest.SLOW)) {
      guest.forge6.dhcp(0, Dhcp6.about(Dhcp6.RELEASE, victim));
      guest.forge6.dhcp(0, Dhcp6.about(Dhcp6.DECLINE, victim));
    }
  }

  /** Packets with many extension headers, of which the gateway is to say that it knows one not. */
  static void extensionHeaders(HostileGuest guest) {
    flood(guest, HostileGuest.FLOOD, host -> guest.forge6.chain(host % HostileGuest.FEW));
  }

  /** Refuses what others receive, in their name and on any port that they may have. */
  static void errors(HostileGuest guest) {
    flood(
        guest,
        HostileGuest.FLOOD,
        number -> {
          int host = number % HostileGuest.FEW;
          int port = FIRST_EPHEMERAL + number % EPHEMERAL;
          boolean tooBig = number % 2 == 0;
          if (guest.family == Family.IPV4) {
            guest.forge.refusal(host, World.HONEST, port, tooBig);
          } else {
            guest.forge6.refusal(host, World.HONEST_IPV6, port, tooBig);
          }
        });
  }
}
