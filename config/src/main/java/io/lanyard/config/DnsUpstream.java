package io.lanyard.config;

import io.lanyard.net.Endpoint;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A name server that names of others are asked of.
 *
 * @param endpoint its address and port
 * @param way how it is asked
 * @param name the name that its certificate has to have; empty where none is checked
 */
public record DnsUpstream(Endpoint endpoint, Way way, String name) {
  private static final int DNS_PORT = 53;
  private static final int TLS_PORT = 853; // RFC 7858 section 3.1

  /** The schema's regular expression. */
  static final String PATTERN =
      "^(tcp://|tls://)?([0-9.]+|localhost|\\[[0-9a-fA-F:.]+\\])(:[1-9][0-9]{0,4})?(#[A-Za-z0-9.-]+)?$";

  private static final Pattern PARTS = Pattern.compile("(tcp://|tls://)?([^#]*)(?:#(.*))?");

  /** How a server is asked. */
  public enum Way {
    /** By datagrams; over TCP where an answer is truncated. */
    DATAGRAM,
    /** Over TCP. */
    STREAM,
    /**
     * Over TLS (RFC 7858). With a name the server has to prove it; without one TLS is used where
     * the server has it, without a proof, and datagrams where it has not (RFC 8310 section 5).
     */
    TLS
  }

  /**
   * Parses a server.
   *
   * @param text such as {@code 192.0.2.1}, {@code tcp://192.0.2.1:5353} or {@code
   *     tls://192.0.2.1#dns.example}
   * @return the server
   * @throws IllegalArgumentException with what is wrong
   */
  static DnsUpstream parse(String text) {
    Matcher parts = PARTS.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException("it has a line break");
    }
    Way way =
        parts.group(1) == null
            ? Way.DATAGRAM
            : parts.group(1).equals("tls://") ? Way.TLS : Way.STREAM;
    String name = parts.group(3);
    if (name != null && way != Way.TLS) {
      throw new IllegalArgumentException("only tls:// has a certificate whose name is checked");
    }
    return new DnsUpstream(
        Kind.server(Endpoint.parse(parts.group(2), way == Way.TLS ? TLS_PORT : DNS_PORT)),
        way,
        name == null ? "" : Kind.DOMAIN.parser().apply(name));
  }

  /**
   * The server as the file writes it.
   *
   * @return text such as {@code tls://192.0.2.1:853#dns.example}
   */
  @Override
  public String toString() {
    return switch (way) {
      case DATAGRAM -> endpoint.toString();
      case STREAM -> "tcp://" + endpoint;
      case TLS -> "tls://" + endpoint + (name.isEmpty() ? "" : "#" + name);
    };
  }
}
