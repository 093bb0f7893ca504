package io.lanyard.qemu;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A connection to QEMU's monitor (QEMU {@code docs/interop/qmp-spec.rst}): a greeting, the
 * negotiation, then commands with their replies, and events between them, each a line of JSON.
 *
 * <p>A line longer than {@value #LONGEST_MESSAGE} bytes, or one that is no JSON, closes the
 * connection. A reply that does not come within {@value #REPLY_MILLIS} ms fails its command alone;
 * it is thrown away when it comes.
 *
 * <p>Thread: any. The listener is called by the one thread that reads, which must not wait for a
 * reply.
 */
final class Qmp implements AutoCloseable {
  /** Replies to what is asked here have some hundred bytes. */
  static final int LONGEST_MESSAGE = 1 << 20;

  static final int REPLY_MILLIS = 5000;

  private static final String RETURN = "return";

  /** Hears what QEMU tells unasked. */
  interface Listener {
    /**
     * Hears of an event.
     *
     * @param name the event's name, such as {@code SHUTDOWN}
     * @param data its data, empty for none
     */
    void onEvent(String name, Map<?, ?> data);

    /** Hears that the connection is over. Nothing comes after that. */
    void onEnd();
  }

  private final SocketChannel channel;
  private final Listener listener;
  private final ReentrantLock writing = new ReentrantLock();
  private final AtomicLong ids = new AtomicLong();
  private final Map<Long, CompletableFuture<Map<?, ?>>> awaited = new ConcurrentHashMap<>();
  private final CompletableFuture<Map<?, ?>> greeting = new CompletableFuture<>();

  private Qmp(SocketChannel channel, Listener listener) {
    this.channel = channel;
    this.listener = listener;
  }

  /**
   * Connects to a monitor that listens.
   *
   * @param socket its path
   * @param name for the thread
   * @return ready for commands
   * @throws IOException if nobody listens there, or it does not answer as QEMU does
   */
  static Qmp connect(Path socket, String name, Listener listener) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    Qmp qmp = new Qmp(channel, listener);
    Thread.ofVirtual().name("qmp-" + name).start(qmp::read);
    boolean done = false;
    try {
      if (!await("greeting", qmp.greeting).containsKey("QMP")) {
        throw new QmpException("the greeting is not QEMU's");
      }
      var _ = qmp.execute("qmp_capabilities", Map.of());
      done = true;
      return qmp;
    } finally {
      if (!done) {
        qmp.close();
      }
    }
  }

  /**
   * Does a command.
   *
   * @param command its name
   * @param arguments empty for none
   * @return what it returns; empty if that is no object
   * @throws QmpException if QEMU refuses, does not answer in time, or is gone
   */
  Map<?, ?> execute(String command, Map<String, ?> arguments) throws QmpException {
    return Json.objectIn(answer(command, arguments), RETURN);
  }

  /**
   * Asks for a list.
   *
   * @param command the query's name; it has no arguments
   * @return its objects; empty if what it returns is no list
   * @throws QmpException as {@link #execute} has it
   */
  List<Map<?, ?>> list(String command) throws QmpException {
    return Json.objectsIn(answer(command, Map.of()), RETURN);
  }

  private Map<?, ?> answer(String command, Map<String, ?> arguments) throws QmpException {
    long id = ids.incrementAndGet();
    CompletableFuture<Map<?, ?>> reply = new CompletableFuture<>();
    awaited.put(id, reply);
    try {
      Map<String, Object> message = new LinkedHashMap<>();
      message.put("execute", command);
      if (!arguments.isEmpty()) {
        message.put("arguments", arguments);
      }
      message.put("id", id);
      send(command, Json.write(message) + "\n");
      Map<?, ?> answer = await(command, reply);
      Map<?, ?> error = Json.objectIn(answer, "error");
      if (!error.isEmpty()) {
        throw new QmpException(
            "QEMU refused " + command + ": " + Json.textIn(error, "desc"),
            Json.textIn(error, "class"));
      }
      return answer;
    } finally {
      awaited.remove(id);
    }
  }

  private void send(String command, String text) throws QmpException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
    writing.lock();
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw new QmpException("QEMU is gone: cannot send " + command);
    } finally {
      writing.unlock();
    }
  }

  private static Map<?, ?> await(String what, CompletableFuture<Map<?, ?>> reply)
      throws QmpException {
    try {
      return reply.get(REPLY_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new QmpException(
          "QEMU does not answer: no reply to " + what + " within " + REPLY_MILLIS + " ms");
    } catch (ExecutionException e) {
      throw new QmpException("QEMU is gone: no reply to " + what);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpException("interrupted while QEMU was to answer " + what);
    }
  }

  private void read() {
    Lines lines = new Lines();
    ByteBuffer piece = ByteBuffer.allocate(8192);
    try (channel) {
      while (channel.read(piece) >= 0) {
        piece.flip();
        while (piece.hasRemaining()) {
          String line = lines.add(piece.get());
          if (line != null && !line.isBlank()) {
            take(Json.readObject(line));
          }
        }
        piece.clear();
      }
    } catch (IOException | RuntimeException e) {
      // Callers that wait for a reply are told that there is none.
    } finally {
      QmpException gone = new QmpException("the connection is over");
      greeting.completeExceptionally(gone);
      awaited.values().forEach(reply -> reply.completeExceptionally(gone));
      listener.onEnd();
    }
  }

  private void take(Map<?, ?> message) {
    String event = Json.textIn(message, "event");
    if (!event.isEmpty()) {
      listener.onEvent(event, Json.objectIn(message, "data"));
    } else if (message.get("id") instanceof Long id) {
      CompletableFuture<Map<?, ?>> reply = awaited.get(id);
      if (reply != null) {
        reply.complete(message);
      }
    } else {
      greeting.complete(message);
    }
  }

  /** Ends the connection. QEMU goes on, and waits for another one. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It is as good as closed.
    }
  }

  /** Puts lines together. */
  private static final class Lines {
    private byte[] line = new byte[1024];
    private int length;

    /** Adds a byte; gives the line that it ends, if it ends one. */
    @Nullable String add(byte next) throws IOException {
      if (next == '\n') {
        String whole = new String(line, 0, length, StandardCharsets.UTF_8);
        length = 0;
        return whole;
      }
      if (length == LONGEST_MESSAGE) {
        throw new IOException("a message of QEMU has more than " + LONGEST_MESSAGE + " bytes");
      }
      if (length == line.length) {
        line = Arrays.copyOf(line, Math.min(LONGEST_MESSAGE, 2 * length));
      }
      line[length++] = next;
      return null;
    }
  }
}
