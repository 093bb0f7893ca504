package io.lanyard.dhcp;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the head of an MVStore file says of the rest.
 *
 * <p>A store whose end is missing opens without a word, with what an older version of it held. The
 * head, which is written after the rest, tells that there was more.
 */
final class StoreHeader {
  private static final int BLOCK = 4096;
  private static final Pattern VERSION = Pattern.compile("\\AH:[^\n]*,version:([0-9a-f]{1,15}),");

  private StoreHeader() {}

  /**
   * The version that the file has at least, if it is whole.
   *
   * @param file the file
   * @return the version, or 0 if the head does not say
   * @throws IOException if it cannot be read
   */
  static long version(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return 0;
    }
    long newest = 0;
    try (InputStream in = Files.newInputStream(file)) {
      for (int copy = 0; copy < 2; copy++) {
        Matcher said =
            VERSION.matcher(new String(in.readNBytes(BLOCK), StandardCharsets.ISO_8859_1));
        if (said.find()) {
          newest = Math.max(newest, Long.parseLong(said.group(1), 16));
        }
      }
    }
    return newest;
  }
}
