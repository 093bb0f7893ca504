package io.lanyard.base;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A map whose keys are two longs: nothing is allocated by a lookup.
 *
 * <p>Open addressing with linear probing; a removal shifts the cluster back, so that there are no
 * tombstones. The hash is seeded, so that nobody outside can choose keys that collide.
 *
 * <p>Thread: its owner's only.
 *
 * @param <V> the values
 */
public final class LongPairMap<V> {
  private static final int USUAL_SLOTS = 16;

  private final long seed;
  private final int leastSlots;

  // Two longs of key and a value for each slot; a slot is free when its value is null.
  private long[] keys;
  private @Nullable Object[] values;
  private int size;

  /**
   * Makes an empty map.
   *
   * @param seed a random number that nobody outside knows
   */
  public LongPairMap(long seed) {
    this(seed, USUAL_SLOTS);
  }

  /**
   * Makes an empty map of a size.
   *
   * @param seed a random number that nobody outside knows
   * @param slots how many it begins with, a power of two: twice the keys that are expected
   */
  public LongPairMap(long seed, int slots) {
    if (slots < 2 || Integer.bitCount(slots) != 1) {
      throw new IllegalArgumentException(slots + " is no power of two from 2 on");
    }
    this.seed = seed;
    leastSlots = slots;
    keys = new long[2 * slots];
    values = new @Nullable Object[slots];
  }

  /**
   * The value of a key.
   *
   * @param high the first half of the key
   * @param low the second half of the key
   * @return the value; null when there is none
   */
  @SuppressWarnings("unchecked") // put is the only way in
  public @Nullable V get(long high, long low) {
    long[] k = keys;
    @Nullable Object[] v = values;
    int mask = v.length - 1;
    for (int i = hash(high, low) & mask; ; i = (i + 1) & mask) {
      Object value = v[i];
      if (value == null || (k[2 * i] == high && k[2 * i + 1] == low)) {
        return (V) value;
      }
    }
  }

  /**
   * Adds a key, which must not be in the map.
   *
   * @param high the first half of the key
   * @param low the second half of the key
   * @param value the value
   */
  public void put(long high, long low, V value) {
    if (2 * (size + 1) > values.length) {
      resize(2 * values.length);
    }
    place(high, low, value);
    size++;
  }

  /**
   * Removes a key, if it is in the map.
   *
   * @param high the first half of the key
   * @param low the second half of the key
   */
  public void remove(long high, long low) {
    int mask = values.length - 1;
    int hole = hash(high, low) & mask;
    while (keys[2 * hole] != high || keys[2 * hole + 1] != low) {
      if (values[hole] == null) {
        return;
      }
      hole = (hole + 1) & mask;
    }
    if (values[hole] == null) {
      return;
    }
    // Knuth 6.4, algorithm R: a value moves back towards its home if it may.
    for (int i = (hole + 1) & mask; ; i = (i + 1) & mask) {
      Object next = values[i];
      if (next == null) {
        break;
      }
      int home = hash(keys[2 * i], keys[2 * i + 1]) & mask;
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        values[hole] = next;
        keys[2 * hole] = keys[2 * i];
        keys[2 * hole + 1] = keys[2 * i + 1];
        hole = i;
      }
    }
    values[hole] = null;
    size--;
    // A quarter of what would make it grow: a map that swings around one size does not resize.
    if (values.length > leastSlots && 8 * size < values.length) {
      resize(values.length / 2);
    }
  }

  /**
   * The number of keys.
   *
   * @return keys in the map
   */
  public int size() {
    return size;
  }

  /**
   * The values.
   *
   * @return a snapshot, in no order
   */
  @SuppressWarnings("unchecked") // put is the only way in
  public List<V> values() {
    List<V> all = new ArrayList<>(size);
    for (Object value : values) {
      if (value != null) {
        all.add((V) value);
      }
    }
    return all;
  }

  private void place(long high, long low, Object value) {
    int mask = values.length - 1;
    int i = hash(high, low) & mask;
    while (values[i] != null) {
      i = (i + 1) & mask;
    }
    keys[2 * i] = high;
    keys[2 * i + 1] = low;
    values[i] = value;
  }

  private void resize(int slots) {
    long[] oldKeys = keys;
    @Nullable Object[] oldValues = values;
    values = new @Nullable Object[slots];
    keys = new long[2 * slots];
    for (int i = 0; i < oldValues.length; i++) {
      Object value = oldValues[i];
      if (value != null) {
        place(oldKeys[2 * i], oldKeys[2 * i + 1], value);
      }
    }
  }

  private int hash(long high, long low) {
    long h = (high ^ seed) * 0x9e3779b97f4a7c15L;
    h = (h ^ (h >>> 32) ^ low) * 0xd6e8feb86659fd93L;
    return (int) (h ^ (h >>> 32));
  }
}
