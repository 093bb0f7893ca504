package io.lanyard.nat.station;

import io.lanyard.base.ArrivalList;
import io.lanyard.base.Ranking;
import org.jspecify.annotations.Nullable;

/**
 * The places of one table that a port holds. {@link Ranked} counts them and finds the port that
 * holds most.
 *
 * <p>Thread: the network's loop only.
 *
 * @param <T> what has a place
 */
final class Places<T extends ArrivalList.Member<T>> extends Ranking.Member {
  /** The places of one table, of all ports. */
  static final class Ranked<T extends ArrivalList.Member<T>> {
    private final Ranking<Places<T>> ranking = new Ranking<>();

    /** Gives a port a place. */
    void add(Places<T> to, T member) {
      to.members.append(member);
      ranking.count(to, 1);
    }

    /** Takes a place back. */
    void remove(Places<T> from, T member) {
      from.members.remove(member);
      ranking.count(from, -1);
    }

    /** The port that holds most: the asking one, if no other holds more. */
    PortBudget most(Places<T> asking) {
      Places<T> largest = ranking.largest();
      return largest == null || largest.count() <= asking.count() ? asking.port : largest.port;
    }
  }

  private final PortBudget port;
  private final ArrivalList<T> members = new ArrivalList<>();

  Places(PortBudget port) {
    this.port = port;
  }

  /** The member that was given its place longest ago; null for none. */
  @Nullable T oldest() {
    return members.oldest();
  }

  /** The member after another; null for the newest. */
  @Nullable T after(T member) {
    return members.after(member);
  }

  /** Moves a member behind all others. */
  void renew(T member) {
    members.renew(member);
  }
}
