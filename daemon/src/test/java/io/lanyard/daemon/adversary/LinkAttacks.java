package io.lanyard.daemon.adversary;

import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;

/** Attacks on the switch and its addresses: ARP, MAC addresses, broadcast, loops. */
final class LinkAttacks {
  private LinkAttacks() {}

  /** Claims address after address. */
  static void claimAddresses(HostileGuest guest) {
    for (int i = 0; guest.goesOn(HostileGuest.FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        int host = (100 * i + n) % HostileGuest.PORTS;
        long mac = Forgery.mac(host);
        guest.forge.arp(Arp.REQUEST, mac, mac, Forgery.address(host), Forgery.GATEWAY);
      }
    }
  }

  /** Claims the honest guest's address, and the gateway's. */
  static void claimAddressesOfOthers(HostileGuest guest) {
    long own = Forgery.mac(0);
    while (guest.goesOn(HostileGuest.SLOW)) {
      guest.forge.arp(Arp.REPLY, own, own, World.HONEST, Forgery.GATEWAY);
      guest.forge.arp(Arp.REPLY, own, own, Forgery.GATEWAY, World.HONEST);
    }
  }

  /** Claims the honest guest's address, of the gateway alone: storm control does not see it. */
  static void claimHonestAddress(HostileGuest guest) {
    long own = Forgery.mac(0);
    while (guest.goesOn(HostileGuest.SLOW)) {
      guest.forge.arpToGateway(own, World.HONEST);
    }
  }

  /** Sends as the gateway. */
  static void useTheGatewaysAddress(HostileGuest guest) {
    while (guest.goesOn(HostileGuest.SLOW)) {
      guest.forge.ethernet(Forgery.mac(1), Forgery.GATEWAY_MAC, 46);
    }
  }

  private static void flood(HostileGuest guest, Frames frames) {
    for (int i = 0; guest.goesOn(HostileGuest.FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        frames.frame(1 + 100L * i + n);
      }
    }
  }

  private interface Frames {
    void frame(long number);
  }

  /** Broadcast frames. */
  static void broadcast(HostileGuest guest) {
    flood(guest, number -> guest.forge.ethernet(Ethernet.BROADCAST, Forgery.mac(0), 46));
  }

  /** Frames to addresses that nobody has. */
  static void unknownDestinations(HostileGuest guest) {
    flood(guest, number -> guest.forge.ethernet(0x02dd_0000_0000L + number, Forgery.mac(0), 46));
  }

  /** Frames from addresses that nobody has. */
  static void manySources(HostileGuest guest) {
    flood(
        guest, number -> guest.forge.ethernet(Forgery.GATEWAY_MAC, 0x0200_0000_0000L | number, 46));
  }

  /** The same, from addresses that differ in their upper bits alone. */
  static void collidingSources(HostileGuest guest) {
    flood(
        guest,
        number -> {
          long upper = (number << 20) % (1L << 40);
          guest.forge.ethernet(Forgery.GATEWAY_MAC, 0x0200_0000_0000L | 1 | upper, 46);
        });
  }

  /**
   * Joins two ports of a switch to a loop: sends back each frame that comes, and one frame to
   * begin.
   */
  static void loop(HostileGuest guest) {
    guest.on(frame -> {
      if (Ethernet.isGroup(Ethernet.destination(frame, 0))) {
        guest.forge.copy(frame);
      }
    });
    long own = Forgery.mac(0);
    while (guest.goesOn(HostileGuest.SLOW)) {
      guest.forge.ethernet(Ethernet.BROADCAST, own, 46);
      guest.forge.arp(Arp.REQUEST, own, own, Forgery.address(0), Forgery.address(1));
    }
  }

  /** Claims an address, and asks the gateway for more than the client reads. */
  static void askForMuch(HostileGuest guest) {
    long own = Forgery.mac(0);
    while (guest.goesOn(HostileGuest.SLOW)) {
      guest.forge.arp(Arp.REQUEST, own, own, Forgery.address(0), Forgery.GATEWAY);
      for (int n = 0; n < 10; n++) {
        guest.forge.ping(0, guest.family.gateway, n, 1400);
      }
    }
  }
}
