package io.lanyard.bench;

import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A guest made of bytes that opens and ends very many flows through a daemon's NAT, and measures
 * what of the daemon's memory stays.
 *
 * <p>Arguments: the stream socket of a port, the API's socket, the daemon's process number, flows
 * of each protocol. The network is 10.77.0.0/24 with {@code host-loopback}. Half of the flows are
 * TCP, each with 64 KiB to the guest, and 1,000 at a time; half are UDP with a datagram each way.
 * Prints resident megabytes before, at most, when the last flow has ended, and a while later.
 */
public final class FlowMemory {
  private static final long MAC = 0x5254_0000_0009L;
  private static final int GUEST = Ipv4.parse("10.77.0.9");
  private static final int HOST = Ipv4.parse("10.77.0.1");
  private static final int FIRST_PORT = 10_000;
  private static final int PORTS = 50_000;
  private static final int WAVE = 1000;
  private static final int ASKED = 100;
  private static final int ANSWERED = 64 << 10;
  private static final int SETTLE_SECONDS = 30;
  private static final Pattern FLOWS = Pattern.compile("\"flows\"\\s*:\\s*(\\d+)");

  private final SocketChannel port = SocketChannel.open(StandardProtocolFamily.UNIX);
  private final ServerSocket server = new ServerSocket(0, 4096, InetAddress.getLoopbackAddress());
  private final DatagramSocket echo =
      new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  private final Path api;
  private final Path memory;
  private final int[] next = new int[1 << 16];

  /** Bytes that the guest still expects, by its port; below zero once the flow is over. */
  private final int[] left = new int[1 << 16];

  private final AtomicInteger ended = new AtomicInteger();
  private final AtomicInteger echoed = new AtomicInteger();
  private volatile long router;
  private long most;

  private FlowMemory(Path socket, Path api, String process) throws IOException {
    this.api = api;
    memory = Path.of("/proc", process, "statm");
    port.connect(UnixDomainSocketAddress.of(socket));
  }

  /**
   * Runs it.
   *
   * @param arguments see above
   * @throws Exception if the daemon is not there
   */
  public static void main(String[] arguments) throws Exception {
    FlowMemory run = new FlowMemory(Path.of(arguments[0]), Path.of(arguments[1]), arguments[2]);
    run.measure(Integer.parseInt(arguments[3]));
    System.exit(0);
  }

  private void measure(int flows) throws Exception {
    Thread.ofPlatform().daemon().start(() -> quietly(this::serveStreams));
    Thread.ofPlatform().daemon().start(() -> quietly(this::serveDatagrams));
    Thread.ofPlatform().daemon().start(() -> quietly(this::readFrames));
    send(arp(Arp.REQUEST, Ethernet.BROADCAST, HOST));
    await(() -> router != 0, 10);
    // The code is warm, and everything that is made once is made.
    int warm = Math.min(flows, WAVE);
    streams(FIRST_PORT, warm);
    datagrams(FIRST_PORT, warm);
    await(() -> flows() == 0, 300);
    long before = settled();
    for (int done = warm; done < flows + warm; done += WAVE) {
      streams(FIRST_PORT + done % PORTS, Math.min(WAVE, flows + warm - done));
      most = Math.max(most, resident());
    }
    int streamed = ended.get() - warm;
    for (int done = warm; done < flows + warm; done += WAVE) {
      datagrams(FIRST_PORT + done % PORTS, Math.min(WAVE, flows + warm - done));
      most = Math.max(most, resident());
    }
    await(() -> flows() == 0, 300);
    long after = resident();
    long later = settled();
    System.err.printf("%d connections, %d datagrams%n", streamed, echoed.get() - warm);
    System.out.printf("%d %d %d %d%n", before >> 20, most >> 20, after >> 20, later >> 20);
  }

  /** One wave of connections, to their ends. */
  private void streams(int first, int count) throws Exception {
    int before = ended.get();
    for (int i = 0; i < count; i++) {
      segment(first + i, 1000, 0, Tcp.SYN, 0);
    }
    await(() -> ended.get() - before >= count, 60);
  }

  private void datagrams(int first, int count) throws Exception {
    int before = echoed.get();
    for (int i = 0; i < count; i++) {
      ByteBuf frame = frame(router, Ipv4.UDP, Udp.HEADER_LENGTH + ASKED);
      Udp.write(frame, 34, first + i, echo.getLocalPort(), Udp.HEADER_LENGTH + ASKED);
      frame.setShort(40, 0);
      send(frame);
      if (i % 100 == 99) {
        int sent = i + 1;
        await(() -> echoed.get() - before >= sent, 2);
      }
    }
    await(() -> echoed.get() - before >= count, 5);
  }

  // --- The guest

  private static ByteBuf frame(long to, int protocol, int length) {
    ByteBuf frame = Unpooled.buffer(34 + length).writeZero(34 + length);
    Ethernet.write(frame, 0, to, MAC, Ethernet.TYPE_IPV4);
    Ipv4.write(frame, 14, 20 + length, 1, 0, 64, protocol, GUEST, HOST);
    return frame;
  }

