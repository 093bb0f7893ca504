package io.lanyard.config;

import io.lanyard.base.EnumText;
import io.lanyard.net.Address;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a network's NAT behaves.
 *
 * @param mapping when two flows of a guest's port share a port on the host (RFC 4787 section 4.1)
 * @param filtering which strangers may answer (RFC 4787 section 5)
 * @param hostLoopback what of the host's loopback {@link Ipv4Config#host} leads to where there is
 *     no host adapter
 * @param timeouts when an idle flow ends
 * @param quotas how many flows there may be
 * @param outbound where the host's side of flows is bound
 */
public record NatConfig(
    Behaviour mapping,
    Behaviour filtering,
    HostLoopback hostLoopback,
    Timeouts timeouts,
    Quotas quotas,
    Outbound outbound) {
  /**
   * The NAT of a network whose file says nothing of it. Its limits hold for a gateway that leads
   * nowhere, too.
   *
   * @return the defaults
   */
  public static NatConfig usual() {
    return ServicesReader.usualNat();
  }

  /** On what a mapping or a filter depends, besides the guest's own address and port. */
  public enum Behaviour {
    /** On nothing else. */
    ENDPOINT_INDEPENDENT,
    /** On the remote address. */
    ADDRESS_DEPENDENT,
    /** On the remote address and port. */
    ADDRESS_AND_PORT_DEPENDENT
  }

  /**
   * When an idle flow ends.
   *
   * @param tcpConnect how long the host's side may take to connect
   * @param tcpEstablished an established connection; RFC 5382 REQ-5 wants at least 2 h 4 min
   * @param tcpTransitory a connection that is being opened or closed; the same wants at least 4 min
   * @param udp a UDP flow; RFC 4787 REQ-5 wants at least 2 min
   */
  public record Timeouts(
      Duration tcpConnect, Duration tcpEstablished, Duration tcpTransitory, Duration udp) {
    /** The keys of {@code nat.timeouts}. */
    static final class Keys {
      private static final Form<Duration> IDLE =
          new Form.Within<>(Kind.DURATION, Duration.ofSeconds(1), Duration.ofDays(365));

      static final Key<Duration> TCP_CONNECT =
          Key.defaulted(
              "tcp-connect",
              IDLE,
              Duration.ofMinutes(1),
              "How long the host's side of a connection may take to connect.");

      static final Key<Duration> TCP_ESTABLISHED =
          Key.defaulted(
              "tcp-established", IDLE, Duration.ofMinutes(125), "An established connection.");

      static final Key<Duration> TCP_TRANSITORY =
          Key.defaulted(
              "tcp-transitory",
              IDLE,
              Duration.ofMinutes(4),
              "A connection that is being opened or closed.");

      static final Key<Duration> UDP =
          Key.defaulted("udp", IDLE, Duration.ofMinutes(5), "A UDP flow.");

      static final Section SECTION =
          Section.of(
              "timeouts",
              "When an idle flow ends.",
              TCP_CONNECT,
              TCP_ESTABLISHED,
              TCP_TRANSITORY,
              UDP);

      private Keys() {}
    }
  }

  /**
   * How many flows there may be at a time.
   *
   * @param tcpPerGuest TCP connections of one guest
   * @param tcp TCP connections of the network
   * @param udpPerGuest UDP flows of one guest
   * @param udp UDP flows of the network
   * @param icmpPerGuest echo conversations of one guest
   * @param icmp echo conversations of the network
   * @param written the keys that the file has; the numbers of the others are defaults
   */
  public record Quotas(
      int tcpPerGuest,
      int tcp,
      int udpPerGuest,
      int udp,
      int icmpPerGuest,
      int icmp,
      Set<String> written) {
    /** Copies the keys. */
    public Quotas {
      written = Set.copyOf(written);
    }

    /** The keys of {@code nat.quotas}. */
    static final class Keys {
      private static final Form<Integer> FLOWS = new Form.Whole(0, 1 << 20);

      static final Key<Integer> TCP_PER_GUEST =
          Key.defaulted("tcp-per-guest", FLOWS, 4096, "TCP connections of one guest.");

      static final Key<Integer> TCP =
          Key.defaulted("tcp", FLOWS, 16_384, "TCP connections of the network.");

      static final Key<Integer> UDP_PER_GUEST =
          Key.defaulted("udp-per-guest", FLOWS, 16_384, "UDP flows of one guest.");

      static final Key<Integer> UDP =
          Key.defaulted("udp", FLOWS, 65_536, "UDP flows of the network.");

      static final Key<Integer> ICMP_PER_GUEST =
          Key.defaulted("icmp-per-guest", FLOWS, 128, "ICMP echo conversations of one guest.");

      static final Key<Integer> ICMP =
          Key.defaulted("icmp", FLOWS, 1024, "ICMP echo conversations of the network.");

      static final Section SECTION =
          Section.of(
              "quotas",
              "How many flows there may be at a time.",
              TCP_PER_GUEST,
              TCP,
              UDP_PER_GUEST,
              UDP,
              ICMP_PER_GUEST,
              ICMP);

      private Keys() {}
    }
  }

  /**
   * Addresses and an interface of the host by which flows leave.
   *
   * @param ipv4 the source of IPv4 flows, or null for what the host's routes choose
   * @param ipv6 the source of IPv6 flows, likewise
   * @param device the interface that they leave by, likewise
   */
  public record Outbound(@Nullable Address ipv4, @Nullable Address ipv6, @Nullable String device) {
    /** The host's routes choose. */
    public static final Outbound ANY = new Outbound(null, null, null);

    /** The keys of {@code nat.outbound}. */
    static final class Keys {
      static final Key<Address> ADDRESS =
          Key.optional(
              "address",
              Kind.such(
                  "outbound-ipv4",
                  "an IPv4 address of the host",
                  "^" + Kind.IPV4_PATTERN + "$",
                  text -> unicast(Address.parseIpv4(text)),
                  "192.0.2.5"),
              "what the host's routes choose",
              "The address of the host that IPv4 flows leave from.");

      static final Key<Address> IPV6_ADDRESS =
          Key.optional(
              "ipv6-address",
              Kind.such(
                  "outbound-ipv6",
                  "an IPv6 address of the host",
                  "^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$",
                  text -> unicast(Address.parse(text)),
                  "\"2001:db8::5\""),
              "what the host's routes choose",
              "The address of the host that IPv6 flows leave from.");

      static final Key<String> INTERFACE =
          Key.optional(
              "interface",
              Kind.DEVICE,
              "what the host's routes choose",
              "The interface of the host that flows leave by, whatever its routes say.");

      static final Section SECTION =
          Section.of(
              "outbound",
              "Where the host's side of new flows is bound, and that of questions to name servers.",
              ADDRESS,
              IPV6_ADDRESS,
              INTERFACE);

      private Keys() {}

      private static Address unicast(Address address) {
        if (!address.isUnicast() || address.isLoopback()) {
          throw new IllegalArgumentException("nothing leaves the host from there");
        }
        return address;
      }
    }
  }

  /** The keys of {@code nat}. */
  static final class Keys {
    private static final String OTHER_MAPPING = "other mappings are not supported by this version";

    private static final Kind<Service> SERVICE =
        new Kind<>(
            "service",
            "ports",
            List.of("8080", "8000-8100", "tcp/443"),
            true,
            "^" + Service.PATTERN + "$",
            true,
            Service::parse);

    static final Key<Behaviour> MAPPING =
        Key.defaulted(
            "mapping",
            Choice.of(
                List.of(Behaviour.ENDPOINT_INDEPENDENT),
                Map.of(
                    EnumText.word(Behaviour.ADDRESS_DEPENDENT), OTHER_MAPPING,
                    EnumText.word(Behaviour.ADDRESS_AND_PORT_DEPENDENT), OTHER_MAPPING)),
            Behaviour.ENDPOINT_INDEPENDENT,
            "When two UDP flows of a guest's port share a port on the host (RFC 4787 section"
                + " 4.1).");

    static final Key<Behaviour> FILTERING =
        Key.defaulted(
            "filtering",
            Choice.of(Behaviour.class),
            Behaviour.ADDRESS_DEPENDENT,
            "Which strangers may answer (RFC 4787 section 5).");

    static final Key<HostLoopback> HOST_LOOPBACK =
        Key.defaulted(
            "host-loopback",
            new Form.FlagOrServices(new Form.ListOf<>(SERVICE)),
            HostLoopback.NONE,
            "Whether the host's address leads guests to the host's loopback; or to which of its"
                + " ports, as in [8080, udp/53, 9000-9010].");

    static final Key<Fields> TIMEOUTS = Key.mapping("timeouts", Timeouts.Keys.SECTION);
    static final Key<Fields> QUOTAS = Key.mapping("quotas", Quotas.Keys.SECTION);
    static final Key<Fields> OUTBOUND = Key.mapping("outbound", Outbound.Keys.SECTION);

    static final Section SECTION =
        Section.of(
            "nat",
            "How the NAT behaves.",
            MAPPING,
            FILTERING,
            HOST_LOOPBACK,
            TIMEOUTS,
            QUOTAS,
            OUTBOUND);

    private Keys() {}
  }
}
