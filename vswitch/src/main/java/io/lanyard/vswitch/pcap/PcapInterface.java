package io.lanyard.vswitch.pcap;

import java.util.List;

/**
 * An interface of the host as libpcap lists it.
 *
 * @param name its name
 * @param description libpcap's words for it; mostly empty on Linux
 * @param addresses its addresses of both families, as text with their prefix lengths
 */
public record PcapInterface(String name, String description, List<String> addresses) {
  /** Copies the list. */
  public PcapInterface {
    addresses = List.copyOf(addresses);
  }
}