  private static ByteBuf arp(int operation, long to, int target) {
    ByteBuf frame = Unpooled.buffer(42).writeZero(42);
    Ethernet.write(frame, 0, to, MAC, Ethernet.TYPE_ARP);
    Arp.write(frame, 14, operation, MAC, GUEST, to, target);
    return frame;
  }

  private void segment(int from, int seq, int ack, int flags, int payload) throws IOException {
    int length = Tcp.HEADER_LENGTH + payload;
    ByteBuf frame = frame(router, Ipv4.TCP, length);
    frame.setShort(34, from);
    frame.setShort(36, server.getLocalPort());
    frame.setInt(38, seq);
    frame.setInt(42, ack);
    frame.setInt(46, 5 << 28 | flags << 16 | 65535);
    long sum = Checksum.pseudo4(GUEST, HOST, Ipv4.TCP, length) + Checksum.sum(frame, 34, length);
    frame.setShort(50, Checksum.finish(sum));
    send(frame);
  }

  private void send(ByteBuf frame) throws IOException {
    int length = frame.readableBytes();
    ByteBuffer framed = ByteBuffer.allocate(4 + length).putInt(length);
    frame.readBytes(framed);
    framed.flip();
    synchronized (this) {
      while (framed.hasRemaining()) {
        port.write(framed);
      }
    }
  }

  private void readFrames() throws IOException {
    InputStream in = new java.io.BufferedInputStream(Channels.newInputStream(port), 1 << 16);
    byte[] head = new byte[4];
    while (in.readNBytes(head, 0, 4) == 4) {
      ByteBuf frame = Unpooled.wrappedBuffer(in.readNBytes(ByteBuffer.wrap(head).getInt()));
      if (Ethernet.type(frame, 0) == Ethernet.TYPE_ARP) {
        takeArp(frame);
      } else if (Ipv4.protocol(frame, 14) == Ipv4.UDP) {
        echoed.incrementAndGet();
      } else if (Ipv4.protocol(frame, 14) == Ipv4.TCP) {
        takeSegment(frame);
      }
    }
  }

  private void takeArp(ByteBuf frame) throws IOException {
    if (Arp.operation(frame, 14) == Arp.REQUEST) {
      send(arp(Arp.REPLY, Ethernet.mac(frame, 6), Arp.senderAddress(frame, 14)));
    } else {
      router = Ethernet.mac(frame, 6);
    }
  }

  private void takeSegment(ByteBuf frame) throws IOException {
    int own = Tcp.destinationPort(frame, 34);
    int seq = frame.getInt(38);
    int flags = Tcp.flags(frame, 34);
    int payload = Ipv4.totalLength(frame, 14) - 20 - (frame.getUnsignedByte(46) >>> 4 << 2);
    int sent = 1001 + ASKED;
    if ((flags & Tcp.SYN) != 0) {
      next[own] = seq + 1;
      left[own] = ANSWERED;
      segment(own, 1001, seq + 1, Tcp.ACK | Tcp.PSH, ASKED);
    } else if ((flags & Tcp.RST) == 0 && (payload > 0 || (flags & Tcp.FIN) != 0)) {
      if (seq == next[own] && left[own] >= 0) {
        next[own] += payload;
        left[own] -= payload;
        if ((flags & Tcp.FIN) != 0) {
          next[own]++;
          left[own] = -1;
          ended.incrementAndGet();
        }
      }
      boolean all = left[own] <= 0;
      int from = left[own] < 0 ? sent + 1 : sent;
      segment(own, from, next[own], all && from == sent ? Tcp.ACK | Tcp.FIN : Tcp.ACK, 0);
    }
  }

  // --- The servers

  private void serveStreams() throws IOException {
    while (true) {
      Socket client = server.accept();
      Thread.ofVirtual().start(() -> quietly(() -> serve(client)));
    }
  }

  private static void serve(Socket client) throws IOException {
    try (client;
        InputStream in = client.getInputStream();
        OutputStream out = client.getOutputStream()) {
      in.readNBytes(ASKED);
      out.write(new byte[ANSWERED]);
      in.readAllBytes();
    }
  }

  private void serveDatagrams() throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
    while (true) {
      echo.receive(packet);
      echo.send(packet);
    }
  }

  private interface Task {
    void run() throws IOException;
  }

  private static void quietly(Task task) {
    try {
      task.run();
    } catch (SocketException e) {
      // The daemon has reset it: it is not counted as ended, or it is over.
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  // --- What is measured

  private long resident() throws IOException {
    return Long.parseLong(Files.readString(memory).split(" ", -1)[1]) * 4096;
  }

  private long settled() throws Exception {
    TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
    return resident();
  }

  private int flows() throws IOException {
    try (SocketChannel asking = SocketChannel.open(UnixDomainSocketAddress.of(api))) {
      String request = "GET /v1/networks HTTP/1.1\r\nHost: lanyard\r\nConnection: close\r\n\r\n";
      asking.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
      String answer =
          new String(Channels.newInputStream(asking).readAllBytes(), StandardCharsets.UTF_8);
      Matcher found = FLOWS.matcher(answer);
      return found.find() ? Integer.parseInt(found.group(1)) : -1;
    }
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  /** Waits until something holds, or gives up: what is lost shows in the counts. */
  private static void await(Condition condition, int seconds) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!condition.holds() && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }
}
