package io.lanyard.dns;

import io.lanyard.base.Causes;
import io.lanyard.base.Clock;
import io.lanyard.config.DnsUpstream.Way;
import io.lanyard.dns.SystemBus.BusException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.BufferUnderflowException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/**
 * The domains that systemd-resolved asks of the servers of a link, such as a VPN's. They are read
 * from the message bus, where its interface is documented and stable (org.freedesktop.resolve1(5));
 * the files below {@code /run/systemd/resolve} are private.
 *
 * <p>A link's search and routing domains are asked of its servers, as the host does; {@code ~.},
 * everything, stays with the servers of {@code resolv.conf}. Where systemd-resolved does not run
 * there are no such domains. Where it does not answer, what it has said last stays.
 *
 * <p>Thread: {@link #look} on any, since it blocks; everything else on the network's loop.
 */
final class ResolvedLinks {
  /** Between two looks: each costs about a millisecond, and a question waits for it. */
  private static final Duration FRESH = Duration.ofSeconds(5);

  /** Between two looks if the bus does not answer, as a question would wait each time. */
  private static final Duration FRESH_IF_FAILED = Duration.ofSeconds(30);

  private static final Duration TIMEOUT = Duration.ofMillis(500);
  private static final String NAME = "org.freedesktop.resolve1";
  private static final String PATH = "/org/freedesktop/resolve1";
  private static final String MANAGER = NAME + ".Manager";
  private static final String LINK = NAME + ".Link";
  private static final String SERVERS = "a(iiayqs)";
  private static final String DOMAINS = "a(isb)";
  private static final int DNS_PORT = 53;
  private static final int TLS_PORT = 853; // RFC 7858 section 3.1
  private static final int IPV6_BYTES = 16;

  /** As many as the configuration allows (dns.domains). */
  private static final int MOST_DOMAINS = 1024;

  private static final int MOST_SERVERS = 16;
  private static final int MOST_LINKS = 64;

  private final Path socket;
  private final Clock clock;
  private Map<Name, List<UpstreamServer>> domains = Map.of();
  private String failure = "";
  private boolean looked;
  private long lookedNanos;

  /** A server of a link. */
  record Server(InetAddress address, int port, String name) {}

  /** A domain of a link. */
  record Domain(int link, Name name) {}

  /**
   * The result of a look.
   *
   * @param failure why nothing could be read; empty if it could
   */
  record Look(Map<Name, List<UpstreamServer>> domains, String failure) {}

  ResolvedLinks(Path socket, Clock clock) {
    this.socket = socket;
    this.clock = clock;
  }

  /** Whether the last look is old. */
  boolean isDue() {
    Duration fresh = failure.isEmpty() ? FRESH : FRESH_IF_FAILED;
    return !looked || clock.nanoTime() - lookedNanos >= fresh.toNanos();
  }

  /** The domains with their servers, as they were read last. */
  Map<Name, List<UpstreamServer>> domains() {
    return domains;
  }

  /** Why the last look could not read them; empty if it could. */
  String failure() {
    return failure;
  }

  /**
   * Takes over what a look found.
   *
   * @return whether there are other domains or servers than before
   */
  boolean seen(Look look) {
    looked = true;
    lookedNanos = clock.nanoTime();
    failure = look.failure();
    if (!failure.isEmpty() || look.domains().equals(domains)) {
      return false;
    }
    domains = look.domains();
    return true;
  }

  /** Reads the domains. Blocks, for half a second at most. */
  Look look() {
    if (!Files.exists(socket)) {
      return new Look(Map.of(), "");
    }
    try (SystemBus bus = new SystemBus(socket, TIMEOUT)) {
      return new Look(read(bus), "");
    } catch (ConnectException e) {
      return new Look(Map.of(), ""); // A socket that nobody listens at.
    } catch (BusException e) {
      return new Look(Map.of(), e.isAbsent() ? "" : Causes.of(e));
    } catch (IOException | BufferUnderflowException | IllegalArgumentException e) {
      return new Look(Map.of(), Causes.of(e));
    }
  }

