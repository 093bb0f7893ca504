package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.Causes;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.HeldFile;
import io.lanyard.linux.SocketName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The UNIX datagram socket that a client wants its frames at.
 *
 * <p>A client says by a path where it is, and may put a link or another user's socket in its place
 * at any moment: the daemon would send to whatever it may write to, in the client's stead. So the
 * file is held first, looked at, and sent to by way of its handle alone.
 *
 * <p>Thread: any, one at a time.
 */
final class ClientSocket implements AutoCloseable {
  private static final Path NOTHING = Path.of("/");

  private final HeldFile held;
  private final SocketName name;

  private ClientSocket(HeldFile held) {
    this.held = held;
    this.name = SocketName.of(held.path());
  }

  /**
   * Holds a client's socket. It may wait for the file system.
   *
   * @param path where the client says it is
   * @param user the client's user, whose socket it has to be; 0 may name any
   * @return the socket
   * @throws IOException if it is not there, no socket, or another user's; the message says which
   */
  static ClientSocket of(Path path, int user) throws IOException {
    if (!path.isAbsolute()) {
      throw new IOException(path + " is no absolute path; have the client bind one");
    }
    HeldFile held = hold(path);
    try {
      Map<String, Object> its = Files.readAttributes(held.path(), "unix:uid,isOther");
      if (!Boolean.TRUE.equals(its.get("isOther"))) {
        throw new IOException(path + " is no socket");
      }
      if (user != 0 && !Integer.valueOf(user).equals(its.get("uid"))) {
        throw new IOException("the socket " + path + " is not that of the client's user");
      }
      return new ClientSocket(held);
    } catch (IOException | RuntimeException e) {
      held.close();
      throw e;
    }
  }

  private static HeldFile hold(Path path) throws IOException {
    try {
      return HeldFile.of(path);
    } catch (ErrnoException e) {
      throw new IOException("cannot send to " + path + ": " + Causes.of(e), e);
    }
  }

  /**
   * The name that leads to the socket, wherever its file is.
   *
   * @return the same for the life of this object
   */
  SocketName name() {
    return name;
  }

  /** Holds the socket that another object holds, under this one's name. The other stays open. */
  void become(ClientSocket other) throws IOException {
    held.become(other.held);
  }

  /**
   * Lets go of the socket, so that its file system can be unmounted. Datagrams to this name are
   * refused from now on, as of a socket that nobody has open.
   */
  void letGo() throws IOException {
    try (HeldFile nothing = HeldFile.of(NOTHING)) {
      held.become(nothing);
    }
  }

  @Override
  public void close() {
    held.close();
  }
}
