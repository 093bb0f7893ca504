package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How a network's loop has got on with the host's processors, as the kernel counts it for its
 * thread (proc_pid_schedstat).
 *
 * @param ran nanoseconds that it ran
 * @param waited nanoseconds that it could have run and had no processor
 */
record LoopProcessor(long ran, long waited) {
  /** The loop of a network of a daemon. */
  static LoopProcessor of(long pid, String network) throws IOException {
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", String.valueOf(pid), "task"))) {
      for (Path thread : threads) {
        if (text(thread, "comm").startsWith("network-" + network)) {
          String[] counts = text(thread, "schedstat").split(" ", -1);
          return new LoopProcessor(Long.parseLong(counts[0]), Long.parseLong(counts[1]));
        }
      }
    }
    throw new IOException("network " + network + " has no loop");
  }

  private static String text(Path thread, String file) throws IOException {
    return Files.readString(thread.resolve(file), US_ASCII).strip();
  }

  LoopProcessor since(LoopProcessor before) {
    return new LoopProcessor(ran - before.ran, waited - before.waited);
  }

  /** How many times longer it needed than with a processor of its own. */
  double slowness() {
    return 1 + (double) waited / Math.max(1, ran);
  }
}
