package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lanyard.linux.NetworkNamespace;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A guest that does what guests do, with the Linux stack of its namespace. An attempt fails when a
 * person who waits for it would give up.
 */
final class HonestGuest {
  private static final int DISCOVER = 1;
  private static final int OFFER = 2;
  private static final int REQUEST = 3;
  private static final int ACK = 5;
  private static final int WAIT_MILLIS = 10_000;
  private static final int TRANSFER_MILLIS = 15_000;

  /** Between pings beside other work, in seconds. */
  private static final String CALM = "0.01";

  /** Between pings and nothing else. */
  private static final String QUICK = "0.002";

  private static final Pattern RECEIVED = Pattern.compile("(\\d+) packets received");
  private static final Pattern TIME = Pattern.compile("time=([0-9.]+) ms");

  /**
   * A lease of the guest's.
   *
   * @param mac the guest's MAC address
   * @param address its address; it uses another one, which it has without DHCP
   */
  record Lease(long mac, int address) {}

  private final String namespace;
  private final Family family;
  private final InetSocketAddress gateway;
  private int questions;
  private int machines;

  /** A guest that does all by one family. */
  HonestGuest(String namespace, Family family, Address gateway) {
    this.namespace = namespace;
    this.family = family;
    this.gateway = new InetSocketAddress(gateway.toInetAddress(), 53);
  }

  /** Does everything once through. Blocks. */
  Success work() throws IOException {
    return NetworkNamespace.run(
        namespace,
        () -> {
          Process ping = startPings(CALM);
          int answers = 0;
          int connects = 0;
          for (int i = 0; i < Success.TRIES; i++) {
            answers += resolves() ? 1 : 0;
            connects += connects() ? 1 : 0;
          }
          boolean offered = isOffered();
          int transferred = transfer();
          Pings pings = Pings.of(ping);
          return new Success(
              connects, pings.answered(), answers, transferred, offered, pings.median());
        });
  }

  /** Only pings the world. Blocks; answers with the median time in ms, NaN if none was answered. */
  double ping() throws IOException {
    return NetworkNamespace.run(namespace, () -> Pings.of(startPings(QUICK)).median());
  }

  /** The outcome of a series of pings. */
  private record Pings(int answered, double median) {
    static Pings of(Process ping) throws IOException {
      String said = new String(ping.getInputStream().readAllBytes(), UTF_8);
      Matcher received = RECEIVED.matcher(said);
      double[] times =
          TIME.matcher(said)
              .results()
              .mapToDouble(r -> Double.parseDouble(r.group(1)))
              .sorted()
              .toArray();
      return new Pings(
          received.find() ? Integer.parseInt(received.group(1)) : 0,
          times.length == 0 ? Double.NaN : times[times.length / 2]);
    }
  }

  private Process startPings(String interval) throws IOException {
    return new ProcessBuilder(
            "busybox", // that of iputils does not wait for the last answers
            "ping",
            family == Family.IPV4 ? "-4" : "-6",
            "-c",
            String.valueOf(Success.TRIES),
            "-i",
            interval,
            "-W",
            "2",
            family.world.toString())
        .redirectErrorStream(true)
        .start();
  }

  private boolean connects() {
    try (Socket socket = new Socket()) {
      socket.connect(world(World.ECHO), WAIT_MILLIS);
      socket.setSoTimeout(WAIT_MILLIS);
      socket.getOutputStream().write(42);
      return socket.getInputStream().read() == 42;
    } catch (IOException e) {
      return false;
    }
  }

  private InetSocketAddress world(int port) {
    return new InetSocketAddress(family.world.toInetAddress(), port);
  }

