package io.lanyard.daemon;

import io.lanyard.base.Causes;
import io.lanyard.base.LogEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The right to use a state directory, which one daemon has at a time.
 *
 * <p>The kernel gives it back when the process ends, however it ends, so there is no stale lock to
 * clear away. The file says which process has it, for the message that the other one prints.
 */
final class StateLock implements AutoCloseable {
  private static final String NAME = "daemon.lock";

  private final FileChannel channel;

  private StateLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @param directory the state directory
   * @return the lock
   * @throws StartException if another daemon has it
   */
  static StateLock take(Path directory) throws StartException {
    Path file = directory.resolve(NAME);
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      FileLock lock = tryLock(channel);
      if (lock == null) {
        String holder = Files.readString(file).strip();
        channel.close();
        throw new StartException(
            "another daemon"
                + (holder.isEmpty() ? "" : " (process " + holder + ")")
                + " uses the state directory "
                + directory,
            "stop it first, or give this one directories of its own with --state-dir and"
                + " --runtime-dir");
      }
      channel.truncate(0);
      String pid = ProcessHandle.current().pid() + "\n";
      channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)));
      return new StateLock(channel);
    } catch (IOException e) {
      throw new StartException("cannot lock " + file + ": " + Causes.of(e), "", e);
    }
  }

  /**
   * Looks whether another daemon has the lock.
   *
   * @param directory the state directory, which need not be there
   * @throws StartException if it has
   */
  static void check(Path directory) throws StartException {
    if (Files.exists(directory.resolve(NAME))) {
      take(directory).close();
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The process is ending; the kernel gives the lock back.
      LogEvent.of("lock-not-released")
          .log(System.getLogger(StateLock.class.getName()), System.Logger.Level.DEBUG, e);
    }
  }
}
