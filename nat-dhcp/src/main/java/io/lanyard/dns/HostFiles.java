package io.lanyard.dns;

import java.nio.file.Path;

/**
 * The files by which the host itself resolves names.
 *
 * @param resolvConf its name servers (resolv.conf(5))
 * @param hosts its hosts file (hosts(5))
 */
record HostFiles(Path resolvConf, Path hosts) {
  /** Those of this host. */
  static final HostFiles OF_HOST =
      new HostFiles(Path.of("/etc/resolv.conf"), Path.of("/etc/hosts"));
}
