package io.lanyard.daemon.watch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How long threads of this process have waited for one of the host's processors: they could have
 * run, and others did.
 *
 * <p>Thread: any.
 */
interface ProcessorWaits {
  /** A thread that is not there, or of which the kernel does not tell. */
  long UNKNOWN = -1;

  /**
   * The kernel's number of the thread that calls; of a virtual thread, that of its carrier.
   *
   * @return its number, or {@link #UNKNOWN}
   */
  long caller();

  /**
   * The time that a thread has waited since it began.
   *
   * @param thread its number
   * @return nanoseconds, or {@link #UNKNOWN}
   */
  long nanos(long thread);

  /** As the kernel counts it ({@code /proc/PID/task/TID/schedstat}, its second field). */
  ProcessorWaits OF_KERNEL =
      new ProcessorWaits() {
        @Override
        public long caller() {
          try {
            Path self = Files.readSymbolicLink(Path.of("/proc/thread-self")); // PID/task/TID
            return Long.parseLong(self.getFileName().toString());
          } catch (IOException | NumberFormatException e) {
            return UNKNOWN;
          }
        }

        @Override
        public long nanos(long thread) {
          try {
            String line = Files.readString(Path.of("/proc/self/task/" + thread + "/schedstat"));
            return Long.parseLong(line.strip().split(" ", -1)[1]);
          } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return UNKNOWN;
          }
        }
      };
}
