package io.lanyard.daemon.adversary;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketTimeoutException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The DHCP clients of an honest guest's machines, of both versions, which ask again as clients do.
 *
 * <p>Each machine has a MAC address of its own: with IPv4 its frames come from that, as a lease is
 * given back by its own client alone. Answers come by the sockets of the guest's namespace, in
 * which every method is to be called.
 */
final class LeaseClient implements AutoCloseable {
  private static final int DISCOVER = 1;
  private static final int OFFER = 2;
  private static final int REQUEST = 3;
  private static final int ACK = 5;
  private static final int RELEASE = 7;
  private static final String DEVICE = "t0";

  /** A client asks again after this time, as udhcpc does. */
  private static final long REPEAT_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** An exchange has failed that takes longer. */
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);

  /**
   * A lease of IPv4.
   *
   * @param mac the client's MAC address
   * @param address its address
   */
  record Lease(long mac, int address) {}

  private final Address server;
  private final RawPort port;
  private final Forgery frames;

  /** Clients of a network's server. */
  LeaseClient(String namespace, Address server) throws IOException {
    this.server = server;
    port = new RawPort(PacketEnd.sender(namespace, DEVICE));
    frames = new Forgery(port, Family.IPV4);
  }

  /** The MAC address of a machine that is new. */
  static long machine(int number) {
    return 0x02cc_0000_0000L + number;
  }

  /** Whether a machine that is new gets a lease; it gives it back, so that the pool lasts. */
  boolean isServed(long mac) throws IOException {
    return server.isIpv4() ? isServed4(mac) : isServed6(mac);
  }

  private boolean isServed4(long mac) throws IOException {
    try (Exchange exchange = new Exchange(68)) {
      int leased = lease(exchange, mac);
      if (leased != 0) {
        send(mac, Forgery.dhcpMessage(mac, RELEASE, leased, 0));
      }
      return leased != 0;
    }
  }

  private static boolean isServed6(long mac) throws IOException {
    try (Exchange exchange = new Exchange(546)) {
      Dhcp6.Lease offered = ask6(exchange, mac, Dhcp6.solicit(mac, false), Dhcp6.ADVERTISE);
      if (offered == null) {
        return false;
      }
      ByteBuf request = Dhcp6.about(Dhcp6.REQUEST, offered);
      Dhcp6.Lease leased = ask6(exchange, mac, request, Dhcp6.REPLY);
      if (leased == null) {
        return false;
      }
      exchange.send(Dhcp6.about(Dhcp6.RELEASE, leased));
      return leased.address().equals(offered.address());
    }
  }

  /** Gets a lease for the guest's own NIC. */
  Lease lease() throws IOException {
    try (Exchange exchange = new Exchange(68)) {
      return new Lease(ownMac(), lease(exchange, ownMac()));
    }
  }

  /** Gets a lease of an IPv6 address for the guest's own NIC. */
  static Dhcp6.Lease lease6() throws IOException {
    try (Exchange exchange = new Exchange(546)) {
      ByteBuf solicit = Dhcp6.solicit(ownMac(), true);
      return Objects.requireNonNull(
          ask6(exchange, ownMac(), solicit, Dhcp6.REPLY), "DHCPv6 gave no lease");
    }
  }

  private static long ownMac() throws IOException {
    long mac = 0;
    for (byte octet : NetworkInterface.getByName(DEVICE).getHardwareAddress()) {
      mac = mac << 8 | (octet & 0xff);
    }
    return mac;
  }

  private void send(long mac, ByteBuf message) {
    frames.dhcp(mac, message);
    port.send();
  }

  /** The address that a client is offered and then given; 0 for none. */
  private int lease(Exchange exchange, long mac) throws IOException {
    int offered = ask(exchange, mac, DISCOVER, 0, OFFER);
    return offered != 0 && ask(exchange, mac, REQUEST, offered, ACK) == offered ? offered : 0;
  }

  /** Asks the DHCP server; the address that it answers with, 0 if it does not. */
  private int ask(Exchange exchange, long mac, int type, int requested, int expected)
      throws IOException {
    ByteBuf message = Forgery.dhcpMessage(mac, type, 0, requested, server.ipv4());
    Integer address =
        exchange.ask(
            () -> send(mac, message),
            answer ->
                answer.getByte(242) == expected && Ethernet.mac(answer, 28) == mac
                    ? answer.getInt(16)
                    : null);
    return address == null ? 0 : address;
  }

  /** Asks the DHCPv6 server; the lease that it answers with, null if it does not. */
  private static Dhcp6.@Nullable Lease ask6(
      Exchange exchange, long mac, ByteBuf message, int expected) throws IOException {
    return exchange.ask(() -> exchange.send(message), answer -> Dhcp6.read(answer, expected, mac));
  }

  @Override
  public void close() throws IOException {
    port.close();
  }

  private interface Question {
    void ask() throws IOException;
  }

  private interface Reader<T> {
    /** Reads an answer; null where it is another client's, or no answer. */
    @Nullable T read(ByteBuf answer);
  }

  /** A client's socket, while it asks for a lease. */
  private static final class Exchange implements AutoCloseable {
    private final DatagramSocket socket;
    private final DatagramPacket packet = new DatagramPacket(new byte[1500], 1500);
    private final long deadline = System.nanoTime() + LONGEST_NANOS;

    Exchange(int port) throws IOException {
      socket = new DatagramSocket(port);
    }

    /** Sends a message to the DHCPv6 servers. */
    void send(ByteBuf message) throws IOException {
      int device = NetworkInterface.getByName(DEVICE).getIndex();
      InetAddress servers =
          Inet6Address.getByAddress(null, Ipv6Forgery.DHCP_SERVERS.toBytes(), device);
      socket.send(new DatagramPacket(message.array(), message.readableBytes(), servers, 547));
    }

    /** Asks until there is an answer; null if there is none in time. */
    <T> @Nullable T ask(Question question, Reader<T> reader) throws IOException {
      T answer = null;
      while (answer == null && deadline - System.nanoTime() > 0) {
        question.ask();
        answer = await(Math.min(System.nanoTime() + REPEAT_NANOS, deadline), reader);
      }
      return answer;
    }

    private <T> @Nullable T await(long until, Reader<T> reader) throws IOException {
      T answer = null;
      long left = until - System.nanoTime();
      while (answer == null && left > 0) {
        socket.setSoTimeout((int) TimeUnit.NANOSECONDS.toMillis(left) + 1);
        packet.setLength(1500);
        try {
          socket.receive(packet);
        } catch (SocketTimeoutException e) {
          return null;
        }
        answer = reader.read(Unpooled.wrappedBuffer(packet.getData(), 0, packet.getLength()));
        left = until - System.nanoTime();
      }
      return answer;
    }

    @Override
    public void close() {
      socket.close();
    }
  }
}
