package io.lanyard.config;

import io.lanyard.config.Form.Named;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A network's DNS forwarder.
 *
 * @param enabled whether there is one
 * @param domain the guests' domain, lower case, without a dot at its end
 * @param hosts further names, in the order of the file: lower case, relative to the domain unless
 *     they have a dot; one that begins with {@code *.} is for every name below it
 * @param hostsFile whether the names of the host's {@code /etc/hosts} are answered too
 * @param upstreams where questions for other names go
 */
public record DnsConfig(
    boolean enabled,
    String domain,
    Map<String, Address> hosts,
    boolean hostsFile,
    Upstreams upstreams) {
  /** Copies the map. */
  public DnsConfig {
    hosts = Collections.unmodifiableMap(new LinkedHashMap<>(hosts));
  }

  /** Where questions for names that the network does not have go. */
  public sealed interface Upstreams {}

  /** To the name servers of the host, as its {@code resolv.conf} has them. */
  public record OfHost() implements Upstreams {}

  /**
   * To these servers.
   *
   * @param servers at least one, in the order to try
   */
  public record Servers(List<Endpoint> servers) implements Upstreams {
    /** Copies the list. */
    public Servers {
      servers = List.copyOf(servers);
    }
  }

  /** Nowhere: they are refused. */
  public record None() implements Upstreams {}

  /** The keys of {@code dns}. */
  static final class Keys {
    private static final Kind<String> HOST_NAME =
        Kind.such(
            "host-name",
            "a host's name",
            "^(?=.{1,255}$)(\\*\\.)?" + Kind.DOMAIN_PATTERN + "$",
            Keys::hostName,
            "printer",
            "printer.example",
            "\"*.apps\"");

    private static final int DNS_PORT = 53;

    private static final Kind<Endpoint> SERVER =
        Kind.such(
            "upstream",
            "a server's address",
            "^([0-9.]+|localhost|\\[[0-9a-fA-F:.]+\\])(:[1-9][0-9]{0,4})?$",
            text -> Kind.server(Endpoint.parse(text, DNS_PORT)),
            "192.0.2.1",
            "192.0.2.1:5353");

    static final Key<Boolean> ENABLED =
        Key.defaulted("enabled", new Form.Flag(), true, "Whether there is one.");

    static final Key<String> DOMAIN =
        Key.defaulted("domain", Kind.DOMAIN, "lan", "The guests' domain.");

    static final Key<List<Named<Address>>> HOSTS =
        Key.defaulted(
            "hosts",
            new Form.NamedMap<>(HOST_NAME, Kind.ADDRESS),
            List.of(),
            "Further names and their addresses; relative to the domain unless they have a dot. A"
                + " name that begins with *. is for every name below it.");

    static final Key<Boolean> HOSTS_FILE =
        Key.defaulted(
            "hosts-file",
            new Form.Flag(),
            true,
            "Whether guests may resolve the names of the host's /etc/hosts too, those of loopback"
                + " addresses excepted.");

    static final Key<List<Endpoint>> UPSTREAMS =
        Key.optional(
            "upstreams",
            new Form.ListOf<>(SERVER),
            "those of the host's resolv.conf where the mode is nat, none in a host-only network",
            "Servers to ask for names that the network does not have. Where there is none, such"
                + " questions are refused.");

    static final Section SECTION =
        Section.of("dns", "The DNS forwarder.", ENABLED, DOMAIN, HOSTS, HOSTS_FILE, UPSTREAMS);

    private Keys() {}

    private static String hostName(String text) {
      Function<String, String> domain = Kind.DOMAIN.parser();
      return text.startsWith("*.") ? "*." + domain.apply(text.substring(2)) : domain.apply(text);
    }

    /**
     * The default of {@link #UPSTREAMS}. A question that is passed on leaves the network: a
     * host-only one passes none on unless it is told to.
     */
    static Upstreams usualUpstreams(NetworkMode mode) {
      return mode == NetworkMode.NAT ? new OfHost() : new None();
    }
  }
}
