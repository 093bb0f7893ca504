package io.lanyard.vswitch.port.datagram;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The request of a VDE client (vde-2, src/vde_switch/datasock.c), in the byte order of the host:
 *
 * <pre>
 *   0xfeedface (4), version 3 (4), type in the low 8 bits and port above (4),
 *   sockaddr_un: family (2), path that ends with a zero (108); then a description, which is not read
 * </pre>
 */
final class VdeRequest {
  /** The length of a request without its description. */
  static final int LENGTH = 12 + 110;

  private static final int MAGIC = 0xfeedface;
  private static final int VERSION = 3;
  private static final int AF_UNIX = 1;
  private static final int PATH_AT = 14;

  /** A control connection or a port: both are clients that want a data socket. */
  private static final int LAST_TYPE = 1;

  private VdeRequest() {}

  /**
   * Reads a request.
   *
   * @param request {@value #LENGTH} bytes
   * @return the absolute path of the socket that the client wants frames at; null if the request is
   *     none of this version, or names no such path
   */
  static @Nullable Path path(byte[] request) {
    if (native32(request, 0) != MAGIC
        || native32(request, 4) != VERSION
        || (request[8] & 0xff) > LAST_TYPE) {
      return null;
    }
    int family = (request[12] & 0xff) | (request[13] & 0xff) << 8;
    int end = PATH_AT;
    while (end < LENGTH && request[end] != 0) {
      end++;
    }
    if (family != AF_UNIX || end == LENGTH || request[PATH_AT] != '/') {
      return null;
    }
    try {
      return Path.of(new String(request, PATH_AT, end - PATH_AT, StandardCharsets.UTF_8));
    } catch (InvalidPathException e) {
      return null; // a locale that has no such letters
    }
  }

  private static int native32(byte[] bytes, int at) {
    return Integer.reverseBytes(
        bytes[at] << 24
            | (bytes[at + 1] & 0xff) << 16
            | (bytes[at + 2] & 0xff) << 8
            | (bytes[at + 3] & 0xff));
  }
}
