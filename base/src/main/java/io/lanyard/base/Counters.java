package io.lanyard.base;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Counters, one for each constant of an enum.
 *
 * <p>Thread: written by the network's loop; read there too, or elsewhere for a rough value.
 *
 * @param <E> says what is counted
 */
public final class Counters<E extends Enum<E>> {
  private final E[] kinds;
  private final long[] counts;

  /**
   * Makes counters that stand at zero.
   *
   * @param kinds the enum
   */
  public Counters(Class<E> kinds) {
    this.kinds = kinds.getEnumConstants();
    counts = new long[this.kinds.length];
  }

  /**
   * Counts one.
   *
   * @param what which
   */
  public void count(E what) {
    counts[what.ordinal()]++;
  }

  /**
   * Counts several at once.
   *
   * @param what which
   * @param amount how many
   */
  public void add(E what, long amount) {
    counts[what.ordinal()] += amount;
  }

  /**
   * Reads a counter.
   *
   * @param what which
   * @return how many since these counters were made
   */
  public long get(E what) {
    return counts[what.ordinal()];
  }

  /**
   * All counters.
   *
   * @return by {@link EnumText#word}, in the order of the enum
   */
  public Map<String, Long> snapshot() {
    Map<String, Long> all = new LinkedHashMap<>();
    for (E what : kinds) {
      all.put(EnumText.word(what), get(what));
    }
    return all;
  }

  /**
   * Adds every counter that is not zero to a description, its key as {@link EnumText#key} spells
   * it.
   *
   * @param node the description
   * @return the same
   */
  public DumpNode.Builder addTo(DumpNode.Builder node) {
    for (E what : kinds) {
      node.withNonZero(EnumText.key(what), get(what));
    }
    return node;
  }
}
