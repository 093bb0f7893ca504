package io.lanyard.dhcp;

import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes replies (RFC 2131 section 4.3, table 3).
 *
 * <p>What never changes on a network is encoded once. A reply has first what the protocol needs,
 * then what the client's parameter request list names in its order (RFC 2132 section 9.8), each
 * only as long as it fits the size that the client takes, and last the relay's own option.
 */
final class DhcpReply {
  /** The length of a BOOTP message, below which relays and old clients drop it (RFC 1542 2.1). */
  private static final int MIN_LENGTH = 300;

  /** The fields sname and file (RFC 2131 section 2); the latter ends with a zero. */
  private static final int SNAME_LENGTH = 64;

  private static final int FILE_LENGTH = 128;

  private static final int BOOTREPLY = 2;
  private static final int ETHERNET = 1;

  /** The options for a client that names no parameters. */
  private static final byte[] DEFAULT_LIST = {
    DhcpOption.SUBNET_MASK,
    DhcpOption.ROUTER,
    DhcpOption.DNS_SERVERS,
    DhcpOption.DOMAIN_NAME,
    DhcpOption.BROADCAST_ADDRESS,
    DhcpOption.INTERFACE_MTU,
    DhcpOption.HOST_NAME
  };

  private final DhcpTerms terms;
  private final byte[] @Nullable [] fixed = new byte[256][];

  DhcpReply(DhcpTerms terms) {
    this.terms = terms;
    configure();
  }

  /** Says what the terms say now. */
  void configure() {
    Arrays.fill(fixed, null);
    Map<Integer, byte[]> values = new TreeMap<>();
    values.put(DhcpOption.SUBNET_MASK, addresses(List.of(terms.subnet().mask())));
    values.put(DhcpOption.BROADCAST_ADDRESS, addresses(List.of(terms.subnet().last())));
    values.put(DhcpOption.ROUTER, addresses(terms.options().routers()));
    values.put(DhcpOption.DNS_SERVERS, addresses(terms.options().dnsServers()));
    values.put(DhcpOption.NTP_SERVERS, addresses(terms.options().ntpServers(true)));
    if (terms.domain() != null) {
      values.put(DhcpOption.DOMAIN_NAME, terms.domain().getBytes(StandardCharsets.ISO_8859_1));
    }
    if (terms.options().bootFile() != null) {
      values.put(
          DhcpOption.BOOT_FILE, terms.options().bootFile().getBytes(StandardCharsets.US_ASCII));
    }
    if (terms.options().nextServer() != null) {
      values.put(
          DhcpOption.TFTP_SERVER_NAME,
          terms.options().nextServer().toString().getBytes(StandardCharsets.US_ASCII));
    }
    values.put(DhcpOption.DOMAIN_SEARCH, DomainSearch.encode(terms.options().domainSearch()));
    values.forEach((code, value) -> {
      if (value.length > 0) {
        fixed[code] = value;
      }
    });
  }

  private static byte[] addresses(List<Address> list) {
    byte[] out = new byte[4 * list.size()];
    int at = 0;
    for (Address address : list) {
      System.arraycopy(address.toBytes(), 0, out, at, 4);
      at += 4;
    }
    return out;
  }

  /** An offer or an acknowledgement of a lease. */
  ByteBuf lease(
      ByteBufAllocator allocator, DhcpMessage request, MessageType type, Lease lease, int seconds) {
    ByteBuf out = header(allocator, request, type, lease.address().ipv4());
    putInt(out, DhcpOption.LEASE_TIME, seconds);
    // RFC 2131 section 4.4.5: T1 is half of the lease, T2 seven eighths; an infinite one has none.
    if (seconds != -1) {
      putInt(out, DhcpOption.RENEWAL_TIME, seconds >>> 1);
      putInt(out, DhcpOption.REBINDING_TIME, (int) ((seconds & 0xffff_ffffL) * 7 / 8));
    }
    parameters(out, request, lease.hostname());
    return end(out, request);
  }

  /** The answer to an INFORM: parameters, but no address and no times (section 4.3.5). */
  ByteBuf inform(ByteBufAllocator allocator, DhcpMessage request) {
    ByteBuf out = header(allocator, request, MessageType.ACK, 0);
    parameters(out, request, null);
    return end(out, request);
  }

  /** A refusal, with what a human may read in the client's log. */
  ByteBuf nak(ByteBufAllocator allocator, DhcpMessage request, String why) {
    ByteBuf out = header(allocator, request, MessageType.NAK, 0);
    put(out, DhcpOption.MESSAGE, why.getBytes(StandardCharsets.US_ASCII));
    return end(out, request);
  }

