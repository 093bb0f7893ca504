package io.lanyard.config;

/** How many guests share the socket of a port that listens. */
public enum PortGuests {
  /** One at a time: another is sent away. */
  ONE,
  /** Several, each with a port of its own on the switch. */
  MANY
}
