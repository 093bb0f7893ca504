package io.lanyard.daemon.adversary;

/** The place where somebody who looks sees who attacks. */
sealed interface Sign {
  /** A port's shortage, in the problems of the status. */
  Sign PORT_PROBLEM = new Problem("a: port %s\\b.*");

  /** The loop's time, port by port: the guest stays within every quota. */
  Sign LOOP_TIME = new LoopTime();

  /** No place: the attack exhausts nothing. */
  Sign NONE = new None();

  /**
   * A problem of the status.
   *
   * @param regex matches it, with the port's name in place of {@code %s}
   */
  record Problem(String regex) implements Sign {}

  /** More of the loop's time than the honest guest takes. */
  record LoopTime() implements Sign {}

  /**
   * The port's counters.
   *
   * @param cause of drops on one of both ways, as the API spells it
   */
  record Drops(String cause) implements Sign {}

  /**
   * A line of the log that has the port's name.
   *
   * @param event its event
   */
  record Line(String event) implements Sign {}

  /** None. */
  record None() implements Sign {}
}