  private ByteBuf header(
      ByteBufAllocator allocator, DhcpMessage request, MessageType type, int yiaddr) {
    ByteBuf out = allocator.buffer(576);
    boolean nak = type == MessageType.NAK;
    out.writeByte(BOOTREPLY).writeByte(ETHERNET).writeByte(6).writeByte(0);
    out.writeInt(request.xid);
    out.writeShort(0);
    // RFC 2131 section 4.3.2: a relay must broadcast a NAK, so the bit is set in one.
    boolean relayedNak = nak && request.relayed();
    out.writeShort(relayedNak ? request.flags | DhcpMessage.BROADCAST_FLAG : request.flags);
    out.writeInt(nak || type == MessageType.OFFER ? 0 : request.ciaddr.ipv4());
    out.writeInt(yiaddr);
    out.writeInt(
        nak || terms.options().nextServer() == null ? 0 : terms.options().nextServer().ipv4());
    out.writeInt(request.giaddr.ipv4());
    out.writeShort((int) (request.mac >>> 32)).writeInt((int) request.mac);
    out.writeZero(10 + SNAME_LENGTH);
    bootFile(out, nak);
    out.writeInt(DhcpMessage.MAGIC_COOKIE);
    put(out, DhcpOption.MESSAGE_TYPE, new byte[] {(byte) type.code()});
    putInt(out, DhcpOption.SERVER_ID, terms.server().ipv4());
    // RFC 6842 section 3: the client's identifier comes back in every reply, a NAK too.
    byte[] id = request.option(DhcpOption.CLIENT_ID);
    if (id != null) {
      put(out, DhcpOption.CLIENT_ID, id);
    }
    return out;
  }

  /**
   * Writes the file field, for boot ROMs that ask for no options; a name that does not fit is in
   * option 67 alone.
   */
  private void bootFile(ByteBuf out, boolean nak) {
    byte[] file = fixed[DhcpOption.BOOT_FILE];
    int length = nak || file == null || file.length >= FILE_LENGTH ? 0 : file.length;
    if (length > 0) {
      out.writeBytes(file);
    }
    out.writeZero(FILE_LENGTH - length);
  }

  private void parameters(ByteBuf out, DhcpMessage request, @Nullable String hostname) {
    byte[] list = request.option(DhcpOption.PARAMETER_LIST);
    byte[] wanted = list == null ? DEFAULT_LIST : list;
    int limit = Math.min(request.maxReply(), mtu(request) - 28) - 1 - relayLength(request);
    BitSet done = new BitSet(256);
    // RFC 2132 section 3.3: the mask comes before the router, and section 4.3.1 of RFC 2131 wants
    // it in every reply that has routers.
    if (!names(wanted, DhcpOption.SUBNET_MASK) || comesAfterRouter(wanted)) {
      parameter(out, DhcpOption.SUBNET_MASK, request, hostname, limit, done);
    }
    for (byte code : wanted) {
      parameter(out, code & 255, request, hostname, limit, done);
    }
    byte[] fqdn = ClientName.answer(request, hostname, terms.domain());
    if (fqdn != null && fqdn.length <= 255 && out.readableBytes() + 2 + fqdn.length <= limit) {
      put(out, DhcpOption.CLIENT_FQDN, fqdn);
    }
  }

  private void parameter(
      ByteBuf out,
      int code,
      DhcpMessage request,
      @Nullable String hostname,
      int limit,
      BitSet done) {
    if (done.get(code)) {
      return;
    }
    done.set(code);
    byte[] value = fixed[code];
    if (code == DhcpOption.HOST_NAME && hostname != null) {
      value = hostname.getBytes(StandardCharsets.US_ASCII);
    } else if (code == DhcpOption.INTERFACE_MTU) {
      int mtu = mtu(request);
      value = new byte[] {(byte) (mtu >>> 8), (byte) mtu};
    }
    if (value != null && out.readableBytes() + encodedLength(value) <= limit) {
      put(out, code, value);
    }
  }

  /** The largest packet that passes on the way to a client. */
  private int mtu(DhcpMessage request) {
    return Math.min(terms.mtu(), request.budget().mtu());
  }

  private static boolean names(byte[] list, int code) {
    for (byte each : list) {
      if ((each & 255) == code) {
        return true;
      }
    }
    return false;
  }

  private static boolean comesAfterRouter(byte[] list) {
    for (byte each : list) {
      if (each == DhcpOption.SUBNET_MASK) {
        return false;
      }
      if (each == DhcpOption.ROUTER) {
        return true;
      }
    }
    return false;
  }

  private static int relayLength(DhcpMessage request) {
    byte[] relay = request.option(DhcpOption.RELAY_AGENT_INFORMATION);
    return relay == null || !request.relayed() ? 0 : encodedLength(relay);
  }

  private static int encodedLength(byte[] value) {
    return value.length + 2 * Math.max(1, (value.length + 254) / 255);
  }

  private static ByteBuf end(ByteBuf out, DhcpMessage request) {
    byte[] relay = request.option(DhcpOption.RELAY_AGENT_INFORMATION);
    if (relay != null && request.relayed()) {
      put(out, DhcpOption.RELAY_AGENT_INFORMATION, relay); // RFC 3046 section 2.2: as it came, last
    }
    out.writeByte(DhcpOption.END);
    int missing = MIN_LENGTH - out.readableBytes();
    if (missing > 0) {
      out.writeZero(missing);
    }
    return out;
  }

  private static void putInt(ByteBuf out, int code, int value) {
    out.writeByte(code).writeByte(4).writeInt(value);
  }

  /** Writes an option; what is longer than 255 bytes is split (RFC 3396 section 6). */
  private static void put(ByteBuf out, int code, byte[] value) {
    int at = 0;
    do {
      int length = Math.min(255, value.length - at);
      out.writeByte(code).writeByte(length).writeBytes(value, at, length);
      at += length;
    } while (at < value.length);
  }
}
