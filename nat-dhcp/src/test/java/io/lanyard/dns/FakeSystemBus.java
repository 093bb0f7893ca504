package io.lanyard.dns;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A message bus on which systemd-resolved runs, as far as its properties go. It writes what it
 * sends with code of its own, in either order of bytes.
 */
final class FakeSystemBus implements AutoCloseable {
  /** A server of a link. */
  record Server(int link, String address, int port, String name) {}

  /** A domain of a link. */
  record Domain(int link, String name, boolean routesAlone) {}

  final List<Server> servers = new CopyOnWriteArrayList<>();
  final List<Domain> domains = new CopyOnWriteArrayList<>();

  /** Whether links' servers are asked over TLS; {@code no} unless said. */
  final Map<Integer, String> tls = new ConcurrentHashMap<>();

  final AtomicInteger connections = new AtomicInteger();

  /** Whether systemd-resolved runs. */
  volatile boolean runs = true;

  /** Whether nothing is answered. */
  volatile boolean silent;

  volatile ByteOrder order = ByteOrder.LITTLE_ENDIAN;
  private final ServerSocketChannel listening;
  private final List<SocketChannel> open = new CopyOnWriteArrayList<>();

  FakeSystemBus(Path socket) throws IOException {
    listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listening.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofVirtual().start(this::accept);
  }

  private void accept() {
    while (listening.isOpen()) {
      try {
        SocketChannel made = listening.accept();
        open.add(made);
        Thread.ofVirtual().start(() -> serve(made));
      } catch (IOException e) {
        // It was closed: the loop's condition ends it.
      }
    }
  }

  private void serve(SocketChannel client) {
    try (client) {
      connections.incrementAndGet();
      DataInputStream in = new DataInputStream(Channels.newInputStream(client));
      OutputStream out = Channels.newOutputStream(client);
      if (in.readByte() != 0) {
        throw new IOException("no credentials");
      }
      expect(in, "AUTH EXTERNAL");
      expect(in, "DATA");
      expect(in, "BEGIN");
      if (!silent) {
        out.write(ascii("DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n"));
      }
      while (true) {
        answer(in, out);
      }
    } catch (EOFException e) {
      // The client has read what it wanted.
    } catch (IOException e) {
      if (client.isOpen()) {
        throw new AssertionError(e);
      }
    }
  }

  private static void expect(DataInputStream in, String line) throws IOException {
    StringBuilder read = new StringBuilder();
    while (!read.toString().endsWith("\r\n")) {
      read.append((char) in.readByte());
    }
    if (!read.toString().strip().equals(line)) {
      throw new IOException("said " + read);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private void answer(DataInputStream in, OutputStream out) throws IOException {
    byte[] head = new byte[16];
    in.readFully(head);
    ByteBuffer said = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    if (head[0] != 'l' || head[1] != 1 || head[2] != 2) {
      throw new IOException("no call that starts nothing");
    }
    byte[] rest = new byte[(said.getInt(12) + 7) / 8 * 8 + said.getInt(4)];
    in.readFully(rest);
    String text = new String(rest, StandardCharsets.US_ASCII);
    int serial = said.getInt(8);
    if (silent) {
      return;
    }
    if (text.contains("Hello")) {
      out.write(message(2, serial, "s", new Bytes(order).text(":1.7")));
      out.write(message(4, 0, "s", new Bytes(order).text(":1.7"))); // The signal NameAcquired.
    } else if (!runs) {
      out.write(message(3, serial, "s", new Bytes(order).text("it is not there")));
    } else {
      property(text, serial, rest, out);
    }
  }

  private void property(String text, int serial, byte[] rest, OutputStream out) throws IOException {
    Bytes value = new Bytes(order);
    if (text.contains("GetLink")) {
      int link = ByteBuffer.wrap(rest).order(ByteOrder.LITTLE_ENDIAN).getInt(rest.length - 4);
      value.text("/org/freedesktop/resolve1/link/_3" + link);
      out.write(message(2, serial, "o", value));
      return;
    }
    if (text.contains("DNSOverTLS")) {
      int at = text.indexOf("link/_3");
      int link = at < 0 ? 0 : text.charAt(at + 7) - '0';
      value.types("s").text(tls.getOrDefault(link, "no"));
    } else if (text.contains("DNSEx")) {
      Bytes each = new Bytes(order);
      for (Server server : servers) {
        byte[] address = InetAddress.ofLiteral(server.address()).getAddress();
        each.align(8).number(server.link()).number(address.length == 4 ? 2 : 10);
        each.number(address.length).octets(address).shortNumber(server.port()).text(server.name());
      }
      value.types("a(iiayqs)").array(each);
    } else {
      Bytes each = new Bytes(order);
      for (Domain domain : domains) {
        each.align(8).number(domain.link()).text(domain.name());
        each.number(domain.routesAlone() ? 1 : 0);
      }
      value.types("a(isb)").array(each);
    }
    out.write(message(2, serial, "v", value));
  }

  private byte[] message(int type, int replyTo, String types, Bytes body) {
    Bytes fields = new Bytes(order);
    if (type == 3) {
      fields.octets(new byte[] {4}).types("s");
      fields.text("org.freedesktop.DBus.Error.ServiceUnknown").align(8);
    }
    if (replyTo != 0) {
      fields.octets(new byte[] {5}).types("u").number(replyTo).align(8);
    }
    fields.octets(new byte[] {8}).types("g").types(types);
    Bytes all = new Bytes(order);
    all.octets(new byte[] {(byte) (order == ByteOrder.LITTLE_ENDIAN ? 'l' : 'B')});
    all.octets(new byte[] {(byte) type, 1, 1});
    all.number(body.size()).number(1).number(fields.size());
    return all.octets(fields.bytes()).align(8).octets(body.bytes()).bytes();
  }

  /** Bytes as D-Bus writes them. */
  private static final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteOrder order;

    Bytes(ByteOrder order) {
      this.order = order;
    }

    Bytes align(int to) {
      while (out.size() % to != 0) {
        out.write(0);
      }
      return this;
    }

    Bytes number(int value) {
      align(4);
      return octets(ByteBuffer.allocate(4).order(order).putInt(value).array());
    }

    Bytes shortNumber(int value) {
      align(2);
      return octets(ByteBuffer.allocate(2).order(order).putShort((short) value).array());
    }

    Bytes octets(byte[] octets) {
      out.writeBytes(octets);
      return this;
    }

    Bytes text(String text) {
      return number(text.length()).octets(ascii(text)).octets(new byte[1]);
    }

    Bytes types(String types) {
      return octets(new byte[] {(byte) types.length()}).octets(ascii(types)).octets(new byte[1]);
    }

    Bytes array(Bytes elements) {
      return number(elements.size()).align(8).octets(elements.bytes());
    }

    int size() {
      return out.size();
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (SocketChannel each : new ArrayList<>(open)) {
      each.close();
    }
  }
}
