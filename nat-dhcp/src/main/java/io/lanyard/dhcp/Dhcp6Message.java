package io.lanyard.dhcp;

import io.lanyard.nat.gateway.DatagramService.DatagramPeer;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message from a client of DHCPv6, by way of relays or not, read and checked (RFC 8415 sections
 * 8, 9 and 21).
 *
 * <p>What is here is well formed. An option of a length that its kind does not have counts as
 * absent; one that runs past the end of what it is in spoils the message. A message may lie in all
 * that it says.
 */
final class Dhcp6Message {
  /** Section 7.6, HOP_COUNT_LIMIT: no more relays lie within each other. */
  static final int MOST_RELAYS = 8;

  /** More identity associations than a client has interfaces. */
  static final int MOST_ASSOCIATIONS = 16;

  /** Addresses of one association that are read. */
  private static final int MOST_ADDRESSES = 8;

  /** More than any client sends, and less than would make parsing a burden. */
  private static final int LONGEST = 4096;

  private static final int MOST_OPTIONS = 128;
  private static final int HEADER = 4;
  private static final int RELAY_HEADER = 34;
  private static final int ADDRESS = 16;

  /** Section 11.1: two bytes of type, and at most 128. */
  private static final int LONGEST_DUID = 130;

  private static final int DUID_LLT = 1;
  private static final int DUID_LL = 3;
  private static final int ETHERNET = 1;

  /**
   * An identity association (section 12).
   *
   * @param code the option: of addresses, of temporary ones, or of prefixes
   * @param id what the client knows it by
   * @param addresses those that the client names; empty for prefixes
   */
  record Association(int code, int id, List<Address> addresses) {}

  /** The relays, the nearest to the server first; empty for a message straight from its client. */
  final List<Dhcp6Relay> relays = new ArrayList<>(0);

  /** Where it came from, and by which port. */
  final DatagramPeer from;

  Dhcp6Type type = Dhcp6Type.SOLICIT;
  int transaction;
  byte @Nullable [] client;
  byte @Nullable [] server;
  final List<Association> associations = new ArrayList<>(1);
  int[] requested = {};
  boolean rapidCommit;

  /** The client's name (RFC 4704 section 4): flags and labels; null for none. */
  byte @Nullable [] name;

  /** Whether options could not be read, and count as absent. */
  boolean badOptions;

  private Dhcp6Message(DatagramPeer from) {
    this.from = from;
  }

  /**
   * Reads a message.
   *
   * @param in the UDP payload between reader and writer index; not changed
   * @param from who sent it
   * @return the message; null if it is not well formed
   */
  static @Nullable Dhcp6Message parse(ByteBuf in, DatagramPeer from) {
    Dhcp6Message message = new Dhcp6Message(from);
    boolean whole =
        in.readableBytes() <= LONGEST && message.read(in, in.readerIndex(), in.writerIndex());
    return whole ? message : null;
  }

  private boolean read(ByteBuf in, int at, int end) {
    Dhcp6Type read = end - at < HEADER ? null : Dhcp6Type.of(in.getUnsignedByte(at));
    if (read == null) {
      return false;
    }
    type = read;
    if (read == Dhcp6Type.RELAY_FORW) {
      return relays.size() < MOST_RELAYS && end - at >= RELAY_HEADER && readRelay(in, at, end);
    }
    transaction = in.getUnsignedMedium(at + 1);
    return readOptions(in, at + HEADER, end);
  }

  private boolean readRelay(ByteBuf in, int at, int end) {
    byte[] interfaceId = null;
    long mac = 0;
    int inner = 0;
    int innerEnd = 0;
    int count = 0;
    for (int option = at + RELAY_HEADER; option < end; ) {
      int length = length(in, option, end);
      if (length < 0 || ++count > MOST_OPTIONS) {
        return false;
      }
      int value = option + HEADER;
      switch (in.getUnsignedShort(option)) {
        case Dhcp6Option.RELAY_MESSAGE -> {
          inner = value;
          innerEnd = value + length;
        }
        case Dhcp6Option.INTERFACE_ID -> interfaceId = bytes(in, value, length);
        case Dhcp6Option.CLIENT_LINK_LAYER -> mac = linkLayer(in, value, length);
        default -> {}
      }
      option = value + length;
    }
    relays.add(
        new Dhcp6Relay(
            in.getUnsignedByte(at + 1),
            address(in, at + 2),
            address(in, at + 2 + ADDRESS),
            interfaceId,
            mac));
    return inner != 0 && read(in, inner, innerEnd);
  }

  private boolean readOptions(ByteBuf in, int from, int end) {
    int count = 0;
    for (int at = from; at < end; ) {
      int length = length(in, at, end);
      if (length < 0 || ++count > MOST_OPTIONS) {
        return false;
      }
      int value = at + HEADER;
      if (!readOption(in, in.getUnsignedShort(at), value, length)) {
        return false;
      }
      at = value + length;
    }
    return true;
  }

