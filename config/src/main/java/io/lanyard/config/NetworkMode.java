package io.lanyard.config;

/** The part of a network that leads beyond its switch. */
public enum NetworkMode {
  /** A gateway with its services, which leads to the world by NAT. */
  NAT,
  /** A gateway with its services that leads nowhere, and a host adapter. */
  HOST_ONLY,
  /** A switch whose guests are in the LAN of one of the host's interfaces. */
  BRIDGED,
  /** A switch alone: its guests see each other. */
  ISOLATED
}
