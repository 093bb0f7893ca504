package io.lanyard.config.change;

import io.lanyard.base.EnumText;
import io.lanyard.config.Configuration;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Subnet;
import io.lanyard.net.Transport;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The holdings of the things of a configuration: names, devices, sockets, listening addresses, MAC
 * addresses, disks, subnets, each of which one thing has at a time.
 *
 * <p>No other class knows them. {@link Difference} asks what one configuration takes from another;
 * the daemon asks what each thing holds, so that a change waits for what another one gives back.
 */
public final class Holdings {
  /**
   * A thing that holds something.
   *
   * @param kind what it is
   * @param network its network's name, or empty
   * @param name its name, or empty
   */
  record Holder(Kind kind, String network, String name) {}

  /** The kinds of things that hold something. */
  enum Kind {
    FORWARD,
    PORT,
    HOST_ADAPTER,
    METRICS,
    API,
    GUEST
  }

  /** A listening address; a wildcard address overlaps all others of its protocol and port. */
  private record Listening(String protocol, int port, @Nullable Address address) {}

  /** A VXLAN, which shares its listening address with others of its kind and nobody else. */
  private record Vxlan(Listening at, int vni) {}

  private final Map<Object, Holder> holders = new HashMap<>();
  private final Map<Listening, Set<Holder>> listening = new HashMap<>();

  /** The VXLANs by UDP port. */
  private final Map<Listening, Map<Vxlan, Holder>> vxlans = new HashMap<>();

  private Holdings() {}

  /**
   * The things that a network holds, with all that is on it but guests.
   *
   * @param network the network
   * @return its name, its {@link Subnet}, and the things of its adapter, its ports and forwards
   */
  public static Set<Object> of(NetworkConfig network) {
    Set<Object> all = new HashSet<>();
    all.add(List.of("network", network.name()));
    GatewayConfig gateway = network.gateway();
    if (gateway != null) {
      if (gateway.ipv4() != null) {
        all.add(gateway.ipv4().subnet());
      }
      if (gateway.ipv6() != null && gateway.ipv6().subnet() != null) {
        all.add(gateway.ipv6().subnet());
      }
    }
    each(network, (thing, _) -> hold(all, thing));
    return all;
  }

  /**
   * The things that a host adapter holds.
   *
   * @param network its network's name
   * @param adapter the adapter
   * @return its device
   */
  public static Set<Object> of(String network, HostAdapterConfig adapter) {
    Set<Object> all = new HashSet<>();
    each(network, adapter, (thing, _) -> all.add(thing));
    return all;
  }

  /**
   * The things that a port holds.
   *
   * @param network its network's name
   * @param port the port
   * @return its name, and what of the host it has
   */
  public static Set<Object> of(String network, PortConfig port) {
    Set<Object> all = new HashSet<>();
    each(network, port, (thing, _) -> hold(all, thing));
    return all;
  }

  /**
   * The things that a forward holds.
   *
   * @param network its network's name
   * @param forward the forward
   * @return its name and its listening address
   */
  public static Set<Object> of(String network, ForwardConfig forward) {
    Set<Object> all = new HashSet<>();
    each(network, forward, (thing, _) -> all.add(coarse(thing)));
    return all;
  }

  /**
   * The things that a guest holds.
   *
   * @param guest the guest
   * @return its name, its MAC addresses and the disks that it writes to
   */
  public static Set<Object> of(GuestConfig guest) {
    Set<Object> all = new HashSet<>();
    each(guest, (thing, _) -> all.add(coarse(thing)));
    return all;
  }

  /**
   * The things that a server of the daemon's own holds.
   *
   * @param listen where it listens on TCP; null for nowhere
   * @return its listening address
   */
  public static Set<Object> of(@Nullable Endpoint listen) {
    return listen == null ? Set.of() : Set.of(coarse(listening(Transport.TCP, listen)));
  }

  /** The same thing, known by protocol and port alone where it is an address: those may overlap. */
  private static Object coarse(Object thing) {
    return thing instanceof Listening one ? anywhere(one) : thing;
  }

  private static void hold(Set<Object> all, Object thing) {
    all.add(coarse(thing));
    if (thing instanceof Vxlan one) {
      all.add(anywhere(one.at()));
    }
  }

  private static Listening anywhere(Listening one) {
    return new Listening(one.protocol(), one.port(), null);
  }

  /** The holdings of a valid configuration. */
  static Holdings of(Configuration configuration) {
    Holdings holdings = new Holdings();
    each(configuration, holdings::put);
    return holdings;
  }

  private void put(Object thing, Holder holder) {
    holders.put(thing, holder);
    if (thing instanceof Vxlan one) {
      vxlans.computeIfAbsent(anywhere(one.at()), _ -> new HashMap<>()).put(one, holder);
    }
    if (thing instanceof Listening one) {
      Listening anywhere = anywhere(one);
      listening.computeIfAbsent(anywhere, _ -> new HashSet<>()).add(holder);
      if (isAny(one)) {
        holders.put(anywhere, holder);
      }
    }
  }

