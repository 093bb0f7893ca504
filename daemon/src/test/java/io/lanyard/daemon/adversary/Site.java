package io.lanyard.daemon.adversary;

import java.nio.file.Path;

/**
 * The places that an attacker reaches.
 *
 * @param runtime the daemon's runtime directory, with its sockets
 * @param port the attacker's port
 * @param world the namespaces
 * @param victim the honest guest's lease
 * @param victim6 its lease of an IPv6 address
 */
record Site(Path runtime, String port, World world, LeaseClient.Lease victim, Dhcp6.Lease victim6) {
  /** The socket of the attacker's stream port. */
  Path socket() {
    return runtime.resolve(port + ".sock");
  }
}
