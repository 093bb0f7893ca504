package io.lanyard.dns;

import io.lanyard.nat.station.NameMemory;

/**
 * The memory of answers larger than a datagram, from when a server has announced their length until
 * they are read in their port's turn. The owner of a domain can have hundreds of them come at once,
 * of 64 KiB each.
 *
 * <p>The ports share what the network has of the heap by the rule of {@link Outstanding}: a port
 * may hold more as long as it holds less than what is free.
 *
 * <p>Thread: the network's loop only.
 */
final class LargeAnswers {
  private final NameMemory.Share memory;
  private long bytes;

  /**
   * Makes one that holds nothing.
   *
   * @param memory the network's share of the heap
   */
  LargeAnswers(NameMemory.Share memory) {
    this.memory = memory;
  }

  /**
   * Takes memory for an answer.
   *
   * @param port whose question it answers
   * @return false if there is none for the port; {@link #give} follows otherwise
   */
  boolean take(PortShare port, int size) {
    if (port.answerBytes + size > memory.most(NameMemory.Part.ANSWERS) - bytes) {
      return false;
    }
    change(port, size);
    return true;
  }

  /** Gives memory back. */
  void give(PortShare port, int size) {
    change(port, -size);
  }

  private void change(PortShare port, int change) {
    port.answerBytes += change;
    bytes += change;
    memory.changed(NameMemory.Part.ANSWERS, change);
  }

  /** The bytes that are held. */
  long bytes() {
    return bytes;
  }
}