  private static boolean isAny(Listening one) {
    Address address = one.address();
    return address == null || address.isAny();
  }

  /**
   * The things that hold what another thing is to have.
   *
   * @param after what is to be
   * @return holders of these holdings
   */
  Set<Holder> takenBy(Configuration after) {
    Set<Holder> taken = new HashSet<>();
    each(
        after,
        (thing, holder) -> {
          add(taken, holders.get(thing), holder);
          if (thing instanceof Listening one) {
            addListening(taken, one, holder);
            vxlans
                .getOrDefault(anywhere(one), Map.of())
                .forEach((vxlan, old) -> {
                  if (overlap(vxlan.at(), one)) {
                    add(taken, old, holder);
                  }
                });
          } else if (thing instanceof Vxlan one) {
            add(taken, holders.get(one.at()), holder);
            addListening(taken, one.at(), holder);
          }
        });
    return taken;
  }

  /** Adds those who listen at a place that overlaps another. */
  private void addListening(Set<Holder> taken, Listening at, Holder taker) {
    Listening anywhere = anywhere(at);
    add(taken, holders.get(anywhere), taker);
    if (isAny(at)) {
      listening.getOrDefault(anywhere, Set.of()).forEach(old -> add(taken, old, taker));
    }
  }

  private static boolean overlap(Listening one, Listening other) {
    return isAny(one) || isAny(other) || Objects.equals(one.address(), other.address());
  }

  private static void add(Set<Holder> taken, @Nullable Holder old, Holder taker) {
    if (old != null && !old.equals(taker)) {
      taken.add(old);
    }
  }

  static Holder forward(String network, ForwardConfig forward) {
    return new Holder(Kind.FORWARD, network, forward.label());
  }

  static Holder port(String network, PortConfig port) {
    return new Holder(Kind.PORT, network, port.name());
  }

  static Holder hostAdapter(String network) {
    return new Holder(Kind.HOST_ADAPTER, network, "");
  }

  static Holder metrics() {
    return new Holder(Kind.METRICS, "", "");
  }

  static Holder api() {
    return new Holder(Kind.API, "", "");
  }

  static Holder guest(GuestConfig guest) {
    return new Holder(Kind.GUEST, "", guest.name());
  }

  private static void each(Configuration configuration, BiConsumer<Object, Holder> to) {
    for (NetworkConfig network : configuration.networks().values()) {
      each(network, to);
    }
    for (GuestConfig guest : configuration.guests().values()) {
      each(guest, to);
    }
    Endpoint metrics = configuration.metrics().listen();
    if (metrics != null) {
      to.accept(listening(Transport.TCP, metrics), metrics());
    }
    Endpoint api = configuration.api().listen();
    if (api != null) {
      to.accept(listening(Transport.TCP, api), api());
    }
  }

  private static void each(GuestConfig guest, BiConsumer<Object, Holder> to) {
    Holder holder = guest(guest);
    to.accept(List.of("guest", guest.name()), holder);
    guest.nics().forEach(nic -> to.accept(nic.mac(), holder));
    for (GuestConfig.Disk disk : guest.disks()) {
      if (!disk.readOnly()) {
        to.accept(List.of("disk", disk.path()), holder);
      }
    }
  }

  private static void each(String network, ForwardConfig forward, BiConsumer<Object, Holder> to) {
    Holder holder = forward(network, forward);
    to.accept(List.of("forward", network, forward.label()), holder);
    forward.each().forEach(one -> to.accept(listening(one.protocol(), one.listen()), holder));
  }

  private static void each(String network, PortConfig port, BiConsumer<Object, Holder> to) {
    Holder holder = port(network, port);
    to.accept(List.of("port", network, port.name()), holder);
    port.holds().forEach(held -> to.accept(thing(held), holder));
  }

  private static void each(
      String network, HostAdapterConfig adapter, BiConsumer<Object, Holder> to) {
    to.accept(List.of("device", adapter.name(), ""), hostAdapter(network));
  }

  private static void each(NetworkConfig network, BiConsumer<Object, Holder> to) {
    network.forwards().forEach(forward -> each(network.name(), forward, to));
    HostAdapterConfig adapter = network.hostAdapter();
    if (adapter != null) {
      each(network.name(), adapter, to);
    }
    network.ports().forEach(port -> each(network.name(), port, to));
  }

  private static Object thing(PortConfig.Held held) {
    return switch (held) {
      case PortConfig.Held.Device device ->
          List.of("device", device.name(), Objects.requireNonNullElse(device.netns(), ""));
      case PortConfig.Held.SocketPath socket -> List.of("path", socket.path());
      case PortConfig.Held.Listening at -> listening(at.transport(), at.endpoint());
      case PortConfig.Held.Vni at -> new Vxlan(listening(Transport.UDP, at.endpoint()), at.vni());
    };
  }

  private static Listening listening(Transport protocol, Endpoint at) {
    return new Listening(EnumText.word(protocol), at.port(), at.address());
  }
}
