package io.lanyard.daemon.adversary;

import java.nio.file.Path;

/**
 * The places that an attacker reaches.
 *
 * @param runtime the daemon's runtime directory, with its sockets
 * @param port the attacker's port
 * @param device its device in the hostile guest's namespace, where it has one
 * @param world the namespaces
 * @param victim the honest guest
 */
record Site(Path runtime, String port, String device, World world, Victim victim) {
  /** The socket of the attacker's stream port. */
  Path socket() {
    return runtime.resolve(port + ".sock");
  }

  /** The socket of the guest's own end, where the port's kind wants one. */
  Path ownSocket() {
    return runtime.resolve(port + ".guest");
  }
}
