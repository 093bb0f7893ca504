package io.lanyard.nat.station;

/**
 * The resources of which a port can want more than its share, besides flows and sockets, which
 * count themselves.
 */
public enum Excess {
  /** MAC addresses behind the port. */
  STATIONS("MAC addresses"),
  /** IP addresses behind the port. */
  NEIGHBOURS("IP addresses"),
  /** Datagrams of which not all fragments have come. */
  FRAGMENTS("fragmented datagrams"),
  /** DNS questions that wait for an answer. */
  QUESTIONS("DNS questions"),
  /** Answers to the probes by which DHCP looks whether an address is in use. */
  CONFLICTS("addresses that DHCP finds in use"),
  /** Changes of DHCP leases that are not on disk yet. */
  LEASES("changes of DHCP leases"),
  /** Flows that begin. */
  NEW_FLOWS("new flows in a second"),
  /** Connections to the DNS server. */
  STREAMS("DNS connections"),
  /** ICMP errors, by which it is told why its packets go no further. */
  ERRORS("ICMP errors"),
  /** Router advertisements, for which it asks. */
  ADVERTISEMENTS("router advertisements");

  /** As people read it. */
  final String text;

  Excess(String text) {
    this.text = text;
  }
}
