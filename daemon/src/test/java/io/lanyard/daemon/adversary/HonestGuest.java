package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lanyard.linux.NetworkNamespace;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A guest that does what guests do, with the Linux stack of its namespace. An attempt fails when a
 * person who waits for it would give up.
 */
final class HonestGuest {
  /** Of each kind. */
  static final int TRIES = 20;

  private static final int WAIT_MILLIS = 10_000;
  private static final int TRANSFER_MILLIS = 15_000;
  private static final Pattern RECEIVED = Pattern.compile("(\\d+) packets received");
  private static final Pattern TIME = Pattern.compile("time=([0-9.]+) ms");

  /**
   * The successes of a round.
   *
   * @param connects TCP connections that were made, used and closed, of {@link #TRIES}
   * @param pings echo requests to the world that were answered, likewise
   * @param answers DNS questions that were answered, likewise
   * @param transferred bytes of {@link World#BYTES}
   * @param offered whether DHCP offers an address to a machine that is new
   * @param pingMillis the median time of a ping
   */
  record Success(
      int connects, int pings, int answers, int transferred, boolean offered, double pingMillis) {
    /** Whether each kind has succeeded for at least so many in a hundred. */
    boolean isAtLeast(int percent) {
      return 100 * connects >= percent * TRIES
          && 100 * pings >= percent * TRIES
          && 100 * answers >= percent * TRIES
          && transferred == World.BYTES
          && offered;
    }
  }

  private final String namespace;
  private final InetSocketAddress gateway;
  private int questions;
  private int machines;

  HonestGuest(String namespace, String gateway) {
    this.namespace = namespace;
    this.gateway = new InetSocketAddress(gateway, 53);
  }

  /** Does everything once through. Blocks. */
  Success work() throws IOException {
    return NetworkNamespace.run(
        namespace,
        () -> {
          Process ping = startPings();
          int answers = 0;
          int connects = 0;
          for (int i = 0; i < TRIES; i++) {
            answers += resolves() ? 1 : 0;
            connects += connects() ? 1 : 0;
          }
          boolean offered = isOffered();
          int transferred = transfer();
          String said = new String(ping.getInputStream().readAllBytes(), UTF_8);
          Matcher received = RECEIVED.matcher(said);
          double[] times =
              TIME.matcher(said)
                  .results()
                  .mapToDouble(r -> Double.parseDouble(r.group(1)))
                  .sorted()
                  .toArray();
          return new Success(
              connects,
              received.find() ? Integer.parseInt(received.group(1)) : 0,
              answers,
              transferred,
              offered,
              times.length == 0 ? Double.NaN : times[times.length / 2]);
        });
  }

  private static Process startPings() throws IOException {
    return new ProcessBuilder(
            "busybox", // that of iputils does not wait for the last answers
            "ping",
            "-c",
            String.valueOf(TRIES),
            "-i",
            "0.02",
            "-W",
            "2",
            Ipv4.format(World.ADDRESS))
        .redirectErrorStream(true)
        .start();
  }

  private static boolean connects() {
    try (Socket socket = new Socket()) {
      socket.connect(world(World.ECHO), WAIT_MILLIS);
      socket.setSoTimeout(WAIT_MILLIS);
      socket.getOutputStream().write(42);
      return socket.getInputStream().read() == 42;
    } catch (IOException e) {
      return false;
    }
  }

  private static InetSocketAddress world(int port) {
    return new InetSocketAddress(Ipv4.format(World.ADDRESS), port);
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
    try (DatagramSocket socket = new DatagramSocket(68)) {
      socket.setBroadcast(true);
      long machine = 0x02cc_0000_0000L + ++machines;
      ByteBuf discover = Forgery.dhcpMessage(machine, 1, 0, 0);
      socket.send(
          new DatagramPacket(
              discover.array(),
              discover.readableBytes(),
              InetAddress.getByName("255.255.255.255"),
              67));
      socket.setSoTimeout(WAIT_MILLIS);
      byte[] answer = new byte[1500];
      // Those of others are broadcast as well.
      for (int i = 0; i < 1000; i++) {
        socket.receive(new DatagramPacket(answer, answer.length));
        if (answer[242] == 2 && answer[33] == (byte) machine) {
          return true;
        }
      }
      return false;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  private static int transfer() {
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
