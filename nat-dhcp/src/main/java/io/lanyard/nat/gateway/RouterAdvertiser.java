package io.lanyard.nat.gateway;

import io.lanyard.base.Timers;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Icmpv6;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Tells guests of the router, the prefix and the DNS server (RFC 4861 section 6.2, RFC 8106): each
 * at once when it asks, all of them now and then, and when something changes.
 *
 * <p>One that asks is answered without the random delay of section 6.2.6, which keeps several
 * routers from answering at once: there is no other here, and a guest starts sooner. Answers to all
 * have three seconds between them.
 *
 * <p>Thread: the network's loop only.
 */
final class RouterAdvertiser {
  private static final long SECOND = 1_000_000_000L;

  /** RFC 4861 section 6.2.1, MaxRtrAdvInterval and MinRtrAdvInterval. */
  private static final long MOST_INTERVAL = 600 * SECOND;

  private static final long LEAST_INTERVAL = MOST_INTERVAL / 3;

  /** Section 10: MAX_INITIAL_RTR_ADVERTISEMENTS, MAX_INITIAL_RTR_ADVERT_INTERVAL. */
  private static final int INITIAL = 3;

  private static final long INITIAL_INTERVAL = 16 * SECOND;

  /** Section 10, MIN_DELAY_BETWEEN_RAS. */
  private static final long LEAST_GAP = 3 * SECOND;

  /**
   * Seconds: three intervals, so that one may be lost. Of the router, and of RFC 8106's options.
   */
  private static final int ROUTER_LIFETIME = 1800;

  /** Seconds: RFC 9096 section 3.2, so that what has changed without a word is forgotten soon. */
  private static final int PREFERRED_LIFETIME = 2700;

  private static final int VALID_LIFETIME = 5400;

  /** Bytes of search domains: the rest of an advertisement of the least MTU has room enough. */
  private static final int MOST_DOMAINS = 512;

  private static final int HOP_LIMIT = 64;
  private static final int HEADER = 16;
  private static final int SOURCE_LINK = 1;
  private static final int PREFIX = 3;
  private static final int MTU = 5;
  private static final int RDNSS = 25;
  private static final int DNSSL = 31;

  private final Gateway gateway;
  private final Ipv6Addresses own;
  private final Timers timers;
  private final Timers.Timer next;
  private final SplittableRandom random;
  private Advertised what = Advertised.NOTHING;
  private int initial = INITIAL;
  private boolean sent;
  private long lastNanos;
  private boolean begun;

  RouterAdvertiser(Gateway gateway, Ipv6Addresses own, long seed) {
    this.gateway = gateway;
    this.own = own;
    timers = gateway.timers();
    random = new SplittableRandom(seed);
    next = timers.create(this::periodic);
  }

  /** Says something else from now on, and soon. */
  void advertise(Advertised other) {
    if (!other.equals(what)) {
      what = other;
      initial = INITIAL;
      if (begun) {
        soon();
      }
    }
  }

  /** Begins. */
  void start() {
    begun = true;
    periodic();
  }

  private void periodic() {
    sendToAll(false);
    long interval = LEAST_INTERVAL + random.nextLong(MOST_INTERVAL - LEAST_INTERVAL);
    if (initial > 0) {
      initial--;
      interval = Math.min(interval, INITIAL_INTERVAL);
    }
    next.arm(interval);
    gateway.flush();
  }

  /** Tells all as soon as that is permitted. */
  private void soon() {
    long wait = sent ? lastNanos + LEAST_GAP - timers.clock().nanoTime() : 0;
    if (wait <= 0) {
      periodic();
    } else {
      next.arm(wait);
    }
  }

