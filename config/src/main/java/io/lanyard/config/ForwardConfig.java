package io.lanyard.config;

import io.lanyard.base.EnumText;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Transport;
import org.jspecify.annotations.Nullable;

/**
 * A port of the host's that leads to a guest's.
 *
 * @param name its name, or null
 * @param protocol TCP or UDP
 * @param listen where the host listens
 * @param to the guest's end
 */
public record ForwardConfig(@Nullable String name, Transport protocol, Endpoint listen, Target to) {
  /**
   * The forward's key in logs and counters, which every forward has, with or without a name.
   *
   * @return protocol and listen address, as {@code tcp/127.0.0.1:8080}
   */
  public String key() {
    return EnumText.word(protocol) + "/" + listen;
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
     * @param port 1 to 65535
     */
    record HostAndPort(String host, int port) {}

    private static final Kind<HostAndPort> TARGET =
        Kind.such(
            "target",
            "a guest and a port",
            "^([A-Za-z0-9.-]+|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5}$",
            Keys::hostAndPort,
            "web:80");

    static final Key<String> NAME =
        Key.optional(
            "name",
            Kind.FORWARD_NAME,
            "its protocol and listen, as tcp/127.0.0.1:8080",
            "A name to tell it from others.");

    static final Key<Transport> PROTOCOL =
        Key.required("protocol", Choice.of(Transport.class), "The transport protocol.");

    static final Key<Endpoint> LISTEN =
        Key.required(
            "listen", Kind.ENDPOINT, "Where the host listens: an address or *, and a port.");

    static final Key<HostAndPort> TO =
        Key.required(
            "to",
            TARGET,
            "A guest's, a reservation's or a DNS host's name, or an address of a subnet, and a"
                + " port. An IPv6 address stands in brackets, and the network says its subnet.");

    static final Section SECTION =
        Section.of(
            "forward", "A port of the host's that leads to a guest's.", NAME, PROTOCOL, LISTEN, TO);

    private Keys() {}

    private static HostAndPort hostAndPort(String text) {
      int colon = text.lastIndexOf(':');
      if (colon < 0) {
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
      return new HostAndPort(host, Endpoint.parsePort(text.substring(colon + 1)));
    }
  }
}
