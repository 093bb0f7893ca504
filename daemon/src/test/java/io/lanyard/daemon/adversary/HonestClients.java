package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lanyard.linux.NetworkNamespace;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;

/**
 * Honest clients of what the daemon serves on its host, in the world and with an address that no
 * attacker has: a collector of the metrics, and clients of the honest guest's forward.
 */
final class HonestClients implements AutoCloseable {
  /** Longer than what the flood of the forward sends: that gets no answer. */
  private static final byte[] QUESTION = "an honest client's question".getBytes(US_ASCII);

  private static final byte[] REQUEST =
      "GET /metrics HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n".getBytes(US_ASCII);

  /** A round that gets no answer at all must not outlast the attack. */
  private static final int WAIT_MILLIS = 2_000;

  /** A datagram may be lost, as any: it is sent again. */
  private static final int REPEAT_MILLIS = 2_000;

  private static final int REPEATS = 3;

  private final World world;

  /** The honest guest's server behind the forward. */
  private final DatagramSocket server;

  HonestClients(World world) throws IOException {
    this.world = world;
    server = NetworkNamespace.run(world.guestA, () -> new DatagramSocket(World.FORWARDED));
    Thread.ofPlatform().daemon(true).name("forwarded").start(this::answer);
  }

  private void answer() {
    DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
    try {
      while (true) {
        packet.setLength(2048);
        server.receive(packet);
        if (packet.getLength() == QUESTION.length) {
          server.send(packet);
        }
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  /**
   * The successes of a round.
   *
   * @param collected how often the metrics were got, of {@link Success#TRIES}
   * @param forwarded how many clients of the forward were answered, of as many
   */
  record Served(int collected, int forwarded) {
    /** A round without failure. */
    static final Served ALL = new Served(Success.TRIES, Success.TRIES);

    boolean isAtLeast(int percent) {
      return 100 * collected >= percent * Success.TRIES
          && 100 * forwarded >= percent * Success.TRIES;
    }
  }

  /** Does everything once through. Blocks. */
  Served work(Family family) throws IOException {
    return NetworkNamespace.run(
        world.world,
        () -> {
          int collected = 0;
          int forwarded = 0;
          for (int i = 0; i < Success.TRIES; i++) {
            collected += collects(family) ? 1 : 0;
            forwarded += isAnswered(family) ? 1 : 0;
          }
          return new Served(collected, forwarded);
        });
  }

  private static boolean collects(Family family) {
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(family.client.toInetAddress(), 0));
      socket.connect(at(family, World.METRICS), WAIT_MILLIS);
      socket.setSoTimeout(WAIT_MILLIS);
      socket.getOutputStream().write(REQUEST);
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      return answer.startsWith("HTTP/1.1 200 ") && answer.contains("lanyard_sockets_limit ");
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isAnswered(Family family) throws IOException {
    InetSocketAddress own = new InetSocketAddress(family.client.toInetAddress(), 0);
    try (DatagramSocket socket = new DatagramSocket(own)) {
      socket.setSoTimeout(REPEAT_MILLIS);
      for (int i = 0; i < REPEATS; i++) {
        socket.send(new DatagramPacket(QUESTION, QUESTION.length, at(family, World.FORWARDED)));
        try {
          socket.receive(new DatagramPacket(new byte[QUESTION.length], QUESTION.length));
          return true;
        } catch (SocketTimeoutException e) {
          // Once more.
        }
      }
      return false;
    }
  }

  private static InetSocketAddress at(Family family, int port) {
    return new InetSocketAddress(family.uplink.toInetAddress(), port);
  }

  @Override
  public void close() {
    server.close();
  }
}
