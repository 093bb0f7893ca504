package io.lanyard.config;

import io.lanyard.base.EnumText;
import io.lanyard.net.Endpoint;

/**
 * Ports of a transport protocol, or a protocol without ports.
 *
 * @param protocol the protocol
 * @param first the first port; 0 where the protocol has none
 * @param last the last port; 65535 where the protocol has none
 */
public record Service(Protocol protocol, int first, int last) {
  private static final int LAST_PORT = 65_535;

  /** The schema's regular expression for one service. */
  static final String PATTERN = "(tcp|udp|icmp|((tcp|udp)/)?[0-9]{1,5}(-[0-9]{1,5})?)";

  /** The protocols that guests can use beyond the gateway. */
  public enum Protocol {
    /** TCP. */
    TCP,
    /** UDP. */
    UDP,
    /** TCP and UDP. */
    TCP_AND_UDP,
    /** ICMP echo: ping. */
    ICMP
  }

  /**
   * Parses a service.
   *
   * @param text {@code tcp}, {@code udp}, {@code icmp}, {@code 443}, {@code 8000-8100}, or ports
   *     with their protocol before them: {@code tcp/443}
   * @return the service; of ports without a protocol, over TCP and UDP
   * @throws IllegalArgumentException with what is wrong
   */
  static Service parse(String text) {
    int slash = text.indexOf('/');
    String word = slash < 0 ? text : text.substring(0, slash);
    if (slash < 0 && !text.isEmpty() && Character.isDigit(text.charAt(0))) {
      return ports(Protocol.TCP_AND_UDP, text);
    }
    Protocol protocol =
        switch (word) {
          case "tcp" -> Protocol.TCP;
          case "udp" -> Protocol.UDP;
          case "icmp" -> Protocol.ICMP;
          default ->
              throw new IllegalArgumentException(
                  text.startsWith("//")
                      ? "a URL is no destination: write its host and port, as in github.com:443"
                      : "expected tcp, udp, icmp or ports such as 443, 8000-8100 or tcp/443, found "
                          + Quoted.quote(text));
        };
    if (slash < 0) {
      return new Service(protocol, 0, LAST_PORT);
    }
    if (protocol == Protocol.ICMP) {
      throw new IllegalArgumentException("ICMP has no ports");
    }
    return ports(protocol, text.substring(slash + 1));
  }

  private static Service ports(Protocol protocol, String text) {
    int dash = text.indexOf('-');
    int first = Endpoint.parsePort(dash < 0 ? text : text.substring(0, dash));
    int last = dash < 0 ? first : Endpoint.parsePort(text.substring(dash + 1));
    if (last < first) {
      throw new IllegalArgumentException("the range " + text + " ends before it begins");
    }
    return new Service(protocol, first, last);
  }

  @Override
  public String toString() {
    String ports = first == last ? String.valueOf(first) : first + "-" + last;
    if (protocol == Protocol.TCP_AND_UDP) {
      return ports;
    }
    String word = EnumText.word(protocol);
    return first == 0 ? word : word + "/" + ports;
  }
}
