package io.lanyard.dhcp;

import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A client's request, of either version of DHCP: who asks. */
interface ClientRequest {
  /** Whom the request is from: what it says, unless the server has found out better. */
  ClientId client();

  /** The server has found out who it is. */
  void isFrom(ClientId client);

  /** The client's MAC address, in the low 48 bits. */
  long mac();

  /** The identity of a client that is told from its clone by its MAC address. */
  ClientId byMac(long mac);

  /** That of the client that asks. */
  default ClientId byMac() {
    return byMac(mac());
  }

  /** Whether it names an address as one that the client has, or wants. */
  boolean asksFor(Address address);

  /** The Ethernet source of its frame: the client's MAC address, unless a relay sent it. */
  long sender();

  /** The budget of the port that it came in by, which the sender cannot choose. */
  PortBudget budget();

  /** That port's name. */
  default String port() {
    return budget().name();
  }

  /**
   * The leases whose holders did not answer behind their ports while this request waited. The
   * client may take these along to its own port, unless a holder is heard after all ({@link
   * LeaseTable#mayTake}).
   *
   * @return the live list
   */
  List<Vacated> vacated();

  /** The client's name for itself; null for none. */
  @Nullable String said();

  /** The message's name, for the log. */
  String kind();
}
