package io.lanyard.cli;

import io.lanyard.base.Causes;
import io.lanyard.base.Directories;
import io.lanyard.control.client.BrokenOffException;
import io.lanyard.control.client.DaemonAddress;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.RefusedException;
import io.lanyard.control.json.JsonException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The running daemon that a command talks to. */
final class Api {
  @Option(
      names = "--socket",
      paramLabel = "PATH",
      description =
          "The daemon's socket. Default: $LANYARD_CONNECT, $LANYARD_SOCKET, then this user's"
              + " daemon, then the system's.")
  private @Nullable Path socket;

  @Mixin private Remote remote = new Remote();

  Api() {}

  /** A daemon at a known place. */
  Api(Path socket) {
    this.socket = socket;
  }

  /** A request. */
  @FunctionalInterface
  interface Question<T> {
    T of(LanyardClient daemon) throws IOException;
  }

  /** Asks for something. What the daemon refuses is a {@link Failure} with its words. */
  <T> T ask(Question<T> question) {
    DaemonAddress daemon = address();
    try {
      return question.of(new LanyardClient(daemon));
    } catch (RefusedException e) {
      throw Remote.refused(e.problem());
    } catch (JsonException e) {
      throw new Failure("what answers at " + daemon + " is not a Lanyard daemon");
    } catch (IOException e) {
      throw switch (daemon) {
        case DaemonAddress.UnixSocket unix -> unreachable(unix.path(), e);
        case DaemonAddress.Tcp tcp -> remote.unreachable(tcp, e);
      };
    }
  }

  /** A request whose answer has no content. */
  @FunctionalInterface
  interface Order {
    void to(LanyardClient daemon) throws IOException;
  }

  /** Asks for something whose answer has no content. */
  void order(Order order) {
    var _ =
        ask(daemon -> {
          order.to(daemon);
          return true;
        });
  }

  /** Where the daemon is. */
  private DaemonAddress address() {
    if (socket == null) {
      DaemonAddress.Tcp tcp = remote.address();
      if (tcp != null) {
        return tcp;
      }
    } else if (remote.isAsked()) {
      throw Failure.ofUsage("--socket and --connect name two daemons", "give one of them");
    }
    Path path = path();
    checkPlace(path);
    return new DaemonAddress.UnixSocket(path);
  }

  /** The daemon's socket. */
  Path path() {
    if (socket != null) {
      return socket;
    }
    String variable = System.getenv("LANYARD_SOCKET");
    if (variable != null && !variable.isEmpty()) {
      return Path.of(variable);
    }
    Path own = Directories.ofThisUser().socket();
    Path system = Path.of("/run/lanyard/api.sock");
    // One that this user may not even see counts: the message says so.
    return !Files.exists(own) && !Files.notExists(system) ? system : own;
  }

  /**
   * Checks the place of this user's own daemon, which may lie in {@code /tmp}: what somebody else
   * put there is not this user's daemon. The system's directory is root's to give.
   */
  private static void checkPlace(Path path) {
    Path directory = path.toAbsolutePath().getParent();
    int user = Directories.uid();
    if (user <= 0
        || directory == null
        || !path.equals(Directories.ofThisUser().socket())
        || !Files.exists(directory)) {
      return;
    }
    try {
      Directories.checkOwn(directory, user);
    } catch (IOException e) {
      throw new Failure(
          "the directory " + directory + " cannot be trusted: " + Causes.of(e),
          "name the daemon's socket with --socket, or set XDG_RUNTIME_DIR to a directory of yours");
    }
  }

  /** A failure for a daemon that is there but gives no answer; null for another one. */
  static @Nullable Failure busy(DaemonAddress daemon, IOException e) {
    return e instanceof BrokenOffException || e instanceof SocketTimeoutException
        ? new Failure(
            "the daemon at " + daemon + " is there but busy: " + Causes.of(e),
            "try again in a moment; many connections that stay open may keep it from answering")
        : null;
  }

  private static Failure unreachable(Path path, IOException e) {
    if (isHidden(path)) {
      return new Failure(
          "this user may not look into " + path.toAbsolutePath().getParent(),
          "run as the daemon's owner, or as a member of its group");
    }
    if (!Files.exists(path)) {
      return new Failure(
          "no daemon is running: there is no socket " + path,
          "start one with \"lanyard daemon\", or name its socket with --socket");
    }
    if (Files.isDirectory(path)) {
      return new Failure(
          path + " is a directory, and not the socket of a daemon",
          "a daemon's socket is in its runtime directory: " + path.resolve("api.sock"));
    }
    if (Files.isRegularFile(path)) {
      return new Failure(path + " is a file, and not the socket of a daemon", "see --socket");
    }
    if (!Files.isWritable(path)) {
      return new Failure(
          "this user may not talk to the daemon: " + path + " belongs to another",
          "run as its owner, or as a member of its group");
    }
    Failure busy = busy(new DaemonAddress.UnixSocket(path), e);
    return busy == null
        ? new Failure(
            "no daemon answers at " + path + ": " + e.getMessage(),
            "start one with \"lanyard daemon\"")
        : busy;
  }

  /** Whether a directory on the way to a file is closed to this user. */
  private static boolean isHidden(Path path) {
    try {
      Files.readAttributes(path, BasicFileAttributes.class);
      return false;
    } catch (IOException e) {
      return e instanceof AccessDeniedException;
    }
  }
}
