package io.lanyard.nat.flow;

/**
 * The flows of one port, or of one forward: the upper level of the quotas, and the one that a guest
 * cannot choose.
 *
 * <p>Thread: the network's loop only.
 */
public final class FlowOwner {
  /** What an owner has of one protocol, and which of its accounts has most of that. */
  static final class Part extends Ranked {
    final FlowOwner owner;
    final Ranking<FlowList> accounts = new Ranking<>();

    Part(FlowOwner owner) {
      this.owner = owner;
    }
  }

  private final String name;
  private final Part[] parts = new Part[FlowTable.PROTOCOLS];
  private long refused;
  private long evicted;

  /**
   * Makes an owner without flows.
   *
   * @param name the port's or the forward's name, for listings
   */
  public FlowOwner(String name) {
    this.name = name;
    for (int i = 0; i < parts.length; i++) {
      parts[i] = new Part(this);
    }
  }

  Part part(int protocolIndex) {
    return parts[protocolIndex];
  }

  void countRefused() {
    refused++;
  }

  void countEvicted() {
    evicted++;
  }

  /**
   * The owner's name.
   *
   * @return the name of the port or the forward
   */
  public String name() {
    return name;
  }

  /**
   * The number of the owner's flows of a protocol.
   *
   * @param protocol the IP protocol number
   * @return flows of all its accounts
   */
  public int flows(int protocol) {
    return parts[FlowTable.index(protocol)].count;
  }

  /**
   * Flows of the owner that found no place.
   *
   * @return flows since the owner was made
   */
  public long refused() {
    return refused;
  }

  /**
   * Flows of the owner that were ended to make place.
   *
   * @return flows since the owner was made
   */
  public long evicted() {
    return evicted;
  }
}
