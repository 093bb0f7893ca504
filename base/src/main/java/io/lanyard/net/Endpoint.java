package io.lanyard.net;

import java.net.InetSocketAddress;

/**
 * An address and a port: where a socket listens, or where it connects to.
 *
 * @param address an address, never a name to be resolved
 * @param port 0 to 65535
 */
public record Endpoint(Address address, int port) {
  /** Checks the port. */
  public Endpoint {
    if (port >>> 16 != 0) {
      throw new IllegalArgumentException("a port is from 0 to 65535, not " + port);
    }
  }

  /**
   * Reads {@code address:port}. {@code *} is every IPv4 address, {@code localhost} is 127.0.0.1,
   * and an IPv6 address stands in brackets.
   *
   * @param text such as {@code 127.0.0.1:8080} or {@code [::1]:8080}
   * @return the endpoint
   * @throws IllegalArgumentException with what is wrong
   */
  public static Endpoint parse(String text) {
    int colon = text.lastIndexOf(':');
    if (text.matches(":?[0-9]+")) {
      String port = text.substring(colon + 1);
      throw new IllegalArgumentException(
          "the address is missing: 127.0.0.1:"
              + port
              + ", or *:"
              + port
              + " for every IPv4 address");
    }
    if (colon < 0 || text.endsWith("]")) {
      throw new IllegalArgumentException("the port is missing");
    }
    return new Endpoint(
        parseAddress(text.substring(0, colon)), parsePort(text.substring(colon + 1)));
  }

  /**
   * Reads {@code address} or {@code address:port}.
   *
   * @param text as for {@link #parse(String)}, the port being optional
   * @param defaultPort the port where none is given
   * @return the endpoint
   * @throws IllegalArgumentException with what is wrong
   */
  public static Endpoint parse(String text, int defaultPort) {
    boolean hasPort = text.startsWith("[") ? !text.endsWith("]") : text.indexOf(':') >= 0;
    return hasPort ? parse(text) : new Endpoint(parseAddress(text), defaultPort);
  }

  /**
   * Reads a port.
   *
   * @param text a number without leading zeros
   * @return 1 to 65535
   * @throws IllegalArgumentException with what is wrong
   */
  public static int parsePort(String text) {
    if (!text.matches("[1-9][0-9]{0,4}") || Integer.parseInt(text) > 65535) {
      throw new IllegalArgumentException("\"" + text + "\" is not a port number from 1 to 65535");
    }
    return Integer.parseInt(text);
  }

  private static Address parseAddress(String text) {
    if (text.equals("*")) {
      return Address.ANY_IPV4;
    }
    if (text.equals("localhost")) {
      return Address.LOOPBACK_IPV4;
    }
    if (text.startsWith("[") && text.endsWith("]")) {
      return Address.parseIpv6(text.substring(1, text.length() - 1));
    }
    if (text.indexOf(':') >= 0) {
      throw new IllegalArgumentException("an IPv6 address stands in brackets: [::1]:8080");
    }
    return Address.parseIpv4(text);
  }

  /**
   * The endpoint for the JDK's and Netty's sockets.
   *
   * @return a resolved socket address
   */
  public InetSocketAddress toSocketAddress() {
    return new InetSocketAddress(address.toInetAddress(), port);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Endpoint that && port == that.port && address.equals(that.address);
  }

  @Override
  public int hashCode() {
    return 31 * address.hashCode() + port;
  }

  /** Address, colon, port; IPv6 in brackets. */
  @Override
  public String toString() {
    return (address.isIpv4() ? address.toString() : "[" + address + "]") + ":" + port;
  }
}
