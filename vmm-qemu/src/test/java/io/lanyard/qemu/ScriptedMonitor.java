package io.lanyard.qemu;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Scanner;

/** A monitor in QEMU's place that says what a test has written down. */
final class ScriptedMonitor implements AutoCloseable {
  static final String GREETING = "{\"QMP\": {\"version\": {}}}\r\n";

  private final ServerSocketChannel server;

  /** Listens. */
  ScriptedMonitor(Path socket) throws IOException {
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
  }

  /**
   * Plays to the next client: says one text after the other, the first at once and each further one
   * when a command has come. Closes the connection when a command comes after the last.
   */
  void play(String... texts) {
    Thread.ofVirtual()
        .start(() -> {
          try (SocketChannel channel = server.accept();
              Scanner commands =
                  new Scanner(Channels.newInputStream(channel), StandardCharsets.UTF_8)) {
            for (String text : texts) {
              ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
              while (bytes.hasRemaining()) {
                channel.write(bytes);
              }
              if (!commands.hasNextLine()) {
                return;
              }
              commands.nextLine();
            }
          } catch (IOException e) {
            // The client has gone.
          }
        });
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
