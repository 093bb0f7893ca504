package io.lanyard.config;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The frames that a network's switch lets pass.
 *
 * @param guard the guard of ports that have none of their own
 * @param storm how much each port may send to all, or null for any amount
 * @param forwardReserved the reserved frames that it forwards; it keeps the others
 */
public record SwitchConfig(
    GuardMode guard, @Nullable StormConfig storm, Set<ReservedFrames> forwardReserved) {
  /** Copies the set. */
  public SwitchConfig {
    forwardReserved = Set.copyOf(forwardReserved);
  }
}
