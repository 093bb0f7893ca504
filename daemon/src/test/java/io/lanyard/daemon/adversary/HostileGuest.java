package io.lanyard.daemon.adversary;

import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A guest that means harm: a method for each attack, which goes on until the guest is closed.
 *
 * <p>It answers ARP for all hosts that it makes up, as a host would that has these addresses.
 */
final class HostileGuest implements AutoCloseable {
  /** Frames a second of a flood: what one core sends without using it up. */
  private static final int FLOOD = 40_000;

  private static final int SLOW = 4_000;
  private static final int HOSTS = 4_000;
  private static final int FEW = 10;
  private static final int PORTS = 50_000;
  private static final int CONNECTIONS = 3_000;
  private static final int DISCOVER = 1;
  private static final int REQUEST = 3;

  private final RawPort port;
  private final Forgery forge;

  /** The reaction to frames that come in, besides answering ARP. */
  private volatile Reply reply = frame -> {};

  private interface Reply {
    void to(ByteBuf frame);
  }

  HostileGuest(Path socket) throws IOException {
    port = new RawPort(socket, this::heard);
    forge = new Forgery(port);
  }

  /** How many frames it has sent. */
  long sent() {
    return port.sent();
  }

  private void heard(ByteBuf frame) {
    if (Ethernet.type(frame, 0) == Ethernet.TYPE_ARP
        && Arp.operation(frame, 14) == Arp.REQUEST
        && Arp.senderMac(frame, 14) == Forgery.GATEWAY_MAC) {
      int asked = Arp.targetAddress(frame, 14);
      int host = Forgery.host(asked);
      if (host >= 0 && host < PORTS) {
        long mac = Forgery.mac(host);
        forge.arp(Arp.REPLY, mac, mac, asked, Forgery.GATEWAY);
        port.send();
      }
    }
    reply.to(frame);
  }

  /** Datagrams to as many silent ports, from a few hosts. */
  void floodUdp() {
    for (int i = 0; port.goesOn(FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        int flow = 100 * i + n;
        int host = flow % FEW;
        forge.udp(
            host,
            Forgery.mac(host),
            1024 + flow % PORTS,
            World.silent(flow % 200),
            4000,
            new byte[8]);
      }
    }
  }

  /** Connections to where nobody answers, from so many hosts. */
  private void floodSyn(int hosts) {
    for (int i = 0; port.goesOn(FLOOD / 2); i++) {
      for (int n = 0; n < 100; n++) {
        int flow = 100 * i + n;
        forge.tcp(
            flow % hosts,
            1024 + flow / hosts % PORTS,
            World.silent(flow % 200),
            80,
            Tcp.SYN,
            flow,
            0,
            65535);
      }
    }
  }

  /** Connections to where nobody answers. */
  void floodSyn() {
    floodSyn(1);
  }

  /** The same, from hosts that it makes up. */
  void forgeSyn() {
    floodSyn(HOSTS);
  }

  /** Connects again and again, says what is to be said, and then does nothing. */
  private void connect(int destination, int toPort, int window, byte... greeting) {
    reply =
        frame -> {
          if (Ethernet.type(frame, 0) != Ethernet.TYPE_IPV4 || Ipv4.protocol(frame, 14) != 6) {
            return;
          }
          int host = Forgery.host(Ipv4.destination(frame, 14));
          int length = Ipv4.totalLength(frame, 14) - 20 - Tcp.headerLength(frame, 34);
          int flags = Tcp.flags(frame, 34);
          int own = Tcp.destinationPort(frame, 34);
          int next = Tcp.sequence(frame, 34) + length;
          boolean opened = (flags & Tcp.SYN) != 0;
          if (opened) {
            forge.tcp(host, own, destination, toPort, Tcp.ACK, own + 1, next + 1, window, greeting);
          } else if (length > 0) {
            int said = own + 1 + greeting.length;
            forge.tcp(host, own, destination, toPort, Tcp.ACK, said, next, 0);
          }
          port.send();
        };
    for (int i = 0; port.goesOn(SLOW); i++) {
      for (int n = 0; n < 10; n++) {
        int flow = (10 * i + n) % CONNECTIONS;
        int own = 2000 + flow / FEW;
        forge.tcp(flow % FEW, own, destination, toPort, Tcp.SYN, own, 0, 65535);
      }
    }
  }

  /** Connections that say nothing. */
  void idleConnections() {
    connect(World.ADDRESS, World.ECHO, 65535);
  }

  /** Connections to an endless source, of which nothing is read. */
  void zeroWindow() {
    connect(World.ADDRESS, World.ENDLESS, 65535);
  }

  /** DNS over TCP, half a question each. */
  void dnsStreams() {
    connect(Forgery.GATEWAY, 53, 65535, (byte) 0, (byte) 40, (byte) 1);
  }

  /** Half requests to the daemon's metrics, which the network's configuration opens to guests. */
  void metricsConnections() {
    connect(World.HOST, World.METRICS, 65535, (byte) 'G', (byte) 'E');
  }

  private void ask(int perSecond, boolean same, int padding, int hosts, String domain) {
    for (int i = 0; port.goesOn(perSecond); i++) {
      for (int n = 0; n < 10; n++) {
        int number = 10 * i + n;
        int host = number % hosts;
        String name = (same ? "same" : "q" + number) + domain;
        byte[] question = Forgery.question(number, name, padding);
        forge.udp(host, Forgery.mac(host), 1024 + number % PORTS, Forgery.GATEWAY, 53, question);
      }
    }
  }

