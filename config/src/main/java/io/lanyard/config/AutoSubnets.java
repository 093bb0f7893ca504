package io.lanyard.config;

import io.lanyard.net.Subnet;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * The subnets that a network with {@code subnet: auto} may get. The model knows nothing of the
 * host: the daemon chooses the first that is free, and lays it over the document.
 */
public final class AutoSubnets {
  /** The word for a subnet of the daemon's choice. */
  public static final String WORD = "auto";

  /** Who lays a choice over a document. No caller of the API has such a name. */
  public static final String WHO = "lanyard, for subnet: auto";

  /** Stands for it until it is chosen: a subnet of the other family, which nobody can say. */
  static final Subnet UNCHOSEN = Subnet.parse("::/0");

  /** The third numbers in 192.168 that home routers and others take first. */
  private static final List<Integer> POPULAR = List.of(0, 1, 2, 100, 122, 127, 178, 254, 255);

  private AutoSubnets() {}

  /**
   * The subnets for a network, the first one first: those of 192.168.0.0/16, then some of
   * 10.0.0.0/8, each from a place on that the name gives, so that networks seldom meet.
   *
   * @param network the network's name
   * @return private subnets with a prefix length of 24 (RFC 1918)
   */
  public static List<Subnet> candidates(String network) {
    CRC32 hash = new CRC32();
    hash.update(network.getBytes(StandardCharsets.UTF_8));
    int from = (int) hash.getValue() & 0xffff;
    List<Subnet> all = new ArrayList<>(512);
    for (int i = 0; i < 256; i++) {
      int third = from + i & 0xff;
      if (!POPULAR.contains(third)) {
        all.add(Subnet.parse("192.168." + third + ".0/24"));
      }
    }
    int second = from >>> 8;
    for (int i = 0; i < 256; i++) {
      all.add(Subnet.parse("10." + second + "." + (from + i & 0xff) + ".0/24"));
    }
    return all;
  }
}
