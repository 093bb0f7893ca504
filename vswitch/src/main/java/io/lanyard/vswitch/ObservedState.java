package io.lanyard.vswitch;

import java.util.ArrayList;
import java.util.List;

/**
 * The state of a port, with those who want to hear of its changes.
 *
 * <p>Thread: the network's loop; {@link #get} any.
 */
public final class ObservedState {
  private final Port port;
  private final List<PortListener> listeners = new ArrayList<>(2);
  private volatile PortState state;

  /**
   * Makes the state of a port.
   *
   * @param port whose state it is
   * @param first the state at first
   */
  public ObservedState(Port port, PortState first) {
    this.port = port;
    this.state = first;
  }

  /**
   * The present state.
   *
   * @return never null
   */
  public PortState get() {
    return state;
  }

  /**
   * Changes the state and tells the listeners; nothing happens if it is the present one.
   *
   * @param now the state from now on
   */
  public void become(PortState now) {
    PortState before = state;
    if (now.equals(before)) {
      return;
    }
    state = now;
    for (PortListener listener : List.copyOf(listeners)) {
      listener.stateChanged(port, before, now);
    }
  }

  /**
   * Tells somebody of each change from now on.
   *
   * @param listener told on the loop
   */
  public void add(PortListener listener) {
    listeners.add(listener);
  }

  /**
   * Tells somebody no longer.
   *
   * @param listener one that was added; nothing happens for another
   */
  public void remove(PortListener listener) {
    listeners.remove(listener);
  }
}
