package io.lanyard.control.client;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Sends requests to a server, one per connection.
 *
 * <p>Thread: any. Calls block.
 */
public final class HttpClient {
  /** The server's own headers are a tenth of this. */
  private static final int MAX_HEAD = 16 * 1024;

  /** Three times the daemon's own limit for a request, which is 10 s. */
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** A change may wait for guests to stop: longer than the daemon's own limit, which is 7 min. */
  private static final Duration CHANGE_TIMEOUT = Duration.ofMinutes(8);

  private final DaemonAddress server;
  private final Duration timeout;
  private final Duration changeTimeout;

  /**
   * Makes a client of a UNIX socket; connects nowhere yet.
   *
   * @param socket where the server listens
   */
  public HttpClient(Path socket) {
    this(new DaemonAddress.UnixSocket(socket));
  }

  /**
   * Makes a client; connects nowhere yet.
   *
   * @param server where the server listens
   */
  public HttpClient(DaemonAddress server) {
    this(server, TIMEOUT, CHANGE_TIMEOUT);
  }

  HttpClient(DaemonAddress server, Duration timeout, Duration changeTimeout) {
    this.server = server;
    this.timeout = timeout;
    this.changeTimeout = changeTimeout;
  }

  /** An answer, whose body is still to be read. Its owner closes it. */
  public static final class Answer implements Closeable {
    private final int status;
    private final Map<String, String> headers;
    private final InputStream body;
    private final OutputStream out;
    private final Connection connection;

    private Answer(
        int status,
        Map<String, String> headers,
        InputStream body,
        OutputStream out,
        Connection connection) {
      this.status = status;
      this.headers = headers;
      this.body = body;
      this.out = out;
      this.connection = connection;
    }

    /**
     * The HTTP status.
     *
     * @return 100 to 599
     */
    public int status() {
      return status;
    }

    /**
     * The headers.
     *
     * @return by lower-case name
     */
    public Map<String, String> headers() {
      return headers;
    }

    /**
     * The body, decoded.
     *
     * @return a stream that is read as the body comes
     */
    public InputStream body() {
      return body;
    }

    /**
     * The way to the server after an upgrade.
     *
     * @return a stream that sends what is written at once
     */
    public OutputStream out() {
      return out;
    }

    @Override
    public void close() throws IOException {
      connection.close();
    }

    /**
     * Tells the server that nothing more comes; what it has to say to that can still be read.
     *
     * @throws IOException if the connection is broken
     */
    public void endOutput() throws IOException {
      connection.endOutput();
    }

    /**
     * Reads the body to its end.
     *
     * @return the body
     * @throws IOException if the connection breaks before
     */
    public byte[] bytes() throws IOException {
      return body.readAllBytes();
    }
  }

  /**
   * Sends a request without a body.
   *
   * @param method GET, POST...
   * @param target path and query, percent-encoded
   * @return the answer, to be closed
   * @throws IOException if the server cannot be reached or breaks off
   */
  public Answer send(String method, String target) throws IOException {
    return send(method, target, Map.of(), new byte[0]);
  }

  /**
   * Sends a request.
   *
   * @param method GET, POST...
   * @param target path and query, percent-encoded
   * @param headers for example {@code If-Match}, by name
   * @param body the body; empty for none
   * @return the answer, to be closed
   * @throws IOException if the server cannot be reached or breaks off
   * @throws IllegalArgumentException if a header has a line break
   */
  public Answer send(String method, String target, Map<String, String> headers, byte[] body)
      throws IOException {
    StringBuilder lines = new StringBuilder("Connection: close\r\n");
    for (Map.Entry<String, String> header : headers.entrySet()) {
      String line = header.getKey() + ": " + header.getValue();
      if (line.indexOf('\r') >= 0 || line.indexOf('\n') >= 0) {
        throw new IllegalArgumentException("a line break in " + line);
      }
      lines.append(line).append("\r\n");
    }
    return exchange(method, target, lines.toString(), body);
  }

