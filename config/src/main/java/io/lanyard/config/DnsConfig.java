package io.lanyard.config;

import io.lanyard.config.Form.Named;
import io.lanyard.net.Address;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A network's DNS forwarder.
 *
 * @param enabled whether there is one
 * @param domain the guests' domain, lower case, without a dot at its end
 * @param hosts further names and their addresses, in the order of the file: lower case, relative to
 *     the domain unless they have a dot; one that begins with {@code *.} is for every name below it
 * @param hostsFile whether the names of the host's {@code /etc/hosts} are answered too
 * @param records further records, in the order of the file
 * @param upstreams where questions for other names go
 * @param domains domains whose names are asked of other servers, lower case, without a dot at the
 *     end
 * @param authorities a PEM file with the certificates that sign those of servers over TLS; null for
 *     those that Java trusts
 * @param rebindingProtection whether private addresses are taken out of answers for others' names
 * @param rebindingExceptions domains whose names may have private addresses, as {@code domains}
 * @param serveStale how long an answer may be given after its time where no server answers; zero
 *     for not at all (RFC 8767)
 * @param rateLimit the most questions of a port in a second; null for any number
 * @param queryLog whether every question is logged
 */
public record DnsConfig(
    boolean enabled,
    String domain,
    Map<String, List<Address>> hosts,
    boolean hostsFile,
    List<DnsRecord> records,
    Upstreams upstreams,
    Map<String, List<DnsUpstream>> domains,
    @Nullable Path authorities,
    boolean rebindingProtection,
    List<String> rebindingExceptions,
    Duration serveStale,
    @Nullable Integer rateLimit,
    boolean queryLog) {
  /** Copies the collections. */
  public DnsConfig {
    Map<String, List<Address>> copies = new LinkedHashMap<>();
    hosts.forEach((name, addresses) -> copies.put(name, List.copyOf(addresses)));
    hosts = Collections.unmodifiableMap(copies);
    records = List.copyOf(records);
    domains = Collections.unmodifiableMap(new LinkedHashMap<>(domains));
    rebindingExceptions = List.copyOf(rebindingExceptions);
  }

  /** Where questions for names that the network does not have go. */
  public sealed interface Upstreams {}

  /** To the name servers of the host, as its {@code resolv.conf} has them. */
  public record OfHost() implements Upstreams {}

  /**
   * To these servers.
   *
   * @param servers at least one; the fastest that answers is asked
   */
  public record Servers(List<DnsUpstream> servers) implements Upstreams {
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

    private static final Kind<DnsUpstream> SERVER =
        Kind.such(
            "upstream",
            "a server's address",
            DnsUpstream.PATTERN,
            DnsUpstream::parse,
            "192.0.2.1",
            "192.0.2.1:5353",
            "tls://192.0.2.1#dns.example");

    /** As many as a resolver keeps an eye on; a question is put to a few of them. */
    private static final int MOST_SERVERS = 16;

    /** More than any client tries. */
    private static final int MOST_ADDRESSES = 64;

    private static final int MOST_DOMAINS = 1024;
    private static final int MOST_RECORDS = 4096;

    /** RFC 8767 section 5: one to three days are common, and more than a week helps nobody. */
    private static final Duration LONGEST_STALE = Duration.ofDays(7);

    static final Key<Boolean> ENABLED =
        Key.defaulted("enabled", new Form.Flag(), true, "Whether there is one.");

    static final Key<String> DOMAIN =
        Key.defaulted("domain", Kind.DOMAIN, "lan", "The guests' domain.");

    static final Key<List<Named<List<Address>>>> HOSTS =
        Key.defaulted(
            "hosts",
            new Form.NamedMap<>(
                HOST_NAME,
                new Form.OneOrMore<>(
                    new Form.ListOf<>(Kind.ADDRESS_OF_EITHER, MOST_ADDRESSES, "addresses"))),
            List.of(),
            "Further names and their addresses, one or several, of either family; relative to the domain unless they have a dot. A"
                + " name that begins with *. is for every name below it.");

    static final Key<Boolean> HOSTS_FILE =
        Key.defaulted(
            "hosts-file",
            new Form.Flag(),
            true,
            "Whether guests may resolve the names of the host's /etc/hosts too, those of loopback"
                + " addresses excepted.");

    static final Key<List<Fields>> RECORDS =
        Key.defaulted(
            "records",
            new Form.ListOf<>(DnsRecord.Keys.SECTION, MOST_RECORDS, "records"),
            List.of(),
            "Further records, also several addresses of a name.");

    static final Key<List<DnsUpstream>> UPSTREAMS =
        Key.optional(
            "upstreams",
            new Form.ListOf<>(SERVER, MOST_SERVERS, "servers"),
            "those of the host's resolv.conf where the mode is nat, none in a host-only network",
            "Servers to ask for names that the network does not have, the fastest first. tcp:// asks"
                + " over TCP. tls://ADDRESS#NAME asks over TLS alone, and the server has to prove"
                + " that it is NAME; tls://ADDRESS asks over TLS where the server has it, without a"
                + " proof. Where there is no server, such questions are refused.");

    static final Key<List<Named<List<DnsUpstream>>>> DOMAINS =
        Key.defaulted(
            "domains",
            new Form.NamedMap<>(
                Kind.DOMAIN,
                new Form.ListOf<>(SERVER, MOST_SERVERS, "servers"),
                MOST_DOMAINS,
                "domains"),
            List.of(),
            "Domains whose names, with all below them, are asked of servers of their own; of none"
                + " with []. The longest that fits counts.");

    static final Key<Path> AUTHORITIES =
        Key.optional(
            "authorities",
            Kind.ABSOLUTE_PATH,
            "those that Java trusts",
            "A PEM file with the certificates that sign those of servers over TLS.");

    static final Key<Boolean> REBINDING_PROTECTION =
        Key.defaulted(
            "rebinding-protection",
            new Form.Flag(),
            false,
            "Whether private, loopback and link-local addresses are taken out of answers for names"
                + " of others. Names of the network itself and of domains with servers of their own"
                + " keep theirs.");

    static final Key<List<String>> REBINDING_EXCEPTIONS =
        Key.defaulted(
            "rebinding-exceptions",
            new Form.ListOf<>(Kind.DOMAIN, MOST_DOMAINS, "domains"),
            List.of(),
            "Domains whose names may have private addresses all the same.");

    static final Key<Duration> SERVE_STALE =
        Key.defaulted(
            "serve-stale",
            new Form.Within<>(Kind.DURATION, Duration.ZERO, LONGEST_STALE),
            Duration.ofHours(1),
            "How long an answer may be given after its time where no server answers (RFC 8767); 0s"
                + " for not at all.");

    static final Key<Integer> RATE_LIMIT =
        Key.optional(
            "rate-limit",
            new Form.Whole(1, 1_000_000),
            "any number",
            "The most questions of one port in a second; others are refused.");

    static final Key<Boolean> QUERY_LOG =
        Key.defaulted(
            "query-log",
            new Form.Flag(),
            false,
            "Whether questions are logged with port, guest, answer and time.");

    static final Section SECTION =
        Section.of(
            "dns",
            "The DNS forwarder.",
            ENABLED,
            DOMAIN,
            HOSTS,
            HOSTS_FILE,
            RECORDS,
            UPSTREAMS,
            DOMAINS,
            AUTHORITIES,
            REBINDING_PROTECTION,
            REBINDING_EXCEPTIONS,
            SERVE_STALE,
            RATE_LIMIT,
            QUERY_LOG);

    private Keys() {}

    private static String hostName(String text) {
      Function<String, String> domain = Kind.DOMAIN.parser();
      return text.startsWith("*.") ? "*." + domain.apply(text.substring(2)) : domain.apply(text);
    }

    /**
     * The default of {@link #UPSTREAMS}. A question that is passed on leaves the network: a
     * host-only one passes none on unless it is told to.
     */
    static Upstreams usualUpstreams(NetworkMode.Word mode) {
      return mode == NetworkMode.Word.NAT ? new OfHost() : new None();
    }
  }
}
