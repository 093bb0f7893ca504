package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lanyard.linux.NetworkNamespace;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A name server that gives every name one address of its own, 192.0.2.N, and those under {@link
 * World#SLOW} no answer.
 *
 * <p>Its thread ends when the server is closed.
 */
final class NameServer implements AutoCloseable {
  static final int PORT = 53;

  private final DatagramSocket socket;
  private final int last;

  /**
   * Begins to serve datagrams.
   *
   * @param namespace where
   * @param last the address's last byte
   */
  NameServer(String namespace, int last) throws IOException {
    this.last = last;
    socket = NetworkNamespace.run(namespace, () -> new DatagramSocket(new InetSocketAddress(PORT)));
    Thread.ofPlatform().daemon(true).name("names").start(this::serve);
  }

  private void serve() {
    byte[] buffer = new byte[2048];
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        byte[] answer = answer(buffer, last);
        if (answer != null) {
          socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  /** Answers the questions of a connection until the client ends it. */
  static void serve(Socket client, int last) throws IOException {
    DataInputStream in = new DataInputStream(client.getInputStream());
    DataOutputStream out = new DataOutputStream(client.getOutputStream());
    while (true) {
      byte[] answer = answer(in.readNBytes(in.readUnsignedShort()), last);
      if (answer != null) {
        out.writeShort(answer.length);
        out.write(answer);
      }
    }
  }

  /** The answer to a question, without what follows the question; null for none. */
  private static byte @Nullable [] answer(byte[] question, int last) {
    int end = 12;
    while (question[end] != 0) {
      end += question[end] + 1;
    }
    if (new String(question, 12, end - 12, UTF_8).contains("slow")) {
      return null;
    }
    byte[] answer = Arrays.copyOf(question, end + 5 + 16);
    answer[2] |= (byte) 0x84;
    answer[3] = (byte) 0x80;
    answer[7] = 1;
    Arrays.fill(answer, 8, 12, (byte) 0);
    byte[] record = {(byte) 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, (byte) 192, 0, 2, (byte) last};
    System.arraycopy(record, 0, answer, end + 5, record.length);
    return answer;
  }

  @Override
  public void close() {
    socket.close();
  }
}
