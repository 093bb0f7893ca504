package io.lanyard.nat.flow;

import java.util.List;

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

  /**
   * It may be for another reason, unless it begins with a TLS client's message that names a server
   * which the rules deny.
   *
   * @param reason the other reason
   * @param server the server's name in lower case; empty while none has been shown
   */
  record Watched(Grant reason, String server) implements Grant {}

  /**
   * The reason without regard to what a flow shows.
   *
   * @param why why it may be
   * @return of a watched flow the reason behind it
   */
  static Grant plain(Grant why) {
    return why instanceof Watched(Grant reason, String _) ? reason : why;
  }

  /**
   * Another reason for a flow that goes on.
   *
   * @param reason why it may be now
   * @param before why it might be before
   * @return the reason, with what the flow has shown
   */
  static Grant because(Grant reason, Grant before) {
    return before instanceof Watched(Grant _, String server) ? new Watched(reason, server) : reason;
  }

  /**
   * The name for which a flow was admitted.
   *
   * @param why why it may be
   * @return one name; none if the flow may be for another reason
   */
  static List<String> names(Grant why) {
    return plain(why) instanceof ByName(String name, boolean _) ? List.of(name) : List.of();
  }

  /**
   * Whether nothing of a flow may pass before the guest has shown whom it speaks to.
   *
   * @param why why it may be
   * @return true if its first bytes are to be read
   */
  static boolean awaitsHello(Grant why) {
    return switch (why) {
      case ByName(String _, boolean sni) -> sni;
      case Watched(Grant _, String server) -> server.isEmpty();
      case ByAddress _, Published _, Service _ -> false;
    };
  }
}
