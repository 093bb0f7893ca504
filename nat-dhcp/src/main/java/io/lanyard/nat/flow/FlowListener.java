package io.lanyard.nat.flow;

/**
 * Hears which flows a table takes in and which leave it.
 *
 * <p>Thread: the network's loop. Must not throw, and must be quick: it is called for each flow.
 */
public interface FlowListener {
  /**
   * A flow is in the table.
   *
   * @param flow the flow; its counters are 0
   */
  void began(Flow flow);

  /**
   * A flow is about to leave the table.
   *
   * @param flow the flow, with its last counters
   */
  void ended(Flow flow);
}
