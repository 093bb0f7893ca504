package io.lanyard.qemu;

import io.lanyard.base.Causes;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A QEMU's version, where the command line depends on it.
 *
 * @param major the first number
 * @param minor the second
 */
record QemuVersion(int major, int minor) {
  private static final Pattern BANNER = Pattern.compile("version (\\d{1,4})\\.(\\d{1,4})");

  /** The banner has one line; nobody prints more. */
  private static final int MOST_BYTES = 4096;

  /**
   * Asks a program, which answers within some milliseconds.
   *
   * @throws VmmException if it does not say one
   */
  static QemuVersion of(Path program) throws VmmException {
    try {
      Process process =
          new ProcessBuilder(program.toString(), "--version").redirectErrorStream(true).start();
      process.getOutputStream().close();
      byte[] said = process.getInputStream().readNBytes(MOST_BYTES);
      process.destroy();
      return read(new String(said, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new VmmException("cannot run " + program + ": " + Causes.of(e), e);
    }
  }

  /** Reads the first line of {@code --version}. */
  static QemuVersion read(String banner) throws VmmException {
    Matcher numbers = BANNER.matcher(banner);
    if (!numbers.find()) {
      throw new VmmException("QEMU does not say its version, but: " + banner.strip());
    }
    return new QemuVersion(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)));
  }

  /** A socket's option to connect again a second after the other end has gone. */
  String reconnect() {
    return major > 9 || (major == 9 && minor >= 2) ? "reconnect-ms=1000" : "reconnect=1";
  }
}
