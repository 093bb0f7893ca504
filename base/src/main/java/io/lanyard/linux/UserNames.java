package io.lanyard.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The names of the host's users, as {@code /etc/passwd} has them. Users of a directory service have
 * none here.
 *
 * <p>Thread: any.
 */
public final class UserNames {
  private static final Path PASSWD = Path.of("/etc/passwd");

  /** A name is looked up once: it stays for as long as the process runs. */
  private static final Map<Integer, String> KNOWN = new ConcurrentHashMap<>();

  private UserNames() {}

  /**
   * The name of a user.
   *
   * @param uid the user's number
   * @return its name, or the number as text if it has none
   */
  public static String of(int uid) {
    return KNOWN.computeIfAbsent(uid, number -> find(PASSWD, number));
  }

  /** Finds a name in a file in the form of passwd(5). */
  static String find(Path passwd, int uid) {
    String number = Integer.toUnsignedString(uid);
    try {
      for (String line : Files.readString(passwd, StandardCharsets.ISO_8859_1).lines().toList()) {
        String[] fields = line.split(":", 4);
        if (fields.length == 4 && fields[2].equals(number) && fields[0].matches("[\\w.-]{1,64}")) {
          return fields[0];
        }
      }
    } catch (IOException e) {
      // A container may have no such file; the number says as much.
    }
    return number;
  }
}
