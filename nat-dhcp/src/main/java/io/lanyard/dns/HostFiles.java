package io.lanyard.dns;

import java.nio.file.Path;

/**
 * The files and the socket by which the host itself resolves names.
 *
 * @param resolvConf its name servers (resolv.conf(5))
 * @param hosts its hosts file (hosts(5))
 * @param systemBus the socket of its message bus, where systemd-resolved says what it knows
 */
record HostFiles(Path resolvConf, Path hosts, Path systemBus) {
  /** Those of this host. */
  static final HostFiles OF_HOST =
      new HostFiles(
          Path.of("/etc/resolv.conf"),
          Path.of("/etc/hosts"),
          Path.of("/run/dbus/system_bus_socket"));
}
