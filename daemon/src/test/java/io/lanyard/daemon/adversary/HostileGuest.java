package io.lanyard.daemon.adversary;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv6;
import io.netty.buffer.ByteBuf;
import java.io.IOException;

/**
 * A guest behind a port that attacks in one way.
 *
 * <p>It answers ARP and neighbour discovery for all hosts that it makes up, as a host would that
 * has these addresses.
 */
final class HostileGuest implements Hostile {
  /** Frames per second of a flood: what one core sends without being used up. */
  static final int FLOOD = 40_000;

  /** Frames per second where each costs the daemon more. */
  static final int SLOW = 4_000;

  /** Hosts without number. */
  static final int HOSTS = 4_000;

  static final int FEW = 10;

  /** Transport ports, or addresses, of a host. */
  static final int PORTS = 50_000;

  final Family family;
  final Forgery forge;
  final Ipv6Forgery forge6;
  final Site site;
  private final RawPort port;
  private final Act act;

  /** The reaction to frames that come in, besides answering ARP and neighbour discovery. */
  private volatile Reply reply = frame -> {};

  /** A way to attack. */
  interface Act {
    /** Goes on until {@link HostileGuest#goesOn} says that it is over. */
    void by(HostileGuest guest);
  }

  /** A reaction to a frame. */
  interface Reply {
    /** Looks at a frame, which is lent. */
    void to(ByteBuf frame);
  }

  /**
   * Attaches to the port.
   *
   * @param end closed with the guest
   * @param family the family of what it sends
   * @param act its attack
   * @param reads whether it reads the frames that come in
   */
  HostileGuest(Site site, FrameEnd end, Family family, Act act, boolean reads) {
    this.site = site;
    this.family = family;
    this.act = act;
    port = new RawPort(end);
    forge = new Forgery(port, family);
    forge6 = new Ipv6Forgery(port);
    if (reads) {
      port.read(this::heard);
    }
  }

  private void heard(ByteBuf frame) {
    answer(frame);
    reply.to(frame);
  }

  private void answer(ByteBuf frame) {
    if (Ethernet.type(frame, 0) == Ethernet.TYPE_ARP
        && Arp.operation(frame, 14) == Arp.REQUEST
        && Arp.senderMac(frame, 14) == Forgery.GATEWAY_MAC) {
      int asked = Arp.targetAddress(frame, 14);
      int host = Family.IPV4.host(Address.ofIpv4(asked));
      if (isMadeUp(host)) {
        long mac = Forgery.mac(host);
        forge.arp(Arp.REPLY, mac, mac, asked, Forgery.GATEWAY);
        port.send();
      }
    }
    if (Family.IPV6.carries(frame, Ipv6.ICMPV6)
        && Icmpv6.type(frame, 54) == Icmpv6.NEIGHBOR_SOLICITATION
        && Ethernet.source(frame, 0) == Forgery.GATEWAY_MAC) {
      Address asked = new Address(frame.getLong(62), frame.getLong(70));
      int host = Family.IPV6.host(asked);
      if (isMadeUp(host)) {
        Address asker = new Address(Ipv6.sourceHigh(frame, 14), Ipv6.sourceLow(frame, 14));
        forge6.advertisement(Forgery.mac(host), Forgery.GATEWAY_MAC, asked, asker);
        port.send();
      }
    }
  }

  private static boolean isMadeUp(int host) {
    return host >= 0 && host < PORTS;
  }

  /** Has frames that come in looked at from now on; what the reaction forges is sent at once. */
  void on(Reply reaction) {
    reply =
        frame -> {
          reaction.to(frame);
          port.send();
        };
  }

  /** Whether the attack goes on, at a rate of so many frames per second. */
  boolean goesOn(int perSecond) {
    return port.goesOn(perSecond);
  }

  @Override
  public void act() {
    act.by(this);
  }

  @Override
  public void wantAll() {
    port.wantAll();
  }

  @Override
  public void close() throws IOException {
    port.close();
  }
}
