package io.lanyard.dns;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A connection to the host's message bus that reads properties, and has a limit of time for all
 * that it does.
 *
 * <p>Thread: one at a time, which it blocks.
 */
final class SystemBus implements AutoCloseable {
  private static final String BUS = "org.freedesktop.DBus";

  /** Who connects is known to the bus from the socket (SASL's EXTERNAL, without a name). */
  private static final String LOGIN = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

  /** Lines of the login, and messages that are no answers, before the bus is taken for a fault. */
  private static final int MOST_STRANGE = 64;

  private static final int LONGEST_LINE = 512;

  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final long deadline;
  private int serial;

  /**
   * An error that the bus, or who was called, has answered.
   *
   * <p>Immutable.
   */
  static final class BusException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String name;

    BusException(String name, String what) {
      super(what + ": " + name);
      this.name = name;
    }

    /** Whether nobody has the name that was called. */
    boolean isAbsent() {
      return name.equals(BUS + ".Error.ServiceUnknown")
          || name.equals(BUS + ".Error.NameHasNoOwner");
    }
  }

  /**
   * Connects.
   *
   * @param timeout for all calls together
   */
  SystemBus(Path socket, Duration timeout) throws IOException {
    deadline = System.nanoTime() + timeout.toNanos();
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      selector = Selector.open();
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
    key = channel.register(selector, SelectionKey.OP_READ);
    try {
      send(LOGIN.getBytes(StandardCharsets.US_ASCII));
      awaitLogin();
      call(BUS, "/org/freedesktop/DBus", BUS, "Hello", "");
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Reads a property.
   *
   * @param types its types
   * @return the answer, to be read from the property's first byte
   */
  BusMessage property(String destination, String path, String iface, String name, String types)
      throws IOException {
    BusMessage answer = call(destination, path, BUS + ".Properties", "Get", "ss", iface, name);
    String its = answer.types().equals("v") ? answer.signature() : answer.types();
    if (!its.equals(types)) {
      throw new IOException("the property " + name + " is of types " + its + ", not " + types);
    }
    return answer;
  }

  /** Calls a method. */
  BusMessage call(
      String destination,
      String path,
      String iface,
      String member,
      String signature,
      Object... arguments)
      throws IOException {
    serial++;
    send(BusMessage.call(serial, destination, path, iface, member, signature, arguments));
    for (int strange = 0; strange < MOST_STRANGE; strange++) {
      BusMessage answer = receive();
      if (answer != null && answer.replyTo() == serial) {
        if (!answer.error().isEmpty()) {
          throw new BusException(answer.error(), iface + "." + member + " of " + destination);
        }
        return answer;
      }
    }
    throw new IOException("no answer to " + iface + "." + member);
  }

  private @Nullable BusMessage receive() throws IOException {
    byte[] prefix = new byte[BusMessage.PREFIX];
    read(ByteBuffer.wrap(prefix));
    byte[] message = new byte[BusMessage.length(prefix)];
    System.arraycopy(prefix, 0, message, 0, prefix.length);
    read(ByteBuffer.wrap(message, prefix.length, message.length - prefix.length));
    return BusMessage.answer(message);
  }

  private void awaitLogin() throws IOException {
    for (int n = 0; n < MOST_STRANGE; n++) {
      String line = line();
      if (line.startsWith("OK ")) {
        return;
      }
      if (!line.equals("DATA")) {
        throw new IOException("the message bus does not let us in: " + line);
      }
    }
    throw new IOException("the message bus does not let us in");
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (line.length() < LONGEST_LINE) {
      read(one.clear());
      char c = (char) (one.get(0) & 127);
      if (c == '\n') {
        break;
      }
      line.append(c);
    }
    return line.toString().strip();
  }

  private void send(byte[] bytes) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(bytes);
    while (left.hasRemaining()) {
      if (channel.write(left) == 0) {
        await(SelectionKey.OP_WRITE);
      }
    }
  }

  private void read(ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      int read = channel.read(into);
      if (read < 0) {
        throw new EOFException("the message bus has closed the connection");
      }
      if (read == 0) {
        await(SelectionKey.OP_READ);
      }
    }
  }

  private void await(int operation) throws IOException {
    long left = (deadline - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      throw new SocketTimeoutException("the message bus does not answer in time");
    }
    key.interestOps(operation);
    selector.selectedKeys().clear();
    selector.select(left);
  }

  @Override
  public void close() throws IOException {
    try {
      selector.close();
    } finally {
      channel.close();
    }
  }
}
