package io.lanyard.cli;

import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigLoader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Does once what the common commands do, for the JVM to remember (JEP 514). The launcher runs it
 * when a distribution has no cache yet; it changes nothing on the host, and what answers the
 * commands is no daemon but says as much as a table needs.
 */
final class Rehearsal {
  private static final List<String> COMMANDS =
      List.of(
          "status",
          "network ls",
          "port ls",
          "lease ls",
          "forward ls",
          "flow ls",
          "guest ls",
          "ls",
          "dump",
          "config show",
          "plan",
          "forward add a tcp 127.0.0.1:1 b:1",
          "completion --names NETWORK",
          "status --json",
          "image ls",
          "--version",
          "--help");

  /** Requests whose answer is no list. */
  private static final List<String> OF_ONE =
      List.of("GET /v1/status", "GET /v1/dump", "GET /v1/config");

  private static final String OBJECT =
      """
      {"name":"a","version":"0","pid":1,"problems":["p"],"ready":true,"memory":1,"nics":[],"properties":{"b":1},"children":[]}\
      """;

  private Rehearsal() {}

  /**
   * Rehearses.
   *
   * @param arguments none
   * @throws Exception if anything fails: there is no cache then
   */
  public static void main(String[] arguments) throws Exception {
    Path socket = Files.createTempDirectory("lanyard-rehearsal-").resolve("api.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      Thread.ofPlatform().daemon().name("answers").start(() -> answer(server));
      rehearse(socket);
    } finally {
      Files.deleteIfExists(socket);
      Files.delete(socket.getParent());
    }
    System.exit(Lanyard.DONE);
  }

  @SuppressWarnings("SystemOut") // The commands' output goes nowhere here.
  private static void rehearse(Path socket) throws ConfigException {
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false));
    var _ = ConfigLoader.builtIn();
    for (String command : COMMANDS) {
      String[] words = command.split(" ");
      boolean asks = !words[0].startsWith("-") && !words[0].equals("image");
      if (asks) {
        words =
            Stream.concat(Stream.of(words), Stream.of("--socket", socket.toString()))
                .toArray(String[]::new);
      }
      Lanyard.execute(words);
    }
  }

  private static void answer(ServerSocketChannel server) {
    try {
      while (true) {
        try (SocketChannel client = server.accept()) {
          ByteBuffer request = ByteBuffer.allocate(1024);
          int length = client.read(request);
          String line = new String(request.array(), 0, length, StandardCharsets.US_ASCII);
          boolean one = OF_ONE.stream().anyMatch(line::startsWith) || !line.startsWith("GET ");
          String body = one ? OBJECT : "[" + OBJECT + "]";
          String answer = "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
          ByteBuffer bytes = ByteBuffer.wrap(answer.getBytes(StandardCharsets.US_ASCII));
          while (bytes.hasRemaining()) {
            var _ = client.write(bytes);
          }
        }
      }
    } catch (IOException e) {
      // The rehearsal is over.
    }
  }
}
