package io.lanyard.nat.gateway;

import io.lanyard.base.Clock;
import io.lanyard.base.Timers;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.forward.GuestAddresses;
import io.lanyard.net.Address;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A NAT network on a real loop with real sockets, and guests made of bytes, each on its port. */
final class NatScene implements AutoCloseable {
  static final int ISN = 1000;

  private final AfterBatch after = new AfterBatch(new LoopFaults("test", Clock.system()));
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, after.around(EpollIoHandler.newFactory()));
  final IoEventLoop loop = group.next();
  final TestNetwork net = new TestNetwork(after);
  final NatNetwork nat;
  final WireFamily family;
  private final List<Guest> guests = new ArrayList<>();

  NatScene(ForwardConfig... forwards) throws Exception {
    this(TestNetworks.forwards(TestNetwork.config(), forwards));
  }

  /** A network whose guests speak a family. */
  NatScene(WireFamily family, ForwardConfig... forwards) throws Exception {
    this(
        family,
        TestNetworks.forwards(family.config(), forwards),
        HostResources.alone(),
        nic -> null);
  }

  NatScene(NetworkConfig config) throws Exception {
    this(config, HostResources.alone(), nic -> null);
  }

  NatScene(NetworkConfig config, HostResources host, GuestAddresses guests) throws Exception {
    this(WireFamily.IPV4, config, host, guests);
  }

  NatScene(WireFamily family, NetworkConfig config, HostResources host, GuestAddresses guests)
      throws Exception {
    this(family, config, host, guests, TestNetworks::inward);
  }

  /** A network whose gateway is made by other means, such as one that leads out. */
  NatScene(
      WireFamily family,
      NetworkConfig config,
      HostResources host,
      GuestAddresses guests,
      Maker maker)
      throws Exception {
    this.family = family;
    family.guest(net.guest);
    nat =
        on(() ->
            maker.make(
                loop,
                net.network,
                net.timers,
                PooledByteBufAllocator.DEFAULT,
                config,
                host,
                guests));
  }

  /** Makes a gateway: the constructor of one that leads out, or {@link TestNetworks#inward}. */
  interface Maker {
    NatNetwork make(
        EventLoop loop,
        Switch network,
        Timers timers,
        ByteBufAllocator allocator,
        NetworkConfig config,
        HostResources host,
        GuestAddresses guests);
  }

  /** Runs something on the network's loop and waits for it. */
  <T> T on(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  /** Waits until something holds on the loop, at most a minute. */
  boolean becomes(BooleanSupplier condition) throws Exception {
    long end = System.nanoTime() + 60_000_000_000L;
    while (System.nanoTime() < end) {
      if (on(condition::getAsBoolean)) {
        return true;
      }
    }
    return false;
  }

  /** Attaches a guest whose last number of the address is given, and has it heard. */
  Guest guest(int number) throws Exception {
    Guest guest = silentGuest(number);
    return on(() -> {
      guest.announce();
      guest.port.drain();
      return guest;
    });
  }

  /** Attaches a guest that the gateway has not heard of yet. */
  Guest silentGuest(int number) throws Exception {
    return on(() -> {
      Guest guest = new Guest(number);
      guests.add(guest);
      return guest;
    });
  }

  @Override
  public void close() {
    try {
      on(() -> {
        nat.close();
        guests.forEach(guest -> guest.port.close());
        net.guest.close();
        net.network.close();
        return true;
      });
    } catch (Exception e) {
      throw new AssertionError("the network could not be taken down", e);
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  /** A guest; its methods are for the loop's thread. */
  final class Guest {
    final InMemoryPort port;
    final long mac;
    final int address;

    Guest(int number) {
      mac = 0x5254_0000_0100L | number;
      address = Ipv4.parse("192.168.127." + number);
      port = InMemoryPort.attached("guest" + number, Offloads.NONE, net.network);
      family.guest(port);
    }

    Address ip() {
      return family.address(address);
    }

    /** Asks for the gateway, and so tells it whose the address is. */
    void announce() {
      send(TestNetwork.arp(Ethernet.BROADCAST, Arp.REQUEST, mac, address, 0, TestNetwork.GATEWAY));
    }

    void send(byte[] frame) {
      ByteBuf b = TestNetwork.frame(frame);
      Ethernet.setSource(b, b.readerIndex() + 12, mac);
      port.send(b);
    }

    void datagram(int from, int to, int toPort) {
      send(TestNetwork.udp(address, to, from, toPort, new byte[] {1, 2, 3}));
    }

    void ping(int to, int identifier) {
      byte[] echo = TestNetwork.icmp(8, identifier, new byte[8]);
      send(TestNetwork.ipv4(address, to, Ipv4.ICMP, 64, 7, 0, echo));
    }

    void segment(int from, int to, int toPort, int seq, int ack, int flags, byte... text) {
      send(TestNetwork.tcp(address, to, from, toPort, seq, ack, flags, text));
    }

    void syn(int from, int to, int toPort) {
      segment(from, to, toPort, ISN, 0, Tcp.SYN);
    }

    /** The packets since the last call: short words such as {@code syn-ack 40001}. */
    List<String> heard() {
      List<String> words = new ArrayList<>();
      for (byte[] frame : port.drain()) {
        ByteBuf b = TestNetwork.view(frame);
        if (Ethernet.type(b, 0) == Ethernet.TYPE_IPV4) {
          words.add(word(b));
        }
      }
      return words;
    }

    private static String word(ByteBuf b) {
      return switch (Ipv4.protocol(b, 14)) {
        case Ipv4.TCP -> {
          int flags = Tcp.flags(b, 34) & (Tcp.SYN | Tcp.RST | Tcp.FIN | Tcp.ACK);
          String word =
              (flags & Tcp.RST) != 0
                  ? "rst"
                  : flags == (Tcp.SYN | Tcp.ACK) ? "syn-ack" : flags == Tcp.SYN ? "syn" : "tcp";
          yield word + " " + Tcp.destinationPort(b, 34);
        }
        case Ipv4.UDP -> "udp " + b.getUnsignedShort(36);
        default -> "icmp " + b.getUnsignedByte(34) + "/" + b.getUnsignedByte(35);
      };
    }
  }
}