  /** Reads one option; false if the message is of no use. */
  private boolean readOption(ByteBuf in, int code, int at, int length) {
    switch (code) {
      case Dhcp6Option.CLIENT_ID -> client = duid(in, at, length, client);
      case Dhcp6Option.SERVER_ID -> server = duid(in, at, length, server);
      case Dhcp6Option.IA_NA, Dhcp6Option.IA_PD -> {
        return readAssociation(in, code, at, length, 12);
      }
      case Dhcp6Option.IA_TA -> {
        return readAssociation(in, code, at, length, 4);
      }
      case Dhcp6Option.REQUESTED -> {
        badOptions |= length % 2 != 0;
        requested = new int[length / 2];
        for (int i = 0; i < requested.length; i++) {
          requested[i] = in.getUnsignedShort(at + 2 * i);
        }
      }
      case Dhcp6Option.RAPID_COMMIT -> rapidCommit = true;
      case Dhcp6Option.CLIENT_FQDN -> name = bytes(in, at, length);
      default -> {} // of no interest to this server
    }
    return true;
  }

  private byte @Nullable [] duid(ByteBuf in, int at, int length, byte @Nullable [] before) {
    if (length < 3 || length > LONGEST_DUID || before != null) {
      badOptions = true;
      return before;
    }
    return bytes(in, at, length);
  }

  private boolean readAssociation(ByteBuf in, int code, int at, int length, int fixed) {
    if (length < fixed) {
      badOptions = true;
      return true;
    }
    int id = in.getInt(at);
    if (associations.stream().anyMatch(one -> one.code() == code && one.id() == id)) {
      badOptions = true;
      return true;
    }
    List<Address> addresses = new ArrayList<>(1);
    int end = at + length;
    int count = 0;
    for (int option = at + fixed; option < end; ) {
      int size = length(in, option, end);
      if (size < 0 || ++count > MOST_OPTIONS) {
        return false;
      }
      if (in.getUnsignedShort(option) == Dhcp6Option.IA_ADDRESS
          && size >= ADDRESS + 8
          && addresses.size() < MOST_ADDRESSES) {
        addresses.add(address(in, option + HEADER));
      }
      option += HEADER + size;
    }
    associations.add(new Association(code, id, List.copyOf(addresses)));
    return associations.size() <= MOST_ASSOCIATIONS;
  }

  /** The length of the option's value; -1 if it runs past the end. */
  private static int length(ByteBuf in, int option, int end) {
    int length = end - option < HEADER ? -1 : in.getUnsignedShort(option + 2);
    return length > end - option - HEADER ? -1 : length;
  }

  private static byte[] bytes(ByteBuf in, int at, int length) {
    byte[] bytes = new byte[length];
    in.getBytes(at, bytes);
    return bytes;
  }

  private static Address address(ByteBuf in, int at) {
    return new Address(in.getLong(at), in.getLong(at + 8));
  }

  /** The MAC address behind a hardware type; 0 if it is none of Ethernet's. */
  private static long linkLayer(ByteBuf in, int at, int length) {
    if (length != 8 || in.getUnsignedShort(at) != ETHERNET) {
      return 0;
    }
    long mac = (long) in.getUnsignedShort(at + 2) << 32 | in.getUnsignedInt(at + 4);
    return (mac >>> 40 & 1) == 0 ? mac : 0; // a group's is nobody's own
  }

  // Who it is from

  /** Whether it came by way of relays. */
  boolean relayed() {
    return !relays.isEmpty();
  }

  PortBudget budget() {
    return from.station().budget();
  }

  /** The Ethernet source of its frame. */
  long sender() {
    return from.mac();
  }

  /**
   * The client's MAC address: that of its frame, which is not only said. A relay says it (RFC
   * 6939); where it does not, there is the identifier, in which a machine with several NICs has one
   * of them (section 11.2).
   */
  long mac() {
    if (!relayed()) {
      return sender();
    }
    long said = relays.getLast().mac();
    long own = said == 0 ? macOfIdentifier() : said;
    return own == 0 ? sender() : own;
  }

  private long macOfIdentifier() {
    byte[] duid = client;
    if (duid == null) {
      return 0;
    }
    int kind = word(duid, 0);
    int at = kind == DUID_LLT ? 8 : 4;
    if ((kind != DUID_LLT && kind != DUID_LL) || duid.length != at + 6 || word(duid, 2) != 1) {
      return 0;
    }
    return (long) word(duid, at) << 32 | (long) word(duid, at + 2) << 16 | word(duid, at + 4);
  }

  private static int word(byte[] bytes, int at) {
    return (bytes[at] & 255) << 8 | (bytes[at + 1] & 255);
  }

  /** Whether the client asks for an option. */
  boolean asksFor(int option) {
    for (int each : requested) {
      if (each == option) {
        return true;
      }
    }
    return false;
  }
}
