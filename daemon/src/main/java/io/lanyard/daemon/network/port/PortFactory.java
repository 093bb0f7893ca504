package io.lanyard.daemon.network.port;

import io.lanyard.vswitch.Port;

/**
 * One kind of port: its part of the configuration's model, its name, and how a port of it is made.
 * {@link PortKinds} has them all.
 *
 * @param <C> its part of the model
 */
interface PortFactory<C> {
  /** Its part of the model. */
  Class<C> model();

  /** Its name, as the configuration and the API have it. */
  String kind();

  /**
   * Makes a port, to be attached and then started. On the network's loop; does not block.
   *
   * @param config what the port is to be
   * @param place where it is to be
   */
  Port make(C config, PortPlace place);
}
