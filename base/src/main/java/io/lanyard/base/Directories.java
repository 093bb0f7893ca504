package io.lanyard.base;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a daemon keeps its files.
 *
 * @param state what outlives a restart of the host: leases, what the API changed
 * @param runtime sockets and locks
 * @param images the image store
 */
public record Directories(Path state, Path runtime, Path images) {
  /** {@code S_IWGRP}, {@code S_IWOTH} and {@code S_ISVTX} (inode(7)). */
  private static final int WRITABLE_BY_GROUP = 0020;

  private static final int WRITABLE_BY_ALL = 0002;
  private static final int STICKY = 01000;

  /**
   * The directories of the user who runs this process: the system's for root, the XDG directories
   * for anybody else. What systemd says ({@code STATE_DIRECTORY}, {@code RUNTIME_DIRECTORY}) comes
   * before either.
   *
   * @return the directories, which need not exist
   */
  public static Directories ofThisUser() {
    return of(System.getenv(), uid(), home());
  }

  /**
   * The home directory of the user who runs this process: {@code $HOME}, unless it is another
   * user's, as {@code sudo} may keep it; then the one that the host's list of users says.
   *
   * @return a path; it need not exist
   */
  public static Path home() {
    return home(
        System.getenv().getOrDefault("HOME", ""),
        uid(),
        Path.of(System.getProperty("user.home", "/")));
  }

  static Path home(String said, int uid, Path listed) {
    return said.startsWith("/") && isOf(Path.of(said), uid) ? Path.of(said) : listed;
  }

  private static boolean isOf(Path directory, int uid) {
    try {
      return Files.isDirectory(directory) && uid == (int) Files.getAttribute(directory, "unix:uid");
    } catch (IOException e) {
      return false;
    }
  }

  static Directories of(Map<String, String> environment, int uid, Path home) {
    Path state;
    Path runtime;
    Path data;
    if (uid == 0) {
      state = Path.of("/var/lib/lanyard");
      runtime = Path.of("/run/lanyard");
      data = state;
    } else {
      state = xdg(environment, "XDG_STATE_HOME", home.resolve(".local/state")).resolve("lanyard");
      data = xdg(environment, "XDG_DATA_HOME", home.resolve(".local/share")).resolve("lanyard");
      String session = environment.getOrDefault("XDG_RUNTIME_DIR", "");
      runtime =
          session.startsWith("/") && !isOfAnother(Path.of(session), uid)
              ? Path.of(session, "lanyard")
              : Path.of(System.getProperty("java.io.tmpdir", "/tmp"), "lanyard-" + uid);
    }
    Path serviceState = service(environment, "STATE_DIRECTORY");
    if (serviceState != null) {
      state = serviceState;
      data = serviceState;
    }
    Path serviceRuntime = service(environment, "RUNTIME_DIRECTORY");
    return new Directories(
        state, serviceRuntime == null ? runtime : serviceRuntime, data.resolve("images"));
  }

  /** A session's directory is its user's; {@code sudo} may have kept that of another. */
  private static boolean isOfAnother(Path directory, int uid) {
    return Files.isDirectory(directory) && !isOf(directory, uid);
  }

  /** The specification has relative paths ignored. */
  private static Path xdg(Map<String, String> environment, String name, Path otherwise) {
    String value = environment.getOrDefault(name, "");
    return value.startsWith("/") ? Path.of(value) : otherwise;
  }

  /** systemd gives a list separated by colons; the unit's has one entry. */
  private static @Nullable Path service(Map<String, String> environment, String name) {
    String value = environment.getOrDefault(name, "").split(":", 2)[0];
    return value.startsWith("/") ? Path.of(value) : null;
  }

  /**
   * The same with some of them elsewhere.
   *
   * @param otherState replaces the state directory; or null
   * @param otherRuntime replaces the runtime directory; or null
   * @param otherImages replaces the image store; or null
   * @return a copy
   */
  public Directories with(
      @Nullable Path otherState, @Nullable Path otherRuntime, @Nullable Path otherImages) {
    return new Directories(
        otherState == null ? state : otherState.toAbsolutePath(),
        otherRuntime == null ? runtime : otherRuntime.toAbsolutePath(),
        otherImages == null ? images : otherImages.toAbsolutePath());
  }

  /**
   * The control API's socket.
   *
   * @return its path
   */
  public Path socket() {
    return runtime.resolve("api.sock");
  }

  /**
   * Makes the state and the runtime directory, for this user and its group, or checks that they can
   * be used and are nobody else's to change.
   *
   * @throws IOException with a message that says which cannot be used, and why
   */
  public void create() throws IOException {
    for (Path directory : new Path[] {state, runtime}) {
      try {
        if (!Files.isDirectory(directory)) {
          Files.createDirectories(
              directory,
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));
        }
        checkOwn(directory, uid());
        Path probe = Files.createTempFile(directory, ".probe", "");
        Files.delete(probe);
      } catch (FileAlreadyExistsException e) {
        throw new IOException("cannot write to " + directory + ": it is not a directory", e);
      } catch (IOException e) {
        throw new IOException("cannot write to " + directory + ": " + Causes.of(e), e);
      }
    }
  }

  /**
   * Checks that nobody but a user, and root, can put anything into a directory or another directory
   * in its place. Below a directory that everybody may write to, as {@code /tmp} is, somebody else
   * may have made it first, or a link to a directory of the victim's.
   *
   * @param directory is there
   * @param user a numeric user id
   * @throws IOException with a message that says who could
   */
  public static void checkOwn(Path directory, int user) throws IOException {
    int link = (int) Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    if (link != user && link != 0) {
      throw new IOException("it belongs to another user, number " + link);
    }
    Path real = directory.toRealPath();
    int owner = (int) Files.getAttribute(real, "unix:uid");
    if (owner != user) {
      throw new IOException("it belongs to another user, number " + owner);
    }
    if ((mode(real) & (WRITABLE_BY_GROUP | WRITABLE_BY_ALL)) != 0) {
      throw new IOException("others may write to it, too; run: chmod go-w " + real);
    }
    Path parent = real.getParent();
    if (parent != null && (mode(parent) & (WRITABLE_BY_ALL | STICKY)) == WRITABLE_BY_ALL) {
      throw new IOException("everybody may replace it, because everybody may write to " + parent);
    }
  }

  private static int mode(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:mode");
  }

  /**
   * The user who runs this process.
   *
   * @return the numeric user id; 0 is root
   */
  public static int uid() {
    try {
      return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    } catch (IOException e) {
      // Without /proc nobody is root.
      return -1;
    }
  }
}
