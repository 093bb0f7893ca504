package io.lanyard.linux;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The messages of rtnetlink(7) about the host's own addresses, taken apart: those about addresses,
 * and those about routes that end at the host itself.
 *
 * <p>A datagram holds messages, a message holds attributes; each has its length in front. A length
 * that leads beyond what is there ends the reading, and the rest is not looked at.
 */
final class AddressMessages {
  static final int NEW_ADDRESS = 20;
  static final int DELETE_ADDRESS = 21;
  static final int GET_ADDRESS = 22;
  static final int NEW_ROUTE = 24;
  static final int DELETE_ROUTE = 25;
  static final int GET_ROUTE = 26;

  /** Bytes of the request for all addresses: a header and a {@code struct ifaddrmsg}. */
  static final int REQUEST_LENGTH = 24;

  /** Bytes of the request for all local routes: a header and a {@code struct rtmsg}. */
  static final int ROUTES_REQUEST_LENGTH = 28;

  private static final int ERROR = 2;
  private static final int DONE = 3;
  private static final int OVERRUN = 4;

  private static final int FLAG_REQUEST = 0x1;
  private static final int FLAG_MULTIPART = 0x2;
  private static final int FLAG_DUMP_INTERRUPTED = 0x10;
  private static final int FLAG_DUMP = 0x300;

  private static final int HEADER = 16;
  private static final int BODY = 8;
  private static final int ROUTE_BODY = 12;
  private static final int ATTRIBUTE_HEADER = 4;
  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int RTA_DESTINATION = 1;

  /** The table that the kernel looks into first; a local route elsewhere needs a rule to count. */
  private static final int TABLE_LOCAL = 255;

  private static final int TYPE_LOCAL = 2;
  private static final int TYPE_ANYCAST = 4;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;

  /** Hears of the messages. */
  interface Listener {
    /** An address of the list that was asked for. */
    void listed(HostAddress address);

    /** An address has come or gone. */
    void changed(boolean present, HostAddress address);

    /** A local route of the list that was asked for. */
    void listed(Subnet route);

    /** A local route has come or gone. */
    void changed(boolean present, Subnet route);

    /** The list is complete; {@code consistent} is false if it changed meanwhile. */
    void done(int sequence, boolean consistent);

    /** The request has failed. */
    void failed(int sequence);
  }

  private AddressMessages() {}

  /** Writes a request for all addresses. */
  static ByteBuffer request(int sequence) {
    return ByteBuffer.allocate(REQUEST_LENGTH)
        .order(ByteOrder.nativeOrder())
        .putInt(REQUEST_LENGTH)
        .putShort((short) GET_ADDRESS)
        .putShort((short) (FLAG_REQUEST | FLAG_DUMP))
        .putInt(sequence)
        .putInt(0)
        .putLong(0)
        .flip();
  }

  /**
   * Writes a request for all routes of the local table, of which a kernel that does not check
   * requests strictly makes all routes.
   */
  static ByteBuffer routesRequest(int sequence) {
    return ByteBuffer.allocate(ROUTES_REQUEST_LENGTH)
        .order(ByteOrder.nativeOrder())
        .putInt(ROUTES_REQUEST_LENGTH)
        .putShort((short) GET_ROUTE)
        .putShort((short) (FLAG_REQUEST | FLAG_DUMP))
        .putInt(sequence)
        .putInt(0)
        .putInt(0)
        .put((byte) TABLE_LOCAL)
        .put(new byte[7])
        .flip();
  }

