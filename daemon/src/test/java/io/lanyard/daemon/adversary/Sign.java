package io.lanyard.daemon.adversary;

/** The place in the status where somebody who looks sees who attacks. */
sealed interface Sign {
  /** A problem of the port: something was refused to it, or is wrong with it. */
  Sign PORT_PROBLEM = new Problem("a: port %s\\b.*");

  /** The busiest ports: the guest stays within every quota, and is served. */
  Sign BUSY = new Busy();

  /**
   * A problem of the status.
   *
   * @param regex matches it, with the port's name in place of {@code %s}
   */
  record Problem(String regex) implements Sign {}

  /** The first of the busiest ports of the attacker's network. */
  record Busy() implements Sign {}
}
