package io.lanyard.dns;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The name servers of a {@code resolv.conf} (resolv.conf(5)).
 *
 * @param servers where to ask, in the order to try
 */
record ResolvConf(List<InetSocketAddress> servers) {
  private static final int DNS_PORT = 53;

  /** The C library stops at three; a few more do no harm. */
  private static final int MAX_SERVERS = 8;

  /**
   * Reads the file's lines, none of an absent file; what is not understood is left out, as the C
   * library does.
   */
  static ResolvConf parse(List<String> lines) {
    List<InetSocketAddress> servers = new ArrayList<>();
    for (String line : lines) {
      String[] words = line.strip().split("[ \t]+", 3);
      if (words.length >= 2 && words[0].equals("nameserver") && servers.size() < MAX_SERVERS) {
        InetAddress address = literal(words[1]);
        if (address != null) {
          // To the C library the unspecified address is the host itself.
          servers.add(
              new InetSocketAddress(
                  address.isAnyLocalAddress() ? NetUtil.LOCALHOST4 : address, DNS_PORT));
        }
      }
    }
    if (servers.isEmpty()) {
      // "If no nameserver entries are present, the default is to use the name server on the local
      // machine."
      servers.add(new InetSocketAddress(NetUtil.LOCALHOST4, DNS_PORT));
    }
    return new ResolvConf(List.copyOf(servers));
  }

  /**
   * Reads an address, a link-local one with its scope ({@code fe80::1%eth0}) too. A literal only: a
   * name would need the resolver that is being configured.
   */
  static @Nullable InetAddress literal(String text) {
    try {
      int scope = text.indexOf('%');
      NetworkInterface card =
          scope < 0 ? null : NetworkInterface.getByName(text.substring(scope + 1));
      // By its number, as by its name Java wants the interface to have an address of that kind.
      return InetAddress.ofLiteral(
          card == null ? text : text.substring(0, scope + 1) + card.getIndex());
    } catch (IllegalArgumentException | SocketException e) {
      return null; // No address, or of an interface that is not there: left out.
    }
  }
}
