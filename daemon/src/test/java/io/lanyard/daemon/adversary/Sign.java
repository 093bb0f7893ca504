package io.lanyard.daemon.adversary;

/** The place in the status where somebody who looks sees who attacks. */
sealed interface Sign {
  /** A problem of the port: something was refused to it, or is wrong with it. */
  Sign PORT_PROBLEM = new PortProblem();

  /** The busiest ports: the guest stays within every quota, and is served. */
  Sign BUSY = new Busy();

  /** A problem of the attacker's port, in the status and in the list of ports. */
  record PortProblem() implements Sign {}

  /**
   * A problem of the status.
   *
   * @param regex matches it
   */
  record Problem(String regex) implements Sign {}

  /** The first of the busiest ports of the attacker's network. */
  record Busy() implements Sign {}
}
