package io.lanyard.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * An address and port of the host's own stack.
 *
 * @param address an address, never a name to be resolved
 * @param port 0 to 65535
 */
public record Endpoint(InetAddress address, int port) {
  /**
   * Reads {@code address:port}. {@code *} is every address, {@code localhost} is 127.0.0.1, and an
   * IPv6 address stands in brackets.
   *
   * @param text such as {@code 127.0.0.1:8080} or {@code [::1]:8080}
   * @return the endpoint
   * @throws IllegalArgumentException with what is wrong
   */
  public static Endpoint parse(String text) {
    int colon = text.lastIndexOf(':');
    if (text.matches("[0-9]+")) {
      throw new IllegalArgumentException(
          "the address is missing: 127.0.0.1:" + text + ", or *:" + text + " for every address");
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

  static int parsePort(String text) {
    if (!text.matches("[1-9][0-9]{0,4}") || Integer.parseInt(text) > 65535) {
      throw new IllegalArgumentException("\"" + text + "\" is not a port number from 1 to 65535");
    }
    return Integer.parseInt(text);
  }

  private static InetAddress parseAddress(String text) {
    try {
      if (text.equals("*")) {
        return InetAddress.getByAddress(new byte[4]);
      }
      if (text.equals("localhost")) {
        return ipv4(Ipv4Address.parse("127.0.0.1"));
      }
      if (text.startsWith("[") && text.endsWith("]")) {
        String inner = text.substring(1, text.length() - 1);
        // Only these characters, so that nothing here can be taken for a name and looked up.
        if (!inner.contains(":") || !inner.matches("[0-9a-fA-F:.]{2,45}")) {
          throw new IllegalArgumentException("\"" + inner + "\" is not an IPv6 address");
        }
        return InetAddress.ofLiteral(inner);
      }
      if (text.indexOf(':') >= 0) {
        throw new IllegalArgumentException("an IPv6 address stands in brackets: [::1]:8080");
      }
      return ipv4(Ipv4Address.parse(text));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("\"" + text + "\" is not an address", e);
    }
  }

  private static InetAddress ipv4(Ipv4Address address) throws UnknownHostException {
    int bits = address.bits();
    return InetAddress.getByAddress(
        new byte[] {(byte) (bits >>> 24), (byte) (bits >>> 16), (byte) (bits >>> 8), (byte) bits});
  }

  /**
   * For the JDK's and Netty's sockets.
   *
   * @return a resolved socket address
   */
  public InetSocketAddress socketAddress() {
    return new InetSocketAddress(address, port);
  }

  /** Whether a host can have the address; it may be that of every interface. */
  boolean isOfOneHost() {
    return !address.isMulticastAddress() && !address.getHostAddress().equals("255.255.255.255");
  }

  /** Address, colon, port; IPv6 in brackets. */
  @Override
  public String toString() {
    String host = address.getHostAddress();
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
