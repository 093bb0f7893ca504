package io.lanyard.vswitch.port;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Clears the way for a socket's path: a file that a daemon which was killed has left behind. */
final class StaleSocket {
  private StaleSocket() {}

  /**
   * Removes a socket that nobody listens on.
   *
   * @throws IOException if something else is there
   */
  static void remove(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    BasicFileAttributes attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isOther()) {
      throw new IOException(
          "cannot listen on " + path + ": it is a file and no socket; choose another path");
    }
    if (alive(path)) {
      throw new IOException(
          "cannot listen on "
              + path
              + ": another process listens there; stop it or choose another path");
    }
    Files.deleteIfExists(path);
  }

  private static boolean alive(Path path) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.configureBlocking(false); // a full backlog would hold the loop
      channel.connect(UnixDomainSocketAddress.of(path));
      return true;
    } catch (IOException e) {
      String message = e.getMessage();
      // The JDK has no type for it: everything else (EAGAIN, EACCES) means that somebody may be
      // there.
      return message == null || !message.contains("refused");
    }
  }
}
