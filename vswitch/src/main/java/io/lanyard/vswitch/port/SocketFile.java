package io.lanyard.vswitch.port;

import io.lanyard.base.Causes;
import io.lanyard.linux.HeldFile;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import org.jspecify.annotations.Nullable;

/**
 * The file of a UNIX socket that a port binds: where it is, and who may connect.
 *
 * <p>Linux asks for the permission to write to the file (unix(7)). A socket that was bound just now
 * has the daemon's owner and its umask, which nearly always keeps others out; what is granted comes
 * after that.
 *
 * @param path where it is
 * @param owner the user that it belongs to, by name or number; null for the daemon's
 * @param group its group, by name or number; null for the daemon's
 * @param mode its permissions, as {@code rw-rw----}; null for what the umask leaves
 */
public record SocketFile(
    Path path, @Nullable String owner, @Nullable String group, @Nullable String mode) {
  /**
   * A file with the daemon's owner and umask.
   *
   * @param path where it is
   */
  public SocketFile(Path path) {
    this(path, null, null, null);
  }

  /**
   * The file of another path, for the same users.
   *
   * @param other where it is
   * @return a new object
   */
  public SocketFile at(Path other) {
    return new SocketFile(other, owner, group, mode);
  }

  /** Whether the file needs {@link #grant} once it is bound. */
  boolean isGranted() {
    return owner != null || group != null || mode != null;
  }

  /**
   * Removes the socket of a daemon that was killed, on which nobody listens.
   *
   * @throws IOException if something else is there
   */
  public void clear() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    BasicFileAttributes attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isOther()) {
      throw new IOException(
          "cannot listen on " + path + ": it is a file and no socket; choose another path");
    }
    if (alive()) {
      throw new IOException(
          "cannot listen on "
              + path
              + ": another process listens there; stop it or choose another path");
    }
    Files.deleteIfExists(path);
  }

  /** A socket of another type refuses a stream with another error (EPROTOTYPE) than a dead one. */
  private boolean alive() throws IOException {
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

  /**
   * Gives the bound socket its owner, group and mode. It may wait for the host's user database.
   *
   * <p>Somebody who may write to the directory can put a link in the socket's place at any moment,
   * so the file is held first, looked at, and changed by way of its handle.
   *
   * @throws IOException if the host refuses, has no such user or group, or the socket is gone
   */
  public void grant() throws IOException {
    try (HeldFile held = HeldFile.of(path)) {
      if (!Files.readAttributes(held.path(), BasicFileAttributes.class).isOther()) {
        throw new IOException(
            path
                + " is no longer the socket that was bound just now; put it into a directory that"
                + " nobody else writes to");
      }
      change(held.path());
    }
  }

  private void change(Path held) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(held, PosixFileAttributeView.class);
    UserPrincipalLookupService users = held.getFileSystem().getUserPrincipalLookupService();
    GroupPrincipal itsGroup =
        group == null ? null : found(group, "group", users::lookupPrincipalByGroupName);
    UserPrincipal itsOwner =
        owner == null ? null : found(owner, "user", users::lookupPrincipalByName);
    try {
      if (mode != null) {
        view.setPermissions(PosixFilePermissions.fromString(mode));
      }
      if (itsGroup != null) {
        view.setGroup(itsGroup);
      }
      if (itsOwner != null) {
        view.setOwner(itsOwner);
      }
    } catch (IOException e) {
      throw new IOException(
          "cannot give "
              + path
              + " to "
              + (owner == null ? "" : "user " + owner + " ")
              + (group == null ? "" : "group " + group + " ")
              + (mode == null ? "" : "with mode " + mode + " ")
              + "("
              + Causes.of(e)
              + "); only root gives files away, and a user to groups of its own",
          e);
    }
  }

  /** A question to the host's user database. */
  @FunctionalInterface
  private interface Lookup<T> {
    T of(String name) throws IOException;
  }

  /** A user or a group. The JDK's exception does not say which one is missing. */
  private <T> T found(String name, String what, Lookup<T> lookup) throws IOException {
    try {
      return lookup.of(name);
    } catch (UserPrincipalNotFoundException e) {
      throw new IOException("there is no " + what + " " + name + " to give " + path + " to", e);
    }
  }

  /** Removes the file, if it is there. */
  public void remove() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // The next one that binds the path removes it (clear), or says why not.
    }
  }
}
