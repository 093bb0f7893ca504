package io.lanyard.daemon.adversary;

import java.io.IOException;

/** Somebody who attacks. Thread: {@link #act} one, the others any. */
interface Hostile extends AutoCloseable {
  /** Attacks until it is closed, or for a minute. */
  void act();

  /** Goes on as fast as its port takes what it sends. Nothing changes where it does already. */
  default void wantAll() {}

  /** Ends the attack, and gives back what it holds. */
  @Override
  void close() throws IOException;
}
