package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lanyard.linux.NetworkNamespace;
import io.lanyard.net.Address;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A guest that does what guests do, with the Linux stack of its namespace. An attempt fails when a
 * person who waits for it would give up.
 */
final class HonestGuest implements AutoCloseable {
  private static final int WAIT_MILLIS = 10_000;
  private static final int TRANSFER_MILLIS = 15_000;

  /** Between pings beside other work, in seconds. */
  private static final String CALM = "0.01";

  /** Between pings and nothing else. */
  private static final String QUICK = "0.002";

  private static final Pattern RECEIVED = Pattern.compile("(\\d+) packets received");
  private static final Pattern TIME = Pattern.compile("time=([0-9.]+) ms");

  private final String namespace;
  private final Family family;
  private final InetSocketAddress gateway;
  private final LeaseClient leases;
  private int questions;
  private int machines;

  /** A guest that does all by one family. */
  HonestGuest(String namespace, Family family, Address gateway) throws IOException {
    this.namespace = namespace;
    this.family = family;
    this.leases = new LeaseClient(namespace, gateway);
    this.gateway = new InetSocketAddress(gateway.toInetAddress(), 53);
  }

  /** Does everything once through, after an earlier round. Blocks. */
  synchronized Success work() throws IOException {
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
          boolean leased = leases.isServed(LeaseClient.machine(++machines));
          int transferred = transfer();
          Pings pings = Pings.of(ping);
          return new Success(
              connects, pings.answered(), answers, transferred, leased, pings.median());
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
            "5",
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

  /** Gets a lease for its own NIC, which goes on with the address that it has without DHCP. */
  LeaseClient.Lease lease() throws IOException {
    return NetworkNamespace.run(namespace, leases::lease);
  }

  /** Gets a lease of an IPv6 address for its own NIC. */
  Dhcp6.Lease lease6() throws IOException {
    return NetworkNamespace.run(namespace, LeaseClient::lease6);
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

  @Override
  public void close() throws IOException {
    leases.close();
  }
}
