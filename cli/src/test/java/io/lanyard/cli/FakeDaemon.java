package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Answers requests as it is told to, and remembers them. One request a connection. */
final class FakeDaemon implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A request. */
  record Asked(String method, String target, Map<String, String> headers, String body) {
    String path() {
      int query = target.indexOf('?');
      return query < 0 ? target : target.substring(0, query);
    }

    JsonNode json() throws IOException {
      return JSON.readTree(body);
    }

    @Override
    public String toString() {
      return method + " " + target;
    }
  }

  private record Answer(int status, String body, boolean holds) {}

  final Path socket;
  private final ServerSocketChannel server;
  private final Map<String, Deque<Answer>> answers = new ConcurrentHashMap<>();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final List<SocketChannel> held = new CopyOnWriteArrayList<>();

  FakeDaemon(Path directory) throws IOException {
    socket = directory.resolve("api.sock");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofPlatform().daemon().name("fake-daemon").start(this::serve);
  }

  /**
   * Says how a request is answered. Of several answers each is given once, the last again and
   * again.
   *
   * @param request method and path
   */
  FakeDaemon answer(String request, int status, String body) {
    return add(request, new Answer(status, body, false));
  }

  FakeDaemon answer(String request, String body) {
    return answer(request, 200, body);
  }

  /** Says the same of a stream, which stays open until {@link #release}. */
  FakeDaemon hold(String request, String body) {
    return add(request, new Answer(200, body, true));
  }

  private FakeDaemon add(String request, Answer answer) {
    Deque<Answer> all = answers.computeIfAbsent(request, key -> new ArrayDeque<>());
    synchronized (all) {
      all.add(answer);
    }
    return this;
  }

  /** Ends the streams that are open. */
  void release() throws IOException {
    for (SocketChannel connection : held) {
      connection.close();
    }
  }

  List<Asked> asked() {
    return List.copyOf(asked);
  }

  /** The requests of a method. */
  List<Asked> asked(String method) {
    return asked.stream().filter(request -> request.method().equals(method)).toList();
  }

  private void serve() {
    try {
      while (true) {
        SocketChannel connection = server.accept();
        Thread.ofPlatform().daemon().name("fake-answer").start(() -> answer(connection));
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private void answer(SocketChannel connection) {
    try {
      InputStream in = new BufferedInputStream(Channels.newInputStream(connection));
      OutputStream out = Channels.newOutputStream(connection);
      Asked request = read(in);
      asked.add(request);
      Answer answer = next(request);
      byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
      String head = "HTTP/1.1 " + answer.status() + " x\r\n";
      head += answer.holds() ? "\r\n" : "Content-Length: " + body.length + "\r\n\r\n";
      if (answer.holds()) {
        held.add(connection); // Before the client can have read the answer.
      }
      out.write((head + answer.body()).getBytes(StandardCharsets.UTF_8));
      if (!answer.holds()) {
        connection.close();
      }
    } catch (IOException e) {
      // The client has gone.
    }
  }

  private Answer next(Asked request) {
    Deque<Answer> all = answers.get(request.method() + " " + request.path());
    if (all == null) {
      return new Answer(
          404, "{\"title\":\"the test has no answer to " + request + "\",\"status\":404}", false);
    }
    synchronized (all) {
      return all.size() > 1 ? all.removeFirst() : all.getFirst();
    }
  }

  private static Asked read(InputStream in) throws IOException {
    String[] words = line(in).split(" ", 3);
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    return new Asked(
        words[0], words[1], headers, new String(in.readNBytes(length), StandardCharsets.UTF_8));
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the client has gone");
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }

  @Override
  public void close() throws IOException {
    server.close();
    release();
  }
}
