package io.lanyard.testing;

import java.io.IOException;
import java.util.Arrays;

/**
 * A process without free descriptors, for as long as a test wants. Needs {@code prlimit}.
 *
 * <p>Whatever the test needs to open, and each class that it needs to load from a file, comes
 * before {@link #begin}.
 *
 * <p>Thread: the test's.
 */
public final class FewDescriptors implements AutoCloseable {
  private static final byte[] DONE = {'s', 'e', 't', '\n'};

  private final Process shell;
  private boolean begun;
  private boolean ended;

  /**
   * Starts the shell that sets the limit, which takes descriptors itself.
   *
   * @throws IOException if it cannot be started
   */
  public FewDescriptors() throws IOException {
    long pid = ProcessHandle.current().pid();
    String set = "prlimit --pid " + pid + " --nofile=%s: && echo set; read line; ";
    shell =
        new ProcessBuilder(
                "sh",
                "-c",
                "before=$(prlimit --pid %d --nofile --output SOFT --noheadings); ".formatted(pid)
                    + "read line; "
                    + set.formatted("8")
                    + set.formatted("$before"))
            .start();
  }

  /**
   * Takes them: the numbers below the limit are all in use from now on.
   *
   * @throws IOException if the limit cannot be set
   */
  public void begin() throws IOException {
    begun = true;
    step();
  }

  /**
   * Gives them back.
   *
   * @throws IOException if the limit cannot be set
   */
  public void end() throws IOException {
    if (begun && !ended) {
      ended = true;
      step();
    }
  }

  private void step() throws IOException {
    shell.getOutputStream().write('\n');
    shell.getOutputStream().flush();
    byte[] said = shell.getInputStream().readNBytes(DONE.length);
    if (!Arrays.equals(said, DONE)) {
      throw new IOException("prlimit failed");
    }
  }

  @Override
  public void close() throws IOException {
    end();
    shell.destroy();
  }
}
