package io.lanyard.dhcp;

import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the server's messages (RFC 8415 section 18.3.10), and the relays' envelopes around them
 * (section 19.3).
 */
final class Dhcp6Reply {
  /** Section 7.7: the value of what has no end. */
  private static final int INFINITY = -1;

  /** Seconds, section 7.6, IRT_MINIMUM. */
  private static final long LEAST_REFRESH = 600;

  /** RFC 4704 section 4.1: the server does the updates, and has decided that. */
  private static final int FQDN_SERVER = 1;

  private static final int FQDN_OVERRIDDEN = 2;
  private static final int FQDN_NONE = 4;

  private final DhcpTerms terms;
  private final byte[] identifier;
  private byte[] domains = {};

  /**
   * Makes one.
   *
   * @param identifier the server's DUID
   */
  Dhcp6Reply(DhcpTerms terms, byte[] identifier) {
    this.terms = terms;
    this.identifier = identifier;
    configure();
  }

  /** Says what the terms say now. */
  void configure() {
    List<String> names = new ArrayList<>();
    if (terms.domain() != null) {
      names.add(terms.domain());
    }
    terms.options().domainSearch().stream().filter(one -> !names.contains(one)).forEach(names::add);
    domains = DomainSearch.encode(names);
  }

  /**
   * A message that says what has become of associations.
   *
   * @param type advertise or reply
   * @param outcomes one for each association, as far as there is something to say
   * @param hostname the name that the client has now; null for none
   */
  ByteBuf about(
      ByteBufAllocator allocator,
      Dhcp6Message request,
      Dhcp6Type type,
      List<Dhcp6Outcome> outcomes,
      @Nullable String hostname) {
    ByteBuf out = begin(allocator, request, type);
    for (Dhcp6Outcome outcome : outcomes) {
      association(out, outcome);
    }
    if (type == Dhcp6Type.REPLY && request.type == Dhcp6Type.SOLICIT) {
      out.writeShort(Dhcp6Option.RAPID_COMMIT).writeShort(0);
    }
    parameters(out, request);
    name(out, request, hostname);
    return enveloped(allocator, request, out);
  }

  /** A message with a status for all of it, and for some associations. */
  ByteBuf status(
      ByteBufAllocator allocator, Dhcp6Message request, int status, List<Dhcp6Outcome> outcomes) {
    ByteBuf out = begin(allocator, request, Dhcp6Type.REPLY);
    status(out, status);
    outcomes.forEach(outcome -> association(out, outcome));
    return enveloped(allocator, request, out);
  }

  /** The answer to a client that asks for options alone (section 18.3.6). */
  ByteBuf information(ByteBufAllocator allocator, Dhcp6Message request) {
    ByteBuf out = begin(allocator, request, Dhcp6Type.REPLY);
    parameters(out, request);
    // Section 21.23. Nobody tells the client that a network has changed, and it keeps no lease.
    long refresh = Math.max(LEAST_REFRESH, terms.dhcp().leaseTime().toSeconds());
    out.writeShort(Dhcp6Option.REFRESH_TIME).writeShort(4).writeInt((int) refresh);
    return enveloped(allocator, request, out);
  }

  private ByteBuf begin(ByteBufAllocator allocator, Dhcp6Message request, Dhcp6Type type) {
    ByteBuf out = allocator.buffer(512);
    out.writeByte(type.code()).writeMedium(request.transaction);
    byte[] client = request.client;
    if (client != null) {
      put(out, Dhcp6Option.CLIENT_ID, client);
    }
    put(out, Dhcp6Option.SERVER_ID, identifier);
    return out;
  }

  private static void association(ByteBuf out, Dhcp6Outcome outcome) {
    int option = begin(out, outcome.asked().code());
    out.writeInt(outcome.asked().id());
    if (outcome.asked().code() != Dhcp6Option.IA_TA) {
      times(out, outcome);
    }
    outcome.withdrawn().forEach(former -> address(out, former, 0));
    Address given = outcome.given();
    if (given != null) {
      address(out, given, outcome.seconds());
    } else if (outcome.status() != Dhcp6Option.SUCCESS) {
      status(out, outcome.status());
    }
    end(out, option);
  }

  /**
   * Section 14.2: a client renews after half of its time, and asks any server after four fifths.
   */
  private static void times(ByteBuf out, Dhcp6Outcome outcome) {
    if (outcome.given() == null) {
      out.writeLong(0);
    } else if (outcome.seconds() == INFINITY) {
      out.writeInt(INFINITY).writeInt(INFINITY);
    } else {
      long seconds = outcome.seconds() & 0xffff_ffffL;
      out.writeInt((int) (seconds / 2)).writeInt((int) (seconds * 4 / 5));
    }
  }