  private static Map<Name, List<UpstreamServer>> read(SystemBus bus) throws IOException {
    List<Domain> routed = domains(bus.property(NAME, PATH, MANAGER, "Domains", DOMAINS));
    if (routed.isEmpty()) {
      return Map.of();
    }
    Map<Integer, List<Server>> links = servers(bus.property(NAME, PATH, MANAGER, "DNSEx", SERVERS));
    Map<Integer, Optional<String>> tls = new HashMap<>();
    Map<Name, List<UpstreamServer>> found = new LinkedHashMap<>();
    for (Domain each : routed) {
      List<Server> servers = links.getOrDefault(each.link(), List.of());
      if (servers.isEmpty()) {
        continue; // No server of its own: asked of everybody's.
      }
      if (!tls.containsKey(each.link())) {
        if (tls.size() >= MOST_LINKS) {
          continue;
        }
        tls.put(each.link(), tls(bus, each.link()));
      }
      String mode = tls.get(each.link()).orElse("");
      if (mode.isEmpty()) {
        continue;
      }
      List<UpstreamServer> its = found.computeIfAbsent(each.name(), key -> new ArrayList<>());
      for (Server server : servers) {
        UpstreamServer made = upstream(server, mode);
        if (its.size() < MOST_SERVERS && !its.contains(made)) {
          its.add(made);
        }
      }
    }
    found.replaceAll((name, servers) -> List.copyOf(servers));
    return Map.copyOf(found);
  }

  /** Whether a link's servers are asked over TLS; empty if the link has gone meanwhile. */
  private static Optional<String> tls(SystemBus bus, int link) throws IOException {
    if (link == 0) {
      return Optional.of(bus.property(NAME, PATH, MANAGER, "DNSOverTLS", "s").text());
    }
    try {
      String path = bus.call(NAME, PATH, MANAGER, "GetLink", "i", link).text();
      return Optional.of(bus.property(NAME, path, LINK, "DNSOverTLS", "s").text());
    } catch (BusException e) {
      return Optional.empty();
    }
  }

  private static UpstreamServer upstream(Server server, String mode) {
    boolean plain = mode.equals("no");
    int usual = plain ? DNS_PORT : TLS_PORT;
    InetSocketAddress address =
        new InetSocketAddress(server.address(), server.port() == 0 ? usual : server.port());
    if (plain) {
      return UpstreamServer.plain(address);
    }
    // Without a name, systemd-resolved has the certificate prove the address.
    String proof = server.name().isEmpty() ? literal(server.address()) : server.name();
    return new UpstreamServer(address, Way.TLS, mode.equals("opportunistic") ? "" : proof);
  }

  private static String literal(InetAddress address) {
    String text = address.getHostAddress();
    int scope = text.indexOf('%');
    return scope < 0 ? text : text.substring(0, scope);
  }

  static List<Domain> domains(BusMessage in) {
    List<Domain> domains = new ArrayList<>();
    int end = in.structures();
    while (in.another(end)) {
      int link = in.number();
      Name name = name(in.text());
      in.flag(); // Whether it is for routing alone: a search domain routes as well.
      if (name != null && domains.size() < MOST_DOMAINS) {
        domains.add(new Domain(link, name));
      }
    }
    return domains;
  }

  private static @Nullable Name name(String text) {
    try {
      Name name = Name.fromString(text, Name.root);
      return name.equals(Name.root) ? null : name;
    } catch (TextParseException e) {
      return null; // Nobody can ask for a name in it.
    }
  }

  static Map<Integer, List<Server>> servers(BusMessage in) throws IOException {
    Map<Integer, List<Server>> servers = new HashMap<>();
    int end = in.structures();
    while (in.another(end)) {
      int link = in.number();
      in.number(); // The family, which the length says too.
      InetAddress address = address(in.octets(), link);
      int port = in.shortNumber();
      servers
          .computeIfAbsent(link, key -> new ArrayList<>())
          .add(new Server(address, port, in.text()));
    }
    return servers;
  }

  private static InetAddress address(byte[] octets, int link) throws IOException {
    InetAddress address = InetAddress.getByAddress(octets);
    return octets.length == IPV6_BYTES && address.isLinkLocalAddress()
        ? Inet6Address.getByAddress(null, octets, link)
        : address;
  }
}