  /**
   * Hears that a station asks.
   *
   * @param from the station
   * @param guest its address; null while it has none, which only an answer to all reaches
   * @param mac where it is
   */
  void solicited(Station from, @Nullable Address guest, long mac) {
    long now = timers.clock().nanoTime();
    if (!from.budget().solicitations().permits(now)) {
      gateway.counters().count(GatewayCount.ROUTER_SOLICITATIONS_LIMITED);
      from.budget().count(Excess.ADVERTISEMENTS);
      return;
    }
    from.budget().solicitations().use(now);
    if (guest == null) {
      soon();
    } else {
      message(false, from.budget().mtu()).send(own.linkLocal(), guest, mac, from.budget());
    }
  }

  private void sendToAll(boolean last) {
    sent = true;
    lastNanos = timers.clock().nanoTime();
    message(last, gateway.mtu()).sendToAll(own.linkLocal());
    for (PortBudget each : gateway.stations().budgets()) {
      if (each.mtu() < gateway.mtu()) {
        // RFC 4861 section 6.3.4: of two MTUs a host keeps the one that it has heard last.
        message(last, each.mtu()).sendToAll(own.linkLocal(), each);
      }
    }
  }

  /**
   * Writes an advertisement.
   *
   * @param last whether everything ends with it
   * @param mtu the largest packet that passes on the way to its receivers
   */
  private NdMessage message(boolean last, int mtu) {
    gateway.counters().count(GatewayCount.ROUTER_ADVERTISEMENTS);
    byte[] domains = encoded(what.domains());
    List<Address> servers = what.dnsServers();
    int dns = servers.isEmpty() ? 0 : 8 + 16 * servers.size();
    int names = domains.length == 0 ? 0 : 8 + domains.length;
    NdMessage message =
        new NdMessage(gateway, Icmpv6.ROUTER_ADVERTISEMENT, HEADER + 8 + 8 + 32 + dns + names);
    message.setByte(4, HOP_LIMIT);
    message.setByte(5, what.flags());
    message.setShort(6, what.router() && !last ? ROUTER_LIFETIME : 0);
    int at = HEADER;
    message.setLink(at, SOURCE_LINK, gateway.addresses().mac());
    at += 8;
    message.setShort(at, MTU << 8 | 1);
    message.setInt(at + 4, Math.min(gateway.mtu(), mtu));
    at += 8;
    message.setShort(at, PREFIX << 8 | 4);
    message.setShort(at + 2, own.subnet().prefix() << 8 | what.prefixFlags());
    message.setInt(at + 4, last ? 0 : VALID_LIFETIME);
    message.setInt(at + 8, last ? 0 : PREFERRED_LIFETIME);
    message.setAddress(at + 16, own.subnet().network());
    at += 32;
    if (dns > 0) {
      message.setShort(at, RDNSS << 8 | dns >>> 3);
      message.setInt(at + 4, last ? 0 : ROUTER_LIFETIME);
      for (int i = 0; i < servers.size(); i++) {
        message.setAddress(at + 8 + 16 * i, servers.get(i));
      }
      at += dns;
    }
    if (names > 0) {
      message.setShort(at, DNSSL << 8 | names >>> 3);
      message.setInt(at + 4, last ? 0 : ROUTER_LIFETIME);
      message.setBytes(at + 8, domains);
    }
    return message;
  }

  /**
   * Domains as DNS has them, padded to units of 8 bytes (RFC 8106 section 5.2): the first ones that
   * there is room for.
   */
  private static byte[] encoded(List<String> domains) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String domain : domains) {
      // A name takes a byte before each label, and one behind the last.
      if (out.size() + domain.length() + 2 <= MOST_DOMAINS) {
        for (String label : domain.split("\\.", -1)) {
          byte[] bytes = label.getBytes(StandardCharsets.US_ASCII);
          out.write(bytes.length);
          out.writeBytes(bytes);
        }
        out.write(0);
      }
    }
    while (out.size() % 8 != 0) {
      out.write(0);
    }
    return out.toByteArray();
  }

  /** Ends: guests are told that there is no router any more (RFC 4861 section 6.2.5). */
  void close() {
    next.cancel();
    if (begun) {
      begun = false;
      sendToAll(true);
    }
  }
}
