package io.lanyard.nat.flow;

/** Why a flow may be. */
public sealed interface Grant {
  /** Its addresses and ports are permitted, or it began outside. */
  Grant BY_ADDRESS = new ByAddress();

  /** The daemon publishes its remote end on an address of the host. */
  Grant PUBLISHED = new Published();

  /** Its remote end is a service of the gateway. */
  Grant SERVICE = new Service();

  /** Its addresses and ports are permitted, or it began outside. */
  record ByAddress() implements Grant {}

  /** The daemon publishes its remote end: the flow lasts as long as that. */
  record Published() implements Grant {}

  /** Its remote end is a service of the gateway. */
  record Service() implements Grant {}

  /**
   * A rule permits a name, for which the guest was told the remote address. The flow outlives the
   * time that it was told it for.
   *
   * @param name the name that was asked for, in lower case, without a dot at its end
   * @param sni whether the flow has to begin with a TLS client's message that names a server
   */
  record ByName(String name, boolean sni) implements Grant {}
}