  /**
   * Reads the messages of a datagram.
   *
   * @param data from its position to its limit, both left alone
   * @return false if something did not have the form of rtnetlink
   */
  static boolean read(ByteBuffer data, Listener listener) {
    ByteBuffer in = data.duplicate().order(ByteOrder.nativeOrder());
    int end = in.limit();
    int at = in.position();
    boolean interrupted = false;
    while (end - at >= HEADER) {
      int length = in.getInt(at);
      if (length < HEADER || length > end - at) {
        return false;
      }
      int type = in.getShort(at + 4) & 0xffff;
      int flags = in.getShort(at + 6) & 0xffff;
      int sequence = in.getInt(at + 8);
      interrupted |= (flags & FLAG_DUMP_INTERRUPTED) != 0;
      switch (type) {
        case NEW_ADDRESS, DELETE_ADDRESS -> {
          if (length < HEADER + BODY) {
            return false;
          }
          HostAddress address = address(in, at + HEADER, at + length);
          if (address != null && (flags & FLAG_MULTIPART) != 0) {
            listener.listed(address);
          } else if (address != null) {
            listener.changed(type == NEW_ADDRESS, address);
          }
        }
        case NEW_ROUTE, DELETE_ROUTE -> {
          if (length < HEADER + ROUTE_BODY) {
            return false;
          }
          Subnet route = localRoute(in, at + HEADER, at + length);
          if (route != null && (flags & FLAG_MULTIPART) != 0) {
            listener.listed(route);
          } else if (route != null) {
            listener.changed(type == NEW_ROUTE, route);
          }
        }
        case DONE -> listener.done(sequence, !interrupted);
        case ERROR, OVERRUN -> listener.failed(sequence);
        default -> {
          // Nothing of addresses.
        }
      }
      // The last message's padding may be missing.
      at = Math.min(end, at + (length + 3 & ~3));
    }
    return at == end;
  }

  /** Null for another family, and where the message does not name an address. */
  private static @Nullable HostAddress address(ByteBuffer in, int body, int end) {
    int family = in.get(body);
    int size = family == AF_INET ? 4 : 16;
    int prefix = in.get(body + 1) & 0xff;
    int device = in.getInt(body + 4);
    if ((family != AF_INET && family != AF_INET6) || prefix > 8 * size) {
      return null;
    }
    Address address = null;
    boolean local = false;
    for (int at = body + BODY; end - at >= ATTRIBUTE_HEADER; ) {
      int length = in.getShort(at) & 0xffff;
      if (length < ATTRIBUTE_HEADER || length > end - at) {
        return null;
      }
      int type = in.getShort(at + 2) & 0xffff;
      // Where the link has two ends, IFA_LOCAL is the host's and IFA_ADDRESS the other's.
      if (length == ATTRIBUTE_HEADER + size
          && (type == IFA_LOCAL || (type == IFA_ADDRESS && !local))) {
        byte[] bytes = new byte[size];
        in.get(at + ATTRIBUTE_HEADER, bytes);
        address = Address.of(bytes);
        local = type == IFA_LOCAL;
      }
      at += length + 3 & ~3;
    }
    return address == null ? null : new HostAddress(device, address, prefix);
  }

  /** Null for a route that leads elsewhere, and where the message does not name its destination. */
  private static @Nullable Subnet localRoute(ByteBuffer in, int body, int end) {
    int family = in.get(body);
    int size = family == AF_INET ? 4 : 16;
    int prefix = in.get(body + 1) & 0xff;
    int table = in.get(body + 4) & 0xff;
    int type = in.get(body + 7) & 0xff;
    if ((family != AF_INET && family != AF_INET6)
        || prefix > 8 * size
        || table != TABLE_LOCAL
        || (type != TYPE_LOCAL && type != TYPE_ANYCAST)) {
      return null;
    }
    // A route to everything names no destination.
    byte[] destination = prefix == 0 ? new byte[size] : null;
    for (int at = body + ROUTE_BODY; end - at >= ATTRIBUTE_HEADER; ) {
      int length = in.getShort(at) & 0xffff;
      if (length < ATTRIBUTE_HEADER || length > end - at) {
        return null;
      }
      if (length == ATTRIBUTE_HEADER + size && in.getShort(at + 2) == RTA_DESTINATION) {
        destination = new byte[size];
        in.get(at + ATTRIBUTE_HEADER, destination);
      }
      at += length + 3 & ~3;
    }
    return destination == null ? null : Subnet.of(Address.of(destination), prefix);
  }
}