  private boolean resolves() throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      byte[] question = Forgery.question(7, "honest" + questions++ + World.FAST, 0);
      socket.connect(gateway);
      socket.send(new DatagramPacket(question, question.length));
      socket.setSoTimeout(WAIT_MILLIS);
      byte[] answer = new byte[512];
      socket.receive(new DatagramPacket(answer, answer.length));
      // No error, and an answer.
      return (answer[3] & 0xf) == 0 && answer[7] == 1;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  private boolean isOffered() throws IOException {
    long mac = 0x02cc_0000_0000L + ++machines;
    return family == Family.IPV4
        ? exchange(mac, DISCOVER, 0, OFFER) != 0
        : exchange6(mac, false, Dhcp6.ADVERTISE) != null;
  }

  private static long mac() throws IOException {
    long mac = 0;
    for (byte octet : NetworkInterface.getByName("t0").getHardwareAddress()) {
      mac = mac << 8 | (octet & 0xff);
    }
    return mac;
  }

  /** Gets a lease of an IPv6 address for its own NIC. */
  Dhcp6.Lease lease6() throws IOException {
    return NetworkNamespace.run(
        namespace,
        () -> Objects.requireNonNull(exchange6(mac(), true, Dhcp6.REPLY), "DHCPv6 gave no lease"));
  }

  /** Gets a lease for its own NIC. */
  Lease lease() throws IOException {
    return NetworkNamespace.run(
        namespace,
        () -> {
          long mac = mac();
          int offered = exchange(mac, DISCOVER, 0, OFFER);
          return new Lease(mac, exchange(mac, REQUEST, offered, ACK));
        });
  }

  /** Asks the DHCP server; the address that it answers with, 0 if it does not. */
  private static int exchange(long mac, int type, int requested, int expected) throws IOException {
    try (DatagramSocket socket = new DatagramSocket(68)) {
      socket.setBroadcast(true);
      ByteBuf message = Forgery.dhcpMessage(mac, type, 0, requested);
      socket.send(
          new DatagramPacket(
              message.array(),
              message.readableBytes(),
              InetAddress.getByName("255.255.255.255"),
              67));
      socket.setSoTimeout(WAIT_MILLIS);
      ByteBuf answer = Unpooled.buffer(1500, 1500);
      // Those of others are broadcast as well.
      for (int i = 0; i < 1000; i++) {
        socket.receive(new DatagramPacket(answer.array(), 1500));
        if (answer.getByte(242) == expected && Ethernet.mac(answer, 28) == mac) {
          return answer.getInt(16);
        }
      }
      return 0;
    } catch (SocketTimeoutException e) {
      return 0;
    }
  }

  /** Asks the DHCPv6 server; the address that it answers with, null if it does not. */
  private static Dhcp6.@Nullable Lease exchange6(long mac, boolean commits, int expected)
      throws IOException {
    try (DatagramSocket socket = new DatagramSocket(546)) {
      ByteBuf message = Dhcp6.solicit(mac, commits);
      InetAddress servers =
          Inet6Address.getByAddress(
              null,
              Ipv6Forgery.DHCP_SERVERS.toBytes(),
              NetworkInterface.getByName("t0").getIndex());
      socket.send(new DatagramPacket(message.array(), message.readableBytes(), servers, 547));
      socket.setSoTimeout(WAIT_MILLIS);
      DatagramPacket packet = new DatagramPacket(new byte[1500], 1500);
      for (int i = 0; i < 1000; i++) {
        socket.receive(packet);
        Dhcp6.Lease lease =
            Dhcp6.read(
                Unpooled.wrappedBuffer(packet.getData(), 0, packet.getLength()), expected, mac);
        if (lease != null) {
          return lease;
        }
      }
      return null;
    } catch (SocketTimeoutException e) {
      return null;
    }
  }

  private int transfer() {
    int bytes = 0;
    try (Socket socket = new Socket()) {
      socket.connect(world(World.SOURCE), WAIT_MILLIS);
      socket.setSoTimeout(TRANSFER_MILLIS);
      InputStream in = socket.getInputStream();
      byte[] block = new byte[1 << 16];
      for (int read = in.read(block); read > 0; read = in.read(block)) {
        bytes += read;
      }
    } catch (IOException e) {
      // Answers that came are the successes.
    }
    return bytes;
  }
}
