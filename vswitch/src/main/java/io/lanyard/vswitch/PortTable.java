package io.lanyard.vswitch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ports of a switch. Each has a number, by which the {@link MacTable} knows it, and a {@link
 * Slot}. A port has the lowest number that is free; the number is free again when the port leaves.
 *
 * <p>Thread: the network's loop only.
 */
final class PortTable {
  /** Ports of one switch: enough for any host, and it bounds what a flood costs. */
  static final int CAPACITY = 1024;

  private final String network;
  private final IdentityHashMap<Port, Slot> slots = new IdentityHashMap<>();

  /** By number; a hole is null. Replaced, never changed: a flood may attach or detach. */
  @Nullable Slot[] numbered = {};

  /**
   * Makes an empty table.
   *
   * @param network the network's name, for the errors
   */
  PortTable(String network) {
    this.network = network;
  }

  /**
   * The number for a new port.
   *
   * @param port a port that is to be {@link #put} with that number
   * @throws IllegalArgumentException if the port or its name is in the table, or the table is full
   */
  int numberFor(Port port) {
    for (Port other : slots.keySet()) {
      if (other.name().equals(port.name())) {
        throw new IllegalArgumentException(
            "switch " + network + " has a port named " + port.name() + "; choose another name");
      }
    }
    int number = 0;
    while (number < numbered.length && numbered[number] != null) {
      number++;
    }
    if (number == CAPACITY) {
      throw new IllegalArgumentException(
          "switch " + network + " has " + CAPACITY + " ports, which is all it takes");
    }
    return number;
  }

  /** Adds a port's slot, or replaces the slot that the port has had. */
  void put(Slot slot) {
    @Nullable Slot[] others = Arrays.copyOf(numbered, Math.max(numbered.length, slot.number + 1));
    others[slot.number] = slot;
    numbered = others;
    slots.put(slot.port, slot);
  }

  /**
   * Takes a port out.
   *
   * @return its slot; null if it is not in the table
   */
  @Nullable Slot remove(Port port) {
    Slot slot = slots.remove(port);
    if (slot != null) {
      @Nullable Slot[] others = numbered.clone();
      others[slot.number] = null;
      numbered = others;
    }
    return slot;
  }

  /** The slot of a port; null if it is not in the table. */
  @Nullable Slot find(Port port) {
    return slots.get(port);
  }

  int size() {
    return slots.size();
  }

  /** A snapshot of the ports, by number. */
  List<Port> list() {
    List<Port> list = new ArrayList<>();
    for (Slot slot : numbered) {
      if (slot != null) {
        list.add(slot.port);
      }
    }
    return list;
  }
}
