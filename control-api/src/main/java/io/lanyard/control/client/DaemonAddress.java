package io.lanyard.control.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where a daemon's API is. Its text, without secrets, is for messages. */
public sealed interface DaemonAddress {
  /**
   * The value of the {@code Host} header.
   *
   * @return host and port; a fixed word for a UNIX socket
   */
  String host();

  /**
   * The secret that says who asks.
   *
   * @return the token; empty for none
   */
  String token();

  /**
   * The UNIX socket of a daemon on this host.
   *
   * @param path the socket's file
   */
  record UnixSocket(Path path) implements DaemonAddress {
    @Override
    public String host() {
      return "lanyard";
    }

    @Override
    public String token() {
      return "";
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }

  /**
   * A daemon on TCP.
   *
   * @param name the server's name or address, an IPv6 address without brackets
   * @param port its port
   * @param isTls whether it speaks TLS; without that only a daemon on a loopback address answers
   * @param authority a PEM file of the certificates that are trusted; null for those of the JDK
   * @param token the secret that says who asks; empty for none
   */
  record Tcp(String name, int port, boolean isTls, @Nullable Path authority, String token)
      implements DaemonAddress {
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/=-]*");

    /**
     * Checks the token.
     *
     * @throws IllegalArgumentException if it has characters that a token cannot have
     */
    public Tcp {
      if (!TOKEN.matcher(token).matches()) {
        throw new IllegalArgumentException("the token has characters that no token has");
      }
    }

    /**
     * Reads an address.
     *
     * @param url {@code https://host:port}, or {@code http://} for a loopback address
     * @param authority a PEM file of the certificates that are trusted; null for those of the JDK
     * @param token the secret that says who asks; empty for none
     * @return the address
     * @throws IllegalArgumentException with what is wrong
     */
    public static Tcp parse(String url, @Nullable Path authority, String token) {
      URI uri;
      try {
        uri = new URI(url);
      } catch (URISyntaxException e) {
        throw new IllegalArgumentException("expected https://HOST:PORT, found " + url, e);
      }
      String host = uri.getHost();
      boolean isTls = "https".equals(uri.getScheme());
      String path = uri.getRawPath(); // null in lab:8443, where lab would be the scheme
      boolean isBare = path != null && (path.isEmpty() || path.equals("/"));
      if (host == null
          || uri.getPort() <= 0
          || uri.getPort() > 0xffff
          || !(isTls || "http".equals(uri.getScheme()))
          || !isBare
          || uri.getRawUserInfo() != null
          || uri.getRawQuery() != null
          || uri.getRawFragment() != null) {
        throw new IllegalArgumentException("expected https://HOST:PORT, found " + url);
      }
      boolean hasBrackets = host.startsWith("[");
      return new Tcp(
          hasBrackets ? host.substring(1, host.length() - 1) : host,
          uri.getPort(),
          isTls,
          authority,
          token);
    }

    @Override
    public String host() {
      return (name.contains(":") ? "[" + name + "]" : name) + ":" + port;
    }

    @Override
    public String toString() {
      return (isTls ? "https://" : "http://") + host();
    }
  }
}