  /** Preferred to the end: nobody gives the client another address before that. */
  private static void address(ByteBuf out, Address address, int seconds) {
    out.writeShort(Dhcp6Option.IA_ADDRESS).writeShort(24);
    write(out, address);
    out.writeInt(seconds).writeInt(seconds);
  }

  private static void status(ByteBuf out, int status) {
    byte[] text = words(status).getBytes(StandardCharsets.US_ASCII);
    out.writeShort(Dhcp6Option.STATUS).writeShort(2 + text.length);
    out.writeShort(status).writeBytes(text);
  }

  /** The words that a human may read in the client's log. */
  private static String words(int status) {
    return switch (status) {
      case Dhcp6Option.NO_ADDRESSES -> "no address for this client";
      case Dhcp6Option.NO_BINDING -> "no such lease";
      case Dhcp6Option.NOT_ON_LINK -> "not an address of this network";
      case Dhcp6Option.USE_MULTICAST -> "send this to all servers";
      case Dhcp6Option.NO_PREFIX -> "no prefixes here";
      default -> "";
    };
  }

  private void parameters(ByteBuf out, Dhcp6Message request) {
    List<Address> dnsServers = terms.ipv6DnsServers();
    if (!dnsServers.isEmpty() && request.asksFor(Dhcp6Option.DNS_SERVERS)) {
      int option = begin(out, Dhcp6Option.DNS_SERVERS);
      dnsServers.forEach(server -> write(out, server));
      end(out, option);
    }
    List<Address> ntpServers = terms.options().ntpServers(false);
    if (!ntpServers.isEmpty() && request.asksFor(Dhcp6Option.NTP_SERVERS)) {
      int option = begin(out, Dhcp6Option.NTP_SERVERS);
      ntpServers.forEach(server -> put(out, Dhcp6Option.NTP_SERVER_ADDRESS, server.toBytes()));
      end(out, option);
    }
    if (domains.length > 0 && request.asksFor(Dhcp6Option.DOMAIN_LIST)) {
      put(out, Dhcp6Option.DOMAIN_LIST, domains);
    }
  }

  /** RFC 4704 section 6: the zone follows the leases, whatever the client wants. */
  private void name(ByteBuf out, Dhcp6Message request, @Nullable String hostname) {
    byte[] asked = request.name;
    if (asked == null || asked.length == 0 || hostname == null) {
      return;
    }
    String domain = terms.domain();
    byte[] labels = DomainSearch.labels(domain == null ? hostname : hostname + "." + domain);
    boolean overridden = (asked[0] & FQDN_SERVER) == 0 || (asked[0] & FQDN_NONE) != 0;
    int option = begin(out, Dhcp6Option.CLIENT_FQDN);
    out.writeByte(FQDN_SERVER | (overridden ? FQDN_OVERRIDDEN : 0)).writeBytes(labels);
    end(out, option);
  }

  /** Puts a message into what the relays expect, the nearest to the client innermost. */
  private static ByteBuf enveloped(
      ByteBufAllocator allocator, Dhcp6Message request, ByteBuf message) {
    ByteBuf inner = message;
    for (Dhcp6Relay relay : request.relays.reversed()) {
      ByteBuf out = allocator.buffer(inner.readableBytes() + 64);
      out.writeByte(Dhcp6Type.RELAY_REPL.code()).writeByte(relay.hops());
      write(out, relay.link());
      write(out, relay.peer());
      byte[] interfaceId = relay.interfaceId();
      if (interfaceId != null) {
        put(out, Dhcp6Option.INTERFACE_ID, interfaceId);
      }
      int option = begin(out, Dhcp6Option.RELAY_MESSAGE);
      out.writeBytes(inner);
      inner.release();
      end(out, option);
      inner = out;
    }
    return inner;
  }

  private static void write(ByteBuf out, Address address) {
    out.writeLong(address.high()).writeLong(address.low());
  }

  private static void put(ByteBuf out, int code, byte[] value) {
    out.writeShort(code).writeShort(value.length).writeBytes(value);
  }

  /** Begins an option whose length {@link #end} fills in; the index of that. */
  private static int begin(ByteBuf out, int code) {
    out.writeShort(code).writeShort(0);
    return out.writerIndex();
  }

  private static void end(ByteBuf out, int option) {
    out.setShort(option - 2, out.writerIndex() - option);
  }
}
