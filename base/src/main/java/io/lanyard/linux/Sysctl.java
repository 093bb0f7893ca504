package io.lanyard.linux;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads the kernel's settings below {@code /proc/sys}.
 *
 * <p>The kernel answers the first read(2) of most of these files and says to every later one that
 * the file has ended, however little the first one asked for. {@link
 * java.nio.file.Files#readString} asks for one byte first, because the files have a size of 0, and
 * would see the first digit alone.
 *
 * <p>Thread: any.
 */
public final class Sysctl {
  private Sysctl() {}

  /**
   * The text of a setting.
   *
   * @param setting a file below {@code /proc/sys}
   * @param most the length in bytes that the text has at most; what is beyond it is not read
   * @return the text without white space at either end
   * @throws IOException if there is no such setting, or this user may not read it
   */
  public static String read(Path setting, int most) throws IOException {
    byte[] text = new byte[most];
    try (FileInputStream file = new FileInputStream(setting.toFile())) {
      int length = Math.max(file.read(text), 0);
      return new String(text, 0, length, StandardCharsets.ISO_8859_1).strip();
    }
  }
}
