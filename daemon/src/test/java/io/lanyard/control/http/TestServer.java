package io.lanyard.control.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.lanyard.control.AcceptWatch;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server on a UNIX socket for tests that say and hear bytes. */
final class TestServer implements AutoCloseable {
  /** The failures that are the server's own. */
  final List<Throwable> failures = new CopyOnWriteArrayList<>();

  private final Path socket;
  private final HttpServer server;

  TestServer(Path directory, Routes routes) throws IOException {
    this(directory, routes, new Limits(20, 2, 20, Duration.ofMinutes(2)));
  }

  TestServer(Path directory, Routes routes, Limits limits) throws IOException {
    socket = directory.resolve("api.sock");
    HttpMeter meter =
        new HttpMeter() {
          @Override
          public void answered(int status, long nanos) {}

          @Override
          public void refused() {}

          @Override
          public void failed(Throwable cause) {
            failures.add(cause);
          }
        };
    server = HttpServer.bind(socket, null, 0, limits, routes, meter, AcceptWatch::handler);
  }

  Path socket() {
    return socket;
  }

  String problem() {
    return server.problem();
  }

  SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  static void say(SocketChannel channel, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(ISO_8859_1));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** All that the server answers to what a client says before it ends its half. */
  String ask(String text) throws IOException {
    try (SocketChannel channel = connect()) {
      say(channel, text);
      channel.shutdownOutput();
      return new String(Channels.newInputStream(channel).readAllBytes(), ISO_8859_1);
    }
  }

  /** The server's words up to a text, or all of them. */
  static String hear(SocketChannel channel, String end) throws IOException {
    InputStream in = Channels.newInputStream(channel);
    StringBuilder text = new StringBuilder();
    byte[] bytes = new byte[end.length()];
    for (int missing = end.length(); missing > 0; missing = missing(text, end)) {
      int count = in.read(bytes, 0, missing); // no byte behind the end
      if (count < 0) {
        break;
      }
      text.append(new String(bytes, 0, count, ISO_8859_1));
    }
    return text.toString();
  }

  /** The least number of characters after which a text can end so. */
  private static int missing(StringBuilder text, String end) {
    int there = Math.min(end.length(), text.length());
    while (!end.startsWith(text.substring(text.length() - there))) {
      there--;
    }
    return end.length() - there;
  }

  @Override
  public void close() {
    server.close();
  }
}
