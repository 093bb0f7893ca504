package io.lanyard.testing;

import java.util.ArrayList;
import java.util.List;

/**
 * Series of one guest's pings, of which the middle one is to be short. No more are made than it
 * takes to know.
 */
public final class PingSeries {
  /**
   * The most that the median of a series may be, in ms, with a loop that has the processors to
   * itself. On a busy machine all that waits before a ping takes so many times longer.
   */
  private static final double MOST_MILLIS = 5;

  /** Of five: one series may fall into a collection of all garbage, or a pause of the machine. */
  private static final int MOST = 5;

  private static final int MAJORITY = 1 + MOST / 2;

  private final List<String> seen = new ArrayList<>();
  private int shorter;

  /** Begins without a series. */
  public PingSeries() {}

  /**
   * Adds a series.
   *
   * @param median in ms, NaN if none was answered
   * @param slowness that of the network's loop at the time, see {@link ProcessorTime}
   */
  public void add(double median, double slowness) {
    seen.add("%.1f ms with a loop %.1f times slower".formatted(median, slowness));
    if (median <= MOST_MILLIS * slowness) {
      shorter++;
    }
  }

  /**
   * Whether it is known of the middle one of all series whether it is short.
   *
   * @return false if another series is to be made
   */
  public boolean isDecided() {
    return isShort() || seen.size() - shorter >= MAJORITY;
  }

  /**
   * Whether the middle one is short.
   *
   * @return true as soon as most of all series are
   */
  public boolean isShort() {
    return shorter >= MAJORITY;
  }

  @Override
  public String toString() {
    return seen.toString();
  }
}
