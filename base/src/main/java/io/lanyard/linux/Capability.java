package io.lanyard.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A permission that the kernel gives to some processes only (capabilities(7)). */
public enum Capability {
  /** To make and configure interfaces. */
  NET_ADMIN(12),

  /** To open packet sockets. */
  NET_RAW(13);

  private final int number;

  Capability(int number) {
    this.number = number;
  }

  /**
   * Whether this process has it now.
   *
   * @return false also where {@code /proc} does not say
   */
  public boolean effective() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("CapEff:")) {
          long set = Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16);
          return (set >>> number & 1) != 0;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return false;
    }
    return false;
  }
}
