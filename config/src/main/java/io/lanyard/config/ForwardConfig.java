package io.lanyard.config;

import io.lanyard.base.EnumText;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A port of the host's that leads to a guest's, or as many ports of both, one after the other.
 *
 * @param name its name, or null
 * @param protocol TCP or UDP
 * @param listen where the host listens: the first port
 * @param to the guest's end: the first port
 * @param ports how many ports
 */
public record ForwardConfig(
    @Nullable String name, Transport protocol, Endpoint listen, Target to, int ports) {
  /** The most ports of a forward: each has a socket of its own. */
  public static final int MOST_PORTS = 1024;

  /** Checks the number of ports. */
  public ForwardConfig {
    if (ports < 1 || ports > MOST_PORTS) {
      throw new IllegalArgumentException(
          "a forward has 1 to " + MOST_PORTS + " ports, not " + ports);
    }
  }

  /**
   * The forward's key in logs and counters, which every forward has, with or without a name.
   *
   * @return protocol and listen address, as {@code tcp/127.0.0.1:8080}
   */
  public String key() {
    return EnumText.word(protocol) + "/" + listenText();
  }

  /**
   * Where the host listens, as the file writes it.
   *
   * @return an address and a port or a range of ports, as {@code 127.0.0.1:8000-8010}
   */
  public String listenText() {
    return ranged(listen.toString(), listen.port(), ports);
  }

  /**
   * The guest's end.
   *
   * @return what leads there and a port or a range of ports, as {@code web:8000-8010}
   */
  public String toText() {
    return ranged(to.toString(), to.port(), ports);
  }

  private static String ranged(String first, int port, int ports) {
    return ports == 1 ? first : first + "-" + (port + ports - 1);
  }

  /**
   * The forwards of one port each that this one stands for.
   *
   * @return by port; their keys are those that flows have
   */
  public List<ForwardConfig> each() {
    List<ForwardConfig> each = new ArrayList<>(ports);
    for (int i = 0; i < ports; i++) {
      Endpoint from = new Endpoint(listen.address(), listen.port() + i);
      each.add(new ForwardConfig(name, protocol, from, to.at(to.port() + i), 1));
    }
    return each;
  }

  /**
   * The forward's name for people.
   *
   * @return the name that it was given, or else its {@link #key}
   */
  public String label() {
    return name == null ? key() : name;
  }

  /** The guest's end of a forward; as text, what leads there and the port. */
  public sealed interface Target {
    /**
     * The port.
     *
     * @return 1 to 65535
     */
    int port();

    /**
     * The file's text before the port.
     *
     * @return an address or a name
     */
    String host();

    /**
     * Another port of the same guest's.
     *
     * @param port 1 to 65535
     * @return the guest's end there
     */
    Target at(int port);
  }

  /**
   * An address known from the file: given as such, or by the name of a reservation or DNS host.
   *
   * @param host what the file said
   * @param address the address
   * @param port the port
   */
  public record ToAddress(String host, Address address, int port) implements Target {
    @Override
    public Target at(int another) {
      return new ToAddress(host, address, another);
    }

    @Override
    public String toString() {
      return new Endpoint(address, port).toString();
    }
  }

  /**
   * A guest of this daemon's, whose address is that of its lease.
   *
   * @param host the guest's name
   * @param mac the address of the guest's first NIC on the network
   * @param port the port
   */
  public record ToGuest(String host, MacAddress mac, int port) implements Target {
    @Override
    public Target at(int another) {
      return new ToGuest(host, mac, another);
    }

    @Override
    public String toString() {
      return host + ":" + port;
    }
  }

  /** The keys of a forward. */
  static final class Keys {
    /**
     * A guest's end before its name is looked up.
     *
     * @param host an address, in brackets if it is of IPv6, or a name, lower case
     * @param ports one port or more
     */
    record HostAndPorts(String host, Ports ports) {}

    /**
     * Where the host listens.
     *
     * @param address an address of the host, or any
     * @param ports one port or more
     */
    record Listen(Address address, Ports ports) {
      Endpoint first() {
        return new Endpoint(address, ports.first());
      }

      /** The one form of it. */
      @Override
      public String toString() {
        return ranged(first().toString(), ports.first(), ports.count());
      }
    }

    /**
     * Ports one after the other.
     *
     * @param first 1 to 65535
     * @param count how many
     */
    record Ports(int first, int count) {
      /** Reads a port, or the first and the last one with a hyphen between them. */
      static Ports parse(String text) {
        int hyphen = text.indexOf('-');
        if (hyphen < 0) {
          return new Ports(Endpoint.parsePort(text), 1);
        }
        int first = Endpoint.parsePort(text.substring(0, hyphen));
        int last = Endpoint.parsePort(text.substring(hyphen + 1));
        if (last <= first) {
          throw new IllegalArgumentException("the range " + text + " does not end after it begins");
        }
        if (last - first >= MOST_PORTS) {
          throw new IllegalArgumentException(
              "the range " + text + " has more than " + MOST_PORTS + " ports");
        }
        return new Ports(first, last - first + 1);
      }
    }

    private static final String PORTS = "[0-9]{1,5}(-[0-9]{1,5})?";

    private static final Kind<HostAndPorts> TARGET =
        Kind.such(
            "target",
            "a guest and one port or more",
            "^([A-Za-z0-9.-]+|\\[[0-9a-fA-F:.]+\\]):" + PORTS + "$",
            Keys::hostAndPorts,
            "web:80",
            "web:8000-8010");

    private static final Kind<Listen> HOST_PORTS =
        Kind.such(
            "listen",
            "an address and one port or more",
            "^" + Kind.LISTEN_ADDRESS_PATTERN + ":" + PORTS + "$",
            Keys::listen,
            "127.0.0.1:8080",
            "127.0.0.1:8000-8010");

    static final Key<String> NAME =
        Key.optional(
            "name",
            Kind.FORWARD_NAME,
            "its protocol and listen, as tcp/127.0.0.1:8080",
            "A name to tell it from others.");

    static final Key<Transport> PROTOCOL =
        Key.required(
            "protocol",
            Choice.of(
                List.of(Transport.values()),
                Map.of(
                    "sctp", "the host has no sockets for guests' SCTP; a forward is of tcp or udp",
                    "icmp", "the gateway answers pings itself; a forward is of tcp or udp")),
            "The transport protocol.");

    static final Key<Listen> LISTEN =
        Key.required(
            "listen",
            HOST_PORTS,
            "Where the host listens: an address, * for all of IPv4 or [::] for all of both families, and a port, or a range of at most "
                + MOST_PORTS
                + " ports.");

    static final Key<HostAndPorts> TO =
        Key.required(
            "to",
            TARGET,
            "A guest's, a reservation's or a DNS host's name, or an address of a subnet, and a"
                + " port, or as many ports as listen has. An IPv6 address stands in brackets, and the network says its subnet.");

    static final Section SECTION =
        Section.of(
            "forward",
            "A port of the host's that leads to a guest's, or a range of ports.",
            NAME,
            PROTOCOL,
            LISTEN,
            TO);

    private Keys() {}

    /** Where the host listens, in its one form. */
    static String canonicalListen(String text) {
      return listen(text).toString();
    }

    private static Listen listen(String text) {
      int hyphen = text.indexOf('-', text.lastIndexOf(':') + 1);
      Endpoint first = Kind.listen(hyphen < 0 ? text : text.substring(0, hyphen));
      return new Listen(first.address(), Ports.parse(text.substring(text.lastIndexOf(':') + 1)));
    }

    private static HostAndPorts hostAndPorts(String text) {
      int colon = text.lastIndexOf(':');
      if (colon < 0 || text.endsWith("]")) {
        throw new IllegalArgumentException("the port is missing");
      }
      String host = text.substring(0, colon);
      if (host.startsWith("[") && host.endsWith("]")) {
        Address.parseIpv6(host.substring(1, host.length() - 1));
      } else if (host.matches("[0-9.]+")) {
        Address.parse(host);
      } else {
        host = Kind.DOMAIN.parser().apply(host);
      }
      return new HostAndPorts(host, Ports.parse(text.substring(colon + 1)));
    }
  }
}
