package io.lanyard.linux;

import java.nio.file.Path;

/**
 * A file that is held itself: somebody who renames it, or puts a link in its place, changes nothing
 * about what {@link #path} leads to (open(2), O_PATH).
 *
 * <p>Thread: any, one at a time.
 */
public final class HeldFile implements AutoCloseable {
  private static final int O_NOFOLLOW = 0x20000;
  private static final int O_PATH = 0x200000;

  private final int fd;

  private HeldFile(int fd) {
    this.fd = fd;
  }

  /**
   * Holds a file. It is neither read nor written, and needs no permission of its own for that.
   *
   * @param path where it is now; a symbolic link is held itself
   * @return the file
   * @throws ErrnoException if it is not there or not to be reached
   */
  public static HeldFile of(Path path) throws ErrnoException {
    return new HeldFile(
        ErrnoException.check(
            Libc.open(path.toString(), O_PATH | O_NOFOLLOW),
            "open " + path,
            "let the daemon search its directory",
            "it is gone; somebody else may have removed it"));
  }

  /**
   * A path that leads to the file, wherever it is, until it is closed.
   *
   * @return a path below /proc
   */
  public Path path() {
    return Path.of("/proc/self/fd/" + fd);
  }

  @Override
  public void close() {
    int _ = Libc.close(fd);
  }
}
