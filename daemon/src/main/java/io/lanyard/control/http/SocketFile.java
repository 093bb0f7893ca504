package io.lanyard.control.http;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import org.jspecify.annotations.Nullable;

/**
 * The file of a UNIX socket, which appears under its name only when it has its mode and group.
 *
 * <p>The socket is bound in a directory that nobody else may enter and moved out of it afterwards:
 * nobody can connect before, and a client never finds the path missing.
 *
 * <p>Thread: any, one at a time.
 */
final class SocketFile {
  /** Who may connect is the socket's owner and group. */
  private static final String MODE = "rw-rw----";

  /** The length of {@code sun_path}, less the zero at its end (unix(7)). */
  private static final int LONGEST_PATH = 107;

  /** {@code S_IFMT} and two of its values (inode(7)). */
  private static final int FILE_TYPE = 0170000;

  private static final int DIRECTORY = 0040000;
  private static final int SOCKET = 0140000;

  private final Path path;
  private final Path directory;
  private boolean published;

  SocketFile(Path path) {
    this.path = path;
    this.directory = path.resolveSibling("." + ProcessHandle.current().pid());
  }

  /**
   * Checks the place, and changes nothing. A socket that nobody serves is in nobody's way, and
   * anything else is.
   *
   * @throws IOException with why there can be no socket
   */
  void check() throws IOException {
    Path fresh = directory.resolve("s");
    int longest = LONGEST_PATH - Math.max(0, length(fresh) - length(path));
    if (length(path) > longest) {
      throw new SocketFileException(
          "cannot listen on "
              + path
              + ": a socket's path has at most "
              + longest
              + " bytes, and this one "
              + length(path),
          "give a shorter path: --runtime-dir, or api: {socket: ...} of the configuration");
    }
    checkReplaceable();
  }

  /**
   * Checks and prepares the place.
   *
   * @return where to bind
   * @throws IOException with why there can be no socket
   */
  Path prepare() throws IOException {
    check();
    Path fresh = directory.resolve("s");
    Files.deleteIfExists(fresh);
    Files.deleteIfExists(directory);
    Files.createDirectory(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    return fresh;
  }

  private static int length(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length;
  }

  /**
   * Gives the bound socket its mode, group and name.
   *
   * @param group its group, or null to leave it
   * @throws IOException if that fails
   */
  void publish(@Nullable String group) throws IOException {
    Path fresh = directory.resolve("s");
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(MODE));
    if (group != null) {
      Files.getFileAttributeView(fresh, PosixFileAttributeView.class).setGroup(find(group));
    }
    Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    published = true;
    Files.delete(directory);
  }

  /**
   * Removes what there is of it.
   *
   * @throws IOException if that fails; the next daemon replaces it
   */
  void remove() throws IOException {
    if (published) {
      Files.deleteIfExists(path);
    } else {
      Files.deleteIfExists(directory.resolve("s"));
      Files.deleteIfExists(directory);
    }
  }

  /** Checks that the file is a dead daemon's socket: nothing else is replaced. */
  private void checkReplaceable() throws IOException {
    int mode;
    try {
      mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return;
    }
    String why = null;
    String remedy = "remove it, or give another place with --runtime-dir";
    if ((mode & FILE_TYPE) == DIRECTORY) {
      why = "it is a directory";
    } else if ((mode & FILE_TYPE) != SOCKET) {
      why = "there is a file that is no socket";
    } else if (isServed()) {
      why = "another process listens there";
      remedy = "end that daemon, or give another place with --runtime-dir";
    }
    if (why != null) {
      throw new SocketFileException("cannot listen on " + path + ": " + why, remedy);
    }
  }

  private boolean isServed() {
    try (SocketChannel connection = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      return connection.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private GroupPrincipal find(String group) throws IOException {
    try {
      return path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
    } catch (UserPrincipalNotFoundException e) {
      var failure =
          new SocketFileException(
              "there is no group " + group + " to give the socket to",
              "make the group, or give another one with --group");
      failure.initCause(e);
      throw failure;
    }
  }
}
