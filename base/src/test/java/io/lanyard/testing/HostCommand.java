package io.lanyard.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Commands of the host that a test needs, such as {@code ip}: each has to work, within {@value
 * #SECONDS} s.
 */
public final class HostCommand {
  /** Iperf3 and dhclient take seconds. */
  private static final int SECONDS = 120;

  private HostCommand() {}

  /**
   * Runs a command.
   *
   * @param words its words
   * @return what it says, errors too
   * @throws IOException if it fails, with what it says
   * @throws InterruptedException if the test is to end
   */
  public static String run(String... words) throws IOException, InterruptedException {
    List<String> bounded = new ArrayList<>(List.of("timeout", String.valueOf(SECONDS)));
    bounded.addAll(List.of(words));
    Process process = new ProcessBuilder(bounded).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    if (status != 0) {
      throw new IOException(
          "%s failed with %d: %s".formatted(String.join(" ", words), status, said));
    }
    return said;
  }

  /**
   * Runs a command.
   *
   * @param line its words, with a space between two; nothing is quoted
   * @return what it says, errors too
   * @throws IOException if it fails, with what it says
   * @throws InterruptedException if the test is to end
   */
  public static String runLine(String line) throws IOException, InterruptedException {
    return run(line.split(" ", -1));
  }

  /**
   * Runs a command in a network namespace.
   *
   * @param namespace its name
   * @param line the command's words, with a space between two
   * @return what it says, errors too
   * @throws IOException if it fails, with what it says
   * @throws InterruptedException if the test is to end
   */
  public static String runIn(String namespace, String line)
      throws IOException, InterruptedException {
    return runLine("ip netns exec " + namespace + " " + line);
  }

  /**
   * Runs commands by the shell, up to the first that fails.
   *
   * @param script the commands
   * @return what they say, errors too
   * @throws IOException if one fails, with what they say
   * @throws InterruptedException if the test is to end
   */
  public static String runScript(String script) throws IOException, InterruptedException {
    return run("sh", "-ec", script);
  }
}
