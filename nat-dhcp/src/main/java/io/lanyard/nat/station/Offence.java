package io.lanyard.nat.station;

/** An act of a port in the name of others: it is refused, and many are a problem of the port. */
public enum Offence {
  /** Returns or asks for a DHCP lease of another. */
  LEASES("speaks DHCP for clients of other ports"),
  /** Sends a packet from an address of a station behind another port. */
  ADDRESSES("sends from IP addresses of other ports"),
  /** Says, by ARP or neighbour discovery, to have an address of a station behind another port. */
  CLAIMS("claims IP addresses of other ports"),
  /** Says to have an address of the gateway. */
  GATEWAY("claims the gateway's IP addresses");

  /** As people read it, behind the port's "it". */
  final String text;

  Offence(String text) {
    this.text = text;
  }
}
