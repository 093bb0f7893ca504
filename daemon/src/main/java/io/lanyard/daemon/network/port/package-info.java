/**
 * The kinds of ports: one factory each, found by a table.
 *
 * <p>A kind of port is a {@code PortFactory}: its part of the configuration's model, its name, and
 * how a port of it is made at a {@link io.lanyard.daemon.network.port.PortPlace}. {@link
 * io.lanyard.daemon.network.port.PortKinds} has the table, keyed by the model's class; nothing else
 * knows the kinds, so a new one is a factory and a row. The host adapter and the NICs of guests are
 * kinds as well, with models of their own that no configuration file declares.
 *
 * <p>Ports are made on the network's loop and open in the background; a port reports in its state
 * whether it works, and tries again by itself.
 */
package io.lanyard.daemon.network.port;
