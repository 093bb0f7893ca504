package io.lanyard.daemon.adversary;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Somebody who attacks. Thread: {@link #act} one, the others any. */
interface Hostile extends AutoCloseable {
  /**
   * The longest that an attack lasts which nobody closes: as long as the test may take, whose looks
   * at the others' share need minutes on a busy host.
   */
  long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(240);

  /** Attacks until it is closed, or for {@link #LONGEST_NANOS}. */
  void act();

  /** Goes on as fast as its port takes what it sends. Nothing changes where it does already. */
  default void wantAll() {}

  /** Ends the attack, and gives back what it holds. */
  @Override
  void close() throws IOException;
}
