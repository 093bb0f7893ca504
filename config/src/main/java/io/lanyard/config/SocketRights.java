package io.lanyard.config;

import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Who may connect to the UNIX socket of a port: Linux asks for the permission to write to its file.
 *
 * @param socketOwner the user that it belongs to; null for the daemon's
 * @param socketGroup its group; null for the daemon's
 * @param socketMode its permissions, four octal digits; null for what the daemon's umask leaves
 */
public record SocketRights(
    @Nullable String socketOwner, @Nullable String socketGroup, @Nullable String socketMode) {
  /** The daemon's user and umask. */
  public static final SocketRights DEFAULT = new SocketRights(null, null, null);

  /** The keys. */
  static final class Keys {
    private static final Kind<String> ACCOUNT =
        Kind.of(
            "account",
            "the name or number of a user or group",
            "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$",
            Keys::account,
            "libvirt-qemu");

    private static final Kind<String> MODE =
        Kind.such(
            "mode",
            "the permissions of a file, in octal and in quotes",
            "^0[0-7]{3}$",
            Keys::mode,
            "\"0660\"");

    static final Key<String> OWNER =
        Key.optional(
            "socket-owner",
            ACCOUNT,
            "the daemon's user",
            "The user that the socket's file belongs to. Only root gives files away.");

    static final Key<String> GROUP =
        Key.optional(
            "socket-group",
            ACCOUNT,
            "the daemon's group",
            "The group of the socket's file: root gives it any, a user one of its own.");

    static final Key<String> MODE_OF =
        Key.optional(
            "socket-mode",
            MODE,
            "as the daemon's umask has it",
            "The permissions of the socket's file; who may write to it may connect.");

    static final List<Key<?>> ALL = List.of(OWNER, GROUP, MODE_OF);

    private Keys() {}

    private static String account(String text) {
      if (!text.matches("[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}")) {
        throw new IllegalArgumentException("a character of it is not allowed, or it is too long");
      }
      return text;
    }

    private static String mode(String text) {
      if (!text.matches("0[0-7]{3}")) {
        throw new IllegalArgumentException("it has four octal digits, and begins with 0");
      }
      return text;
    }
  }

  static SocketRights read(Fields port) {
    return new SocketRights(port.find(Keys.OWNER), port.find(Keys.GROUP), port.find(Keys.MODE_OF));
  }

  void describe(BiConsumer<String, Object> parts) {
    if (socketOwner != null) {
      parts.accept(Keys.OWNER.name(), socketOwner);
    }
    if (socketGroup != null) {
      parts.accept(Keys.GROUP.name(), socketGroup);
    }
    if (socketMode != null) {
      parts.accept(Keys.MODE_OF.name(), socketMode);
    }
  }

  /**
   * The permissions in the form of {@code ls}.
   *
   * @return such as {@code rw-rw----}; null for what the umask leaves
   */
  public @Nullable String permissions() {
    if (socketMode == null) {
      return null;
    }
    int bits = Integer.parseInt(socketMode, 8);
    StringBuilder text = new StringBuilder(9);
    for (int bit = 8; bit >= 0; bit--) {
      text.append((bits >> bit & 1) == 0 ? '-' : "xwr".charAt(bit % 3));
    }
    return text.toString();
  }
}
