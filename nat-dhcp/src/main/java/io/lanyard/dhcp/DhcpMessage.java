package io.lanyard.dhcp;

import io.lanyard.base.EnumText;
import io.lanyard.nat.gateway.DatagramService.DatagramPeer;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message from a client or a relay, read and checked (RFC 2131 section 2).
 *
 * <p>What is here is well formed: the options have the lengths that RFC 2132 gives them. An option
 * of another length counts as absent, because a client that errs in one still needs an address. A
 * message may lie in all that it says.
 */
final class DhcpMessage implements ClientRequest {
  static final int FIXED_LENGTH = 236;
  static final int MAGIC_COOKIE = 0x63825363;
  static final int BROADCAST_FLAG = 0x8000;
  private static final int BOOTREQUEST = 1;
  private static final int ETHERNET = 1;
  private static final int SNAME_OFFSET = 44;
  private static final int FILE_OFFSET = 108;

  /** More than any client sends, and less than would make parsing a burden. */
  private static final int MAX_LENGTH = 4096;

  final MessageType type;
  final int xid;
  final int flags;
  final Address ciaddr;
  final Address giaddr;
  final long mac;

  /** The name of the port that it came in by, which the sender cannot choose. */
  final String port;

  /** The budget of that port. */
  final PortBudget budget;

  /** The Ethernet source of its frame: the client's MAC address, unless a relay sent it. */
  final long sender;

  /** Whom the message is from: what it says, unless the server has found out better. */
  ClientId client;

  private final OptionSet options;
  private final List<Vacated> vacated = new ArrayList<>(0);

  private DhcpMessage(
      ByteBuf in, int at, MessageType type, long mac, OptionSet options, DatagramPeer from) {
    this.budget = from.station().budget();
    this.port = budget.name();
    this.sender = from.mac();
    this.type = type;
    this.xid = in.getInt(at + 4);
    this.flags = in.getUnsignedShort(at + 10);
    this.ciaddr = Address.ofIpv4(in.getInt(at + 12));
    this.giaddr = Address.ofIpv4(in.getInt(at + 24));
    this.mac = mac;
    this.options = options;
    byte[] id = options.get(DhcpOption.CLIENT_ID);
    this.client = id == null ? ClientId.ofMac(mac) : ClientId.of(id);
  }

  /**
   * Reads a message.
   *
   * @param in the UDP payload between reader and writer index; not changed
   * @param from who sent it
   * @return the message, or null if it is not a well-formed DHCP request of an Ethernet client
   */
  static @Nullable DhcpMessage parse(ByteBuf in, DatagramPeer from) {
    int at = in.readerIndex();
    int length = in.readableBytes();
    if (length < FIXED_LENGTH + 4
        || length > MAX_LENGTH
        || in.getByte(at) != BOOTREQUEST
        || in.getByte(at + 1) != ETHERNET
        || in.getByte(at + 2) != 6
        || in.getInt(at + FIXED_LENGTH) != MAGIC_COOKIE) {
      return null;
    }
    long mac =
        (((long) in.getInt(at + 28) << 16) & 0xffff_ffff_0000L) | in.getUnsignedShort(at + 32);
    if (mac == 0 || (mac >>> 40 & 1) != 0) {
      return null; // A group address is nobody's own.
    }
    OptionSet options = new OptionSet();
    options.read(in, at + FIXED_LENGTH + 4, at + length);
    // RFC 2131 section 4.1: the options field first, then file, then sname.
    byte[] said = options.get(DhcpOption.OVERLOAD);
    int overload = said == null || said.length != 1 ? 0 : said[0];
    if (overload == 1 || overload == 3) {
      options.read(in, at + FILE_OFFSET, at + FIXED_LENGTH);
    }
    if (overload == 2 || overload == 3) {
      options.read(in, at + SNAME_OFFSET, at + FILE_OFFSET);
    }
    options.dropMisfits();
    byte[] code = options.get(DhcpOption.MESSAGE_TYPE);
    MessageType type = code == null ? null : MessageType.of(code[0]);
    return type == null ? null : new DhcpMessage(in, at, type, mac, options, from);
  }

  /** Whether the message had options that could not be read, and that count as absent. */
  boolean malformedOptions() {
    return options.malformed();
  }

  /** Whether it came by way of a relay, which is at {@code giaddr}. */
  boolean relayed() {
    return !giaddr.isAny();
  }

  /** The address that the client asks for in option 50; 0.0.0.0 if it does not. */
  Address requested() {
    return Address.ofIpv4(intOption(DhcpOption.REQUESTED_ADDRESS));
  }

  /** Whether option 54 names a server. */
  boolean names(Address server) {
    return intOption(DhcpOption.SERVER_ID) == server.ipv4();
  }

  @Override
  public ClientId client() {
    return client;
  }

  @Override
  public void isFrom(ClientId other) {
    client = other;
  }

  @Override
  public long mac() {
    return mac;
  }

  @Override
  public ClientId byMac(long address) {
    return ClientId.ofMac(address);
  }

  @Override
  public boolean asksFor(Address address) {
    return address.equals(ciaddr) || address.equals(requested());
  }

  @Override
  public long sender() {
    return sender;
  }

  @Override
  public PortBudget budget() {
    return budget;
  }

  @Override
  public List<Vacated> vacated() {
    return vacated;
  }

  @Override
  public @Nullable String said() {
    return ClientName.read(this);
  }

  @Override
  public String kind() {
    return EnumText.word(type);
  }

  /** Whether it came straight from the client that it names, or by way of a relay. */
  boolean fromItsClient() {
    return relayed() || sender == mac;
  }

  boolean broadcast() {
    return (flags & BROADCAST_FLAG) != 0;
  }

  boolean has(int code) {
    return options.has(code);
  }

  byte @Nullable [] option(int code) {
    return options.get(code);
  }

  /** An option of four bytes, as a big-endian int; 0 if it is not there. */
  int intOption(int code) {
    byte[] value = options.get(code);
    return value == null
        ? 0
        : (value[0] << 24) | (value[1] & 255) << 16 | (value[2] & 255) << 8 | (value[3] & 255);
  }

  /** The longest reply that the client takes, in bytes of UDP payload (RFC 2132 section 9.10). */
  int maxReply() {
    // The option counts the IP and UDP headers, as every client reads it; 576 is its least value.
    byte[] value = options.get(DhcpOption.MAX_MESSAGE_SIZE);
    int size = value == null ? 576 : (value[0] & 255) << 8 | (value[1] & 255);
    return Math.max(size, 576) - 28;
  }
}
