package io.lanyard.nat.flow;

/**
 * The flows of one station, or of one client of a forward: the lower level of the quotas.
 *
 * <p>Thread: the network's loop only.
 */
public final class FlowAccount {
  final FlowOwner owner;
  private final FlowList[] lists = new FlowList[FlowTable.PROTOCOLS];
  private final MemoryUse memory = new MemoryUse();

  /**
   * Makes an account that holds no flows.
   *
   * @param owner the port or forward that has to answer for the account
   */
  public FlowAccount(FlowOwner owner) {
    this.owner = owner;
    for (int i = 0; i < lists.length; i++) {
      lists[i] = new FlowList(this);
    }
  }

  FlowList list(int protocolIndex) {
    return lists[protocolIndex];
  }

  /**
   * The port or forward that the account belongs to.
   *
   * @return the owner, the same at every call
   */
  public FlowOwner owner() {
    return owner;
  }

  /**
   * The number of the account's flows of a protocol.
   *
   * @param protocol the IP protocol number
   * @return flows
   */
  public int flows(int protocol) {
    return lists[FlowTable.index(protocol)].count();
  }

  /**
   * The TCP memory that the account's flows hold.
   *
   * @return the live object; its users are the flows
   */
  public MemoryUse memory() {
    return memory;
  }
}
