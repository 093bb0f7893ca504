package io.lanyard.config;

/** The addresses that a port may claim. */
public enum GuardMode {
  /** Any but those that are pinned to other ports. */
  OFF,
  /** Those that are leased, reserved or given to it, and those that it is the first to use. */
  LEARN,
  /** Those that are leased, reserved or given to it. */
  STRICT
}
