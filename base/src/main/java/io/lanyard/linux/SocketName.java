package io.lanyard.linux;

import io.lanyard.net.Endpoint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The address of a socket as the kernel has it: the path of a UNIX socket (unix(7)), or an IP
 * address and port (ip(7), ipv6(7)).
 *
 * <p>It lies in native memory, so that a call takes it as it is. Two names are the same address if
 * they have the same bytes: a path that is written otherwise is another name.
 *
 * <p>Thread: any; it does not change.
 */
public final class SocketName {
  /** The length of {@code sun_path}, less the zero at its end. */
  public static final int LONGEST_PATH = 107;

  static final int AF_UNIX = 1;
  private static final int PATH_AT = 2;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private final MemorySegment bytes;

  private SocketName(MemorySegment bytes) {
    this.bytes = bytes;
  }

  /**
   * The name of a UNIX socket.
   *
   * @param path its path
   * @return a new object
   * @throws IllegalArgumentException if the path has more than {@value #LONGEST_PATH} bytes
   */
  public static SocketName of(Path path) {
    byte[] text = path.toString().getBytes(StandardCharsets.UTF_8);
    if (text.length > LONGEST_PATH) {
      throw new IllegalArgumentException(
          "a socket's path has at most "
              + LONGEST_PATH
              + " bytes, and "
              + path
              + " has "
              + text.length);
    }
    MemorySegment memory = Arena.ofAuto().allocate(PATH_AT + text.length + 1L, 8);
    memory.set(SHORT, 0, (short) AF_UNIX);
    Libc.copy(text, memory.asSlice(PATH_AT));
    return new SocketName(memory);
  }

  /**
   * The name of an IP socket, of its address's family.
   *
   * @param endpoint address and port
   * @return a new object
   */
  public static SocketName of(Endpoint endpoint) {
    int family = endpoint.address().isIpv4() ? SocketAddresses.AF_INET : SocketAddresses.AF_INET6;
    MemorySegment memory = Arena.ofAuto().allocate(SocketAddresses.LENGTH, 8);
    int length =
        SocketAddresses.write(
            memory,
            0,
            family,
            endpoint.address().high(),
            endpoint.address().low(),
            endpoint.port(),
            0);
    return new SocketName(memory.asSlice(0, length));
  }

  /** A copy of a name that the kernel has written; null if that is no address of either kind. */
  static @Nullable SocketName copy(MemorySegment memory, long at, int length) {
    if (length <= PATH_AT || (memory.get(SHORT, at) == AF_UNIX && length == PATH_AT + 1)) {
      return null;
    }
    MemorySegment copy = Arena.ofAuto().allocate(length, 8);
    MemorySegment.copy(memory, at, copy, 0, length);
    return new SocketName(copy);
  }

  /** Whether the kernel has written this name. */
  boolean is(MemorySegment memory, long at, int length) {
    return length == length()
        && MemorySegment.mismatch(memory, at, at + length, bytes, 0, length) < 0;
  }

  long address() {
    return bytes.address();
  }

  int length() {
    return (int) bytes.byteSize();
  }

  int family() {
    return bytes.get(SHORT, 0);
  }

  /**
   * The path of a UNIX socket.
   *
   * @return its text; null for another socket, and for a name of the abstract namespace
   */
  public @Nullable Path path() {
    if (family() != AF_UNIX || bytes.get(BYTE, PATH_AT) == 0) {
      return null;
    }
    return Path.of(text());
  }

  private String text() {
    byte[] text = new byte[length() - PATH_AT];
    int count = 0;
    while (count < text.length && bytes.get(BYTE, PATH_AT + count) != 0) {
      text[count] = bytes.get(BYTE, PATH_AT + count);
      count++;
    }
    return new String(text, 0, count, StandardCharsets.UTF_8);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SocketName that && that.is(bytes, 0, length());
  }

  @Override
  public int hashCode() {
    int hash = 0;
    for (int i = 0; i < length(); i++) {
      hash = 31 * hash + bytes.get(BYTE, i);
    }
    return hash;
  }

  /** A path, an endpoint, or the bytes of an abstract name. */
  @Override
  public String toString() {
    if (family() == AF_UNIX) {
      return bytes.get(BYTE, PATH_AT) == 0
          ? "@" + HexFormat.of().formatHex(bytes.toArray(BYTE), PATH_AT + 1, length())
          : text();
    }
    return new Endpoint(SocketAddresses.address(bytes, 0), SocketAddresses.port(bytes, 0))
        .toString();
  }
}
