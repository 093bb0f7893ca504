package io.lanyard.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Clients of the API that are slow, send too much, ask for files of the host, or have no token.
 *
 * <p>Thread: one.
 */
final class HostileClients implements AutoCloseable {
  /** Connections that are kept open, and never read. */
  private static final int MOST_OPEN = 24;

  private static final List<String> LINES =
      List.of(
          "GET /v1/../../../../etc/passwd HTTP/1.1",
          "GET /v1/guests/..%2f..%2fetc%2fpasswd HTTP/1.1",
          "GET /v1/%2e%2e/%2e%2e/etc/passwd HTTP/1.1",
          "GET //etc/passwd HTTP/1.1",
          "GET file:///etc/passwd HTTP/1.1",
          "PUT /v1/config?source=/etc/shadow HTTP/1.1",
          "POST /v1/config/plan HTTP/1.1",
          "PATCH /v1/config HTTP/1.1",
          "PUT /v1/guests/g HTTP/1.1",
          "GET /v1/events HTTP/1.1",
          "GET /v1/dump HTTP/1.1",
          "OPTIONS * HTTP/1.1",
          "CONNECT 127.0.0.1:1 HTTP/1.1",
          "TRACE /v1/status HTTP/1.1");

  private static final List<String> HEADERS =
      List.of(
          "Host: x",
          "Host: y",
          "Content-Length: 1000000",
          "Content-Length: 2000000",
          "Content-Length: 5",
          "Transfer-Encoding: chunked",
          "Transfer-Encoding: gzip",
          "Content-Encoding: gzip",
          "Expect: 100-continue",
          "Upgrade: h2c",
          "Connection: keep-alive, upgrade",
          "Range: bytes=0-",
          "If-Match: \"99999999999999999999\"",
          "Last-Event-ID: " + "9".repeat(3000),
          "Authorization: Bearer lanyard_" + "A".repeat(43),
          "Authorization: Bearer",
          "Authorization: Basic YTpi",
          "X: " + "y".repeat(9000),
          " folded");

  private final List<SocketAddress> servers;
  private final SplittableRandom random;
  private final ArrayDeque<SocketChannel> open = new ArrayDeque<>();

  HostileClients(Path socket, int tcpPort, long seed) {
    servers =
        List.of(
            UnixDomainSocketAddress.of(socket),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), tcpPort));
    random = new SplittableRandom(seed);
  }

  /** Begins one more, and ends the oldest. What it is answered is nobody's business. */
  void next() {
    try {
      SocketAddress server = servers.get(random.nextInt(servers.size()));
      SocketChannel client =
          server instanceof UnixDomainSocketAddress
              ? SocketChannel.open(StandardProtocolFamily.UNIX)
              : SocketChannel.open();
      open.add(client);
      client.connect(server);
      client.configureBlocking(false);
      // As much as the socket takes: the rest is never sent.
      client.write(ByteBuffer.wrap(request()));
      if (random.nextInt(4) == 0) {
        client.shutdownOutput();
      }
    } catch (IOException e) {
      // The server has had enough of this one.
    }
    while (open.size() > random.nextInt(MOST_OPEN)) {
      close(open.removeFirst());
    }
  }

  private byte[] request() {
    StringBuilder text = new StringBuilder(LINES.get(random.nextInt(LINES.size())));
    text.append("\r\n");
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(HEADERS.get(random.nextInt(HEADERS.size()))).append("\r\n");
    }
    text.append("\r\n").append("{\"edits\": [1]}".repeat(random.nextInt(4) == 0 ? 20_000 : 1));
    byte[] bytes = text.toString().repeat(1 + random.nextInt(3)).getBytes(ISO_8859_1);
    for (int i = random.nextInt(3); i > 0; i--) {
      bytes[random.nextInt(Math.min(bytes.length, 400))] = (byte) random.nextInt(256);
    }
    return random.nextInt(3) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  private static void close(SocketChannel client) {
    try {
      client.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    open.forEach(HostileClients::close);
    open.clear();
  }
}
