package io.lanyard.linux;

import java.io.IOException;
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

  /** The process as /proc has it: the link /proc/self costs each use of a path some 400 ns. */
  private static final Path PROCESS = process();

  private final int fd;

  private HeldFile(int fd) {
    this.fd = fd;
  }

  private static Path process() {
    Path self = Path.of("/proc/self");
    try {
      return self.toRealPath();
    } catch (IOException e) {
      return self; // the use says what is wrong
    }
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
   * Holds another file from now on: {@link #path} is the same, and leads to that one.
   *
   * @param other holds it; stays the caller's to close
   * @throws ErrnoException if the kernel refuses; this one is held on
   */
  public void become(HeldFile other) throws ErrnoException {
    int result = Libc.replace(fd, other.fd);
    if (result < 0) {
      throw new ErrnoException("hold another file", -result);
    }
  }

  /**
   * A path that leads to the file, wherever it is, until it is closed.
   *
   * @return a path below /proc
   */
  public Path path() {
    return PROCESS.resolve("fd").resolve(Integer.toString(fd));
  }

  @Override
  public void close() {
    int _ = Libc.close(fd);
  }
}
