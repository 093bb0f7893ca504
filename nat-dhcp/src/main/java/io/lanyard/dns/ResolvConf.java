package io.lanyard.dns;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * The name servers of a {@code resolv.conf} (resolv.conf(5)).
 *
 * @param servers where to ask, in the order to try
 */
record ResolvConf(List<InetSocketAddress> servers) {
  static final ResolvConf NONE = new ResolvConf(List.of());
  private static final int DNS_PORT = 53;

  /** The C library stops at three; a few more do no harm. */
  private static final int MAX_SERVERS = 8;

  /** Reads the file's lines; what is not understood is left out, as the C library does. */
  static ResolvConf parse(List<String> lines) {
    List<InetSocketAddress> servers = new ArrayList<>();
    for (String line : lines) {
      String[] words = line.strip().split("[ \t]+", 3);
      if (words.length >= 2 && words[0].equals("nameserver") && servers.size() < MAX_SERVERS) {
        // A literal only: a name would need the resolver that is being configured.
        InetAddress address = NetUtil.createInetAddressFromIpAddressString(words[1]);
        if (address == null || address.isAnyLocalAddress()) {
          continue;
        }
        servers.add(new InetSocketAddress(address, DNS_PORT));
      }
    }
    return new ResolvConf(List.copyOf(servers));
  }
}
