package io.lanyard.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How a thread has got on with the host's processors, as the kernel counts it for the thread
 * (proc_pid_schedstat).
 *
 * @param ran nanoseconds that it ran
 * @param waited nanoseconds that it could have run and had no processor
 */
public record ProcessorTime(long ran, long waited) {
  /**
   * A thread of a process.
   *
   * @param pid the process's number
   * @param name how the thread's name begins, of which the kernel keeps 15 bytes
   * @return its time until now
   * @throws IOException if the process has no such thread
   */
  public static ProcessorTime of(long pid, String name) throws IOException {
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", String.valueOf(pid), "task"))) {
      for (Path thread : threads) {
        if (text(thread, "comm").startsWith(name)) {
          return read(thread);
        }
      }
    }
    throw new IOException("process " + pid + " has no thread " + name);
  }

  /**
   * The thread that calls.
   *
   * @return its time until now
   * @throws IOException if the kernel does not tell
   */
  public static ProcessorTime ofThisThread() throws IOException {
    return read(Path.of("/proc/thread-self"));
  }

  private static ProcessorTime read(Path thread) throws IOException {
    String[] counts = text(thread, "schedstat").split(" ", -1);
    return new ProcessorTime(Long.parseLong(counts[0]), Long.parseLong(counts[1]));
  }

  private static String text(Path thread, String file) throws IOException {
    return Files.readString(thread.resolve(file), US_ASCII).strip();
  }

  /**
   * The time since an earlier look at the thread.
   *
   * @param before what it was then
   * @return the difference
   */
  public ProcessorTime since(ProcessorTime before) {
    return new ProcessorTime(ran - before.ran, waited - before.waited);
  }

  /**
   * The slowness of the thread.
   *
   * @return how many times longer it needed than with a processor of its own, at least 1
   */
  public double slowness() {
    return 1 + (double) waited / Math.max(1, ran);
  }
}
