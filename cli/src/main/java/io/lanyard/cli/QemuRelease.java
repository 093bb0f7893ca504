package io.lanyard.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A QEMU's version, where its command line depends on it.
 *
 * @param major the first number; 0 if it is not known
 * @param minor the second
 */
record QemuRelease(int major, int minor) {
  static final QemuRelease UNKNOWN = new QemuRelease(0, 0);

  private static final Pattern BANNER = Pattern.compile("version (\\d{1,4})\\.(\\d{1,4})");
  private static final List<String> PROGRAMS =
      List.of("qemu-system-x86_64", "qemu-system-aarch64", "qemu-system-riscv64");

  /** The banner has one line. */
  private static final int MOST_BYTES = 4096;

  /** The version of the QEMU that this user's PATH leads to. */
  static QemuRelease installed() {
    String path = System.getenv("PATH");
    for (String directory : (path == null ? "" : path).split(File.pathSeparator, -1)) {
      for (String name : PROGRAMS) {
        Path program = Path.of(directory, name);
        if (directory.startsWith("/") && Files.isExecutable(program)) {
          return of(program);
        }
      }
    }
    return UNKNOWN;
  }

  private static QemuRelease of(Path program) {
    try {
      Process process =
          new ProcessBuilder(program.toString(), "--version").redirectErrorStream(true).start();
      process.getOutputStream().close();
      byte[] said = process.getInputStream().readNBytes(MOST_BYTES);
      process.destroy();
      return read(new String(said, StandardCharsets.UTF_8));
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  /** Reads what {@code --version} prints. */
  static QemuRelease read(String banner) {
    Matcher numbers = BANNER.matcher(banner);
    return numbers.find()
        ? new QemuRelease(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)))
        : UNKNOWN;
  }

  private boolean isSince(int wantedMajor, int wantedMinor) {
    return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
  }

  /** The option of a character device that connects again, with a comma behind it. */
  String chardevReconnect() {
    return isSince(9, 2) ? "reconnect-ms=1000," : "reconnect=1,";
  }

  /** The option of {@code -netdev stream}, or an empty text where there is none. */
  String streamReconnect() {
    return isSince(9, 2) ? "reconnect-ms=1000," : isSince(8, 0) ? "reconnect=1," : "";
  }
}
