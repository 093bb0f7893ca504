package io.lanyard.daemon.network.port;

import io.lanyard.vswitch.Port;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The kinds of ports, found by their part of the configuration's model. */
public final class PortKinds {
  private static final Map<Class<?>, PortFactory<?>> TABLE =
      List.<PortFactory<?>>of(
              new TapPorts(),
              new QemuStreamPorts(),
              new QemuDgramPorts(),
              new VfkitPorts(),
              new UdpPorts(),
              new BessPorts(),
              new HyperkitPorts(),
              new VdePorts(),
              new VxlanPorts(),
              new PatchPorts(),
              new VhostUserPorts(),
              new InterfacePorts(),
              new HostAdapterPorts(),
              new UplinkPorts(),
              new GuestNicPorts())
          .stream()
          .collect(Collectors.toUnmodifiableMap(PortFactory::model, Function.identity()));

  private PortKinds() {}

  /**
   * Makes a port, to be attached and then started. On the network's loop.
   *
   * @param config the port's part of the model
   * @param place where it is to be
   */
  public static Port make(Object config, PortPlace place) {
    return make(of(config), config, place);
  }

  private static <C> Port make(PortFactory<C> factory, Object config, PortPlace place) {
    return factory.make(factory.model().cast(config), place);
  }

  /** The name of a port's kind. */
  public static String kind(Object config) {
    return of(config).kind();
  }

  private static PortFactory<?> of(Object config) {
    PortFactory<?> factory = TABLE.get(config.getClass());
    if (factory == null) {
      throw new IllegalArgumentException("no factory makes a port of " + config.getClass());
    }
    return factory;
  }
}