  /**
   * Asks for a change of protocol.
   *
   * @param target path and query, percent-encoded
   * @param protocol the protocol wanted
   * @return the answer, to be closed: with status 101 its body and {@code out} are bytes both ways
   * @throws IOException if the server cannot be reached or breaks off
   */
  public Answer upgrade(String target, String protocol) throws IOException {
    return exchange(
        "POST", target, "Connection: upgrade\r\nUpgrade: " + protocol + "\r\n", new byte[0]);
  }

  private Answer exchange(String method, String target, String headers, byte[] body)
      throws IOException {
    Duration limit = method.equals("GET") ? timeout : changeTimeout;
    Connection connection = Connection.open(server);
    try (Deadline deadline = new Deadline(connection, limit)) {
      InputStream in = connection.in();
      OutputStream out = connection.out();
      String head =
          method
              + " "
              + target
              + " HTTP/1.1\r\nHost: "
              + server.host()
              + "\r\nContent-Length: "
              + body.length
              + "\r\n"
              + authorization()
              + headers
              + "\r\n";
      String[] lines;
      try {
        connection.handshake();
        lines = exchange(out, head, body, in).split("\r\n", -1);
      } catch (IOException e) {
        if (deadline.isOver()) {
          var timeout = new SocketTimeoutException("no answer in " + limit.toSeconds() + " s");
          timeout.initCause(e);
          throw timeout;
        }
        throw e;
      }
      Map<String, String> fields = new TreeMap<>();
      for (int i = 1; i < lines.length; i++) {
        int colon = lines[i].indexOf(':');
        if (colon > 0) {
          fields.put(
              lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
              lines[i].substring(colon + 1).strip());
        }
      }
      return new Answer(status(lines[0]), fields, body(in, fields), out, connection);
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private String authorization() {
    String token = server.token();
    return token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n";
  }

  /** Closes a connection after a while, unless it is closed itself before. */
  private static final class Deadline implements AutoCloseable {
    private final Thread thread;
    private volatile boolean isOver;

    Deadline(Connection connection, Duration timeout) {
      thread =
          Thread.ofPlatform()
              .daemon()
              .name("timeout")
              .start(() -> {
                try {
                  Thread.sleep(timeout);
                  isOver = true;
                  connection.close();
                } catch (InterruptedException | IOException e) {
                  // The answer came in time; or the connection is closed, which was wanted.
                }
              });
    }

    boolean isOver() {
      return isOver;
    }

    @Override
    public void close() {
      thread.interrupt();
    }
  }

  private static int status(String line) throws IOException {
    String[] words = line.split(" ", 3);
    if (words.length >= 2
        && words[0].startsWith("HTTP/1.")
        && words[1].matches("[1-5][0-9][0-9]")) {
      return Integer.parseInt(words[1]);
    }
    throw new IOException("this is not an HTTP server: it answered \"" + line + "\"");
  }

  /** A server that has no place for a client may answer before it has read the request. */
  private static String exchange(OutputStream out, String head, byte[] body, InputStream in)
      throws IOException {
    try {
      // In one write, so that the server takes a small request with one read.
      ByteArrayOutputStream request = new ByteArrayOutputStream(head.length() + body.length);
      request.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
      request.writeBytes(body);
      request.writeTo(out);
    } catch (IOException e) {
      try {
        return readHead(in);
      } catch (IOException none) {
        e.addSuppressed(none);
        throw new BrokenOffException(e);
      }
    }
    try {
      return readHead(in);
    } catch (IOException e) {
      throw new BrokenOffException(e);
    }
  }

  private static String readHead(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int matched = 0;
    while (matched < 4) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("the server closed the connection without an answer");
      }
      head.write(b);
      matched = b == "\r\n\r\n".charAt(matched) ? matched + 1 : b == '\r' ? 1 : 0;
      if (head.size() > MAX_HEAD) {
        throw new IOException("the server's answer has too long a head");
      }
    }
    return head.toString(StandardCharsets.US_ASCII);
  }

  private static InputStream body(InputStream in, Map<String, String> headers) throws IOException {
    if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
      return new ChunkedInput(in);
    }
    String length = headers.get("content-length");
    if (length == null) {
      return in;
    }
    try {
      return new LengthInput(in, Long.parseUnsignedLong(length));
    } catch (NumberFormatException e) {
      throw new IOException("the server's answer has no valid length: " + length, e);
    }
  }
}
