package io.lanyard.dns;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Section;

/** A name server, UDP and TCP on one port, that says what a test tells it to. */
final class FakeUpstream implements AutoCloseable {
  /** The server's answer. */
  interface Answer {
    @Nullable Message to(Message response);
  }

  private final DatagramSocket udp;
  private final ServerSocket tcp;
  private final Thread receiving;
  private final Thread accepting;
  final Queue<Message> queries = new ConcurrentLinkedQueue<>();

  /** Fills a response; null for silence. */
  volatile Answer answer = response -> response;

  /** Changes the bytes of an answer, for servers that lie; none end a connection. */
  volatile UnaryOperator<byte[]> bytes = wire -> wire;

  /** Whether a connection gets the length of an answer and nothing of the answer. */
  volatile Predicate<Message> stalls = response -> false;

  /** Whether a connection gets an answer twice, in one write. */
  volatile Predicate<Message> repeats = response -> false;

  /** Hears who has sent the datagram that is answered next. */
  volatile Consumer<SocketAddress> asker = from -> {};

  /** At a port of the loopback device that is free. */
  static FakeUpstream free() throws IOException {
    InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    DatagramSocket free = new DatagramSocket(new InetSocketAddress(loopback, 0));
    ServerSocket listening = listen(free, loopback);
    // What is free for UDP may be taken for TCP.
    for (int i = 0; listening == null; i++) {
      free.close();
      if (i == 20) {
        throw new BindException("no port that is free for UDP and for TCP");
      }
      free = new DatagramSocket(new InetSocketAddress(loopback, 0));
      listening = listen(free, loopback);
    }
    return new FakeUpstream(free, listening);
  }

  /** At an address and port of the thread's network namespace. */
  FakeUpstream(InetSocketAddress at) throws IOException {
    this(new DatagramSocket(at), new ServerSocket(at.getPort(), 50, at.getAddress()));
  }

  /** At a port of the loopback device that has something else, or nothing, for TCP. */
  static FakeUpstream datagramsAlone(int port) throws IOException {
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    return new FakeUpstream(
        new DatagramSocket(new InetSocketAddress(loopback, port)),
        new ServerSocket(0, 50, loopback));
  }

  private FakeUpstream(DatagramSocket udp, ServerSocket tcp) {
    this.udp = udp;
    this.tcp = tcp;
    receiving = Thread.ofVirtual().start(this::datagrams);
    accepting = Thread.ofVirtual().start(this::connections);
  }

  private static @Nullable ServerSocket listen(DatagramSocket like, InetAddress address)
      throws IOException {
    try {
      return new ServerSocket(like.getLocalPort(), 50, address);
    } catch (BindException e) {
      return null;
    }
  }

  int port() {
    return udp.getLocalPort();
  }

  private @Nullable Message respond(byte[] wire) throws IOException {
    Message query = new Message(wire);
    queries.add(query);
    Message response = new Message(query.getHeader().getID());
    response.getHeader().setFlag(Flags.QR);
    response.getHeader().setFlag(Flags.RA);
    for (int flag : new int[] {Flags.RD, Flags.CD, Flags.AD}) {
      if (query.getHeader().getFlag(flag)) {
        response.getHeader().setFlag(flag);
      }
    }
    response.addRecord(query.getQuestion(), Section.QUESTION);
    OPTRecord opt = query.getOPT();
    if (opt != null) {
      response.addRecord(new OPTRecord(1400, 0, 0, opt.getFlags()), Section.ADDITIONAL);
    }
    return answer.to(response);
  }

  private void datagrams() {
    byte[] buffer = new byte[4096];
    while (!udp.isClosed()) {
      try {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        udp.receive(packet);
        byte[] query = java.util.Arrays.copyOf(packet.getData(), packet.getLength());
        Message response = respond(query);
        if (response != null) {
          OPTRecord opt = response.getOPT();
          asker.accept(packet.getSocketAddress());
          byte[] wire = bytes.apply(response.toWire(opt == null ? 512 : 1232));
          udp.send(new DatagramPacket(wire, wire.length, packet.getSocketAddress()));
        }
      } catch (IOException e) {
        // The socket was closed: the loop's condition ends it.
      }
    }
  }

  private void connections() {
    while (!tcp.isClosed()) {
      try {
        Socket socket = tcp.accept();
        Thread.ofVirtual().start(() -> connection(socket));
      } catch (IOException e) {
        // As above.
      }
    }
  }

  private void connection(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true); // length and message are two segments
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      while (!tcp.isClosed()) {
        Message response = respond(in.readNBytes(in.readUnsignedShort()));
        if (response != null) {
          byte[] wire = bytes.apply(response.toWire());
          if (wire.length == 0) {
            return;
          }
          out.writeShort(wire.length);
          if (stalls.test(response)) {
            boolean _ = in.read() < 0;
            return;
          }
          out.write(repeats.test(response) ? twice(wire) : wire);
          out.flush();
        }
      }
    } catch (IOException e) {
      // The client went away.
    }
  }

  /** A message, and once more with its length. */
  private static byte[] twice(byte[] wire) {
    return ByteBuffer.allocate(2 * wire.length + 2)
        .put(wire)
        .putShort((short) wire.length)
        .put(wire)
        .array();
  }

  /** Closes the ports: a socket that a thread still waits for is there a moment longer. */
  @Override
  public void close() throws IOException {
    udp.close();
    tcp.close();
    long end = System.nanoTime() + 60_000_000_000L;
    while ((receiving.isAlive() || accepting.isAlive()) && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }
}
