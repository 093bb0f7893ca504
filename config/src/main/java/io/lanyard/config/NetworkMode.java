package io.lanyard.config;

import io.lanyard.base.EnumText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of a network that leads beyond its switch; each mode has its own parts. */
public sealed interface NetworkMode {
  /** The modes' words in the file. */
  enum Word {
    /** The word of {@link Nat}. */
    NAT,
    /** The word of {@link HostOnly}. */
    HOST_ONLY,
    /** The word of {@link Bridged}. */
    BRIDGED,
    /** The word of {@link Isolated}. */
    ISOLATED
  }

  /**
   * A gateway with its services, which leads to the world by NAT.
   *
   * @param gateway its addresses and services
   * @param hostAdapter the host's TAP device on the network, or null for none
   * @param nat how guests' flows are translated
   * @param egress where guests may go
   * @param forwards ports of the host's that lead to guests
   */
  record Nat(
      GatewayConfig gateway,
      @Nullable HostAdapterConfig hostAdapter,
      NatConfig nat,
      EgressConfig egress,
      List<ForwardConfig> forwards)
      implements NetworkMode {
    /** Copies the list. */
    public Nat {
      forwards = List.copyOf(forwards);
    }

    @Override
    public Word word() {
      return Word.NAT;
    }

    /** The keys that this mode alone has. */
    static final class Keys {
      static final Key<Fields> NAT = Key.mapping("nat", NatConfig.Keys.SECTION);
      static final Key<Fields> EGRESS = Key.mapping("egress", EgressConfig.Keys.SECTION);

      static final Key<List<Fields>> FORWARDS =
          Key.defaulted(
              "forwards",
              new Form.ListOf<>(ForwardConfig.Keys.SECTION),
              List.of(),
              "Ports of the host's that lead to guests.");

      private Keys() {}
    }
  }

  /**
   * A gateway with its services that leads nowhere, and a host adapter.
   *
   * @param gateway its addresses and services
   * @param hostAdapter the host's TAP device on the network
   */
  record HostOnly(GatewayConfig gateway, HostAdapterConfig hostAdapter) implements NetworkMode {
    @Override
    public Word word() {
      return Word.HOST_ONLY;
    }

    /** The keys that this mode shares with {@link Nat} besides the gateway's. */
    static final class Keys {
      static final Key<Fields> HOST_ADAPTER =
          Key.optional(
              "host-adapter",
              HostAdapterConfig.Keys.SECTION,
              "none; a host-only network always has one",
              HostAdapterConfig.Keys.SECTION.meaning());

      private Keys() {}
    }
  }

  /**
   * A switch whose guests are in the LAN of one of the host's interfaces.
   *
   * @param uplink the way into the LAN
   */
  record Bridged(UplinkConfig uplink) implements NetworkMode {
    @Override
    public Word word() {
      return Word.BRIDGED;
    }

    /** The keys that this mode alone has. */
    static final class Keys {
      static final Key<Fields> UPLINK = Key.mapping("uplink", UplinkConfig.Keys.SECTION);

      private Keys() {}
    }
  }

  /** A switch alone: its guests see each other. */
  record Isolated() implements NetworkMode {
    @Override
    public Word word() {
      return Word.ISOLATED;
    }
  }

  /**
   * The mode's word.
   *
   * @return the same for all networks of a mode
   */
  Word word();

  /**
   * The mode as the file writes it.
   *
   * @return such as {@code host-only}
   */
  default String text() {
    return EnumText.word(word());
  }
}
