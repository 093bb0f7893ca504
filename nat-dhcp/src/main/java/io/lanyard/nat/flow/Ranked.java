package io.lanyard.nat.flow;

/** A member of a {@link Ranking}: what it counts, and where it stands. */
abstract class Ranked {
  int count;

  /** Its index in the ranking; -1 while it counts nothing. */
  int place = -1;
}