  /** One long question that nobody answers, from hosts without number. */
  void sameQuestion() {
    ask(FLOOD / 2, true, 1300, HOSTS, World.SLOW);
  }

  /** Questions that nobody answers, each another. */
  void slowQuestions() {
    ask(SLOW, false, 0, HOSTS, World.SLOW);
  }

  /** Questions that are answered, each another. */
  void distinctQuestions() {
    ask(SLOW, false, 0, 1, World.FAST);
  }

  /** Takes address after address. */
  void starve() {
    reply =
        frame -> {
          if (dhcpTypeOf(frame) == 2) {
            long client = Ethernet.mac(frame, 42 + 28);
            forge.dhcp(client, client, REQUEST, 0, frame.getInt(42 + 16));
            port.send();
          }
        };
    for (int i = 0; port.goesOn(SLOW / 2); i++) {
      forge.dhcp(Forgery.mac(i % PORTS), Forgery.mac(i % PORTS), DISCOVER, 0, 0);
    }
  }

  private static int dhcpTypeOf(ByteBuf frame) {
    boolean dhcp =
        Ethernet.type(frame, 0) == Ethernet.TYPE_IPV4
            && Ipv4.protocol(frame, 14) == Ipv4.UDP
            && frame.getUnsignedShort(36) == 68
            && frame.readableBytes() > 42 + 242;
    return dhcp ? frame.getByte(42 + 242) : 0;
  }

  /** Says of every address that is looked for that it has it. */
  void answerProbes() {
    reply =
        frame -> {
          if (Ethernet.type(frame, 0) == Ethernet.TYPE_ARP && Arp.senderAddress(frame, 14) == 0) {
            int asked = Arp.targetAddress(frame, 14);
            forge.arp(Arp.REPLY, Forgery.mac(0), Forgery.mac(0), asked, asked);
            port.send();
          }
        };
    for (int i = 0; port.goesOn(SLOW / 10); i++) {
      forge.dhcp(Forgery.mac(i % PORTS), Forgery.mac(i % PORTS), DISCOVER, 0, 0);
    }
  }

  /** Claims address after address. */
  void claimAddresses() {
    for (int i = 0; port.goesOn(FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        int host = (100 * i + n) % PORTS;
        long mac = Forgery.mac(host);
        forge.arp(Arp.REQUEST, mac, mac, Forgery.address(host), Forgery.GATEWAY);
      }
    }
  }

  /** Claims the honest guest's address, and the gateway's. */
  void claimAddressesOfOthers() {
    long own = Forgery.mac(0);
    while (port.goesOn(SLOW)) {
      forge.arp(Arp.REPLY, own, own, World.HONEST, Forgery.GATEWAY);
      forge.arp(Arp.REPLY, own, own, Forgery.GATEWAY, World.HONEST);
    }
  }

  /** Sends as the gateway. */
  void useTheGatewaysAddress() {
    while (port.goesOn(SLOW)) {
      forge.ethernet(Forgery.mac(1), Forgery.GATEWAY_MAC, 46);
    }
  }

  /** Pings to the gateway. */
  void pingGateway() {
    while (port.goesOn(FLOOD)) {
      for (int n = 0; n < 100; n++) {
        forge.ping(0, Forgery.GATEWAY, n, 1000);
      }
    }
  }

  /** Pings to the world under many identifiers. */
  void pingWorld() {
    for (int i = 0; port.goesOn(FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        forge.ping((100 * i + n) % HOSTS, World.silent(n), 100 * i + n & 0xffff, 56);
      }
    }
  }

  /** First fragments without a second one. */
  void fragments() {
    for (int i = 0; port.goesOn(FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        forge.firstFragment((100 * i + n) % HOSTS, World.ADDRESS, 1024);
      }
    }
  }

  private void ethernet(boolean group, boolean manySources, boolean manyDestinations, int step) {
    for (int i = 0; port.goesOn(FLOOD); i++) {
      for (int n = 0; n < 100; n++) {
        long number = 1 + (100L * i + n) * step % (1L << 40);
        long destination =
            group
                ? Ethernet.BROADCAST
                : manyDestinations ? 0x02dd_0000_0000L + number : Forgery.GATEWAY_MAC;
        forge.ethernet(destination, manySources ? 0x0200_0000_0000L | number : Forgery.mac(0), 46);
      }
    }
  }

  /** Broadcast frames. */
  void broadcast() {
    ethernet(true, false, false, 1);
  }

  /** Frames to addresses that nobody has. */
  void unknownDestinations() {
    ethernet(false, false, true, 1);
  }

  /** Frames from addresses that nobody has. */
  void manySources() {
    ethernet(false, true, false, 1);
  }

  /** The same, from addresses that differ in their upper bits alone. */
  void collidingSources() {
    ethernet(false, true, false, 1 << 20);
  }

  /**
   * Joins two ports of a switch to a loop: sends back each frame that comes, and one frame to
   * begin.
   */
  void loop() {
    reply =
        frame -> {
          if (Ethernet.isGroup(Ethernet.destination(frame, 0))) {
            forge.copy(frame);
            port.send();
          }
        };
    while (port.goesOn(SLOW)) {
      forge.ethernet(Ethernet.BROADCAST, Forgery.mac(0), 46);
      forge.arp(
          Arp.REQUEST, Forgery.mac(0), Forgery.mac(0), Forgery.address(0), Forgery.address(1));
    }
  }

  @Override
  public void close() throws IOException {
    port.close();
  }
}
