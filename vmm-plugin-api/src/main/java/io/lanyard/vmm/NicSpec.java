package io.lanyard.vmm;

import java.util.List;

/**
 * A NIC.
 *
 * @param name the NIC's name, unique in its guest
 * @param mac its address: 48 bits, not a group address
 * @param mtu the network's MTU in bytes of IP packet, which the NIC tells the guest
 * @param offers the ways in which the daemon can attach it, the best first: the VMM takes one
 */
public record NicSpec(String name, long mac, int mtu, List<Attachment> offers) {
  /** Copies the list. */
  public NicSpec {
    offers = List.copyOf(offers);
  }

  /** Whether the address has 48 bits and is neither zero nor a group's. */
  boolean hasOwnAddress() {
    return mac > 0 && mac >>> 48 == 0 && (mac >>> 40 & 1) == 0;
  }
}
