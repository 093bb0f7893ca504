package io.lanyard.vswitch;

import java.util.ArrayList;
import java.util.List;

/**
 * A port whose medium comes and goes: its name, its counters, and its state with those who want to
 * hear of changes. A kind of port adds the medium.
 *
 * <p>Thread: the network's loop; {@link #state} any.
 */
public abstract class ObservedPort implements Port {
  private final String name;
  private final String kind;
  private final int mtu;
  private final PortCounters counters = new PortCounters();
  private final List<PortListener> listeners = new ArrayList<>(2);
  private volatile PortState state;

  /**
   * Makes a port, to be attached by the caller.
   *
   * @param name the port's name
   * @param kind its kind, as {@code tap}
   * @param mtu the largest IP packet on it, in bytes
   * @param first its state until {@link #become}
   */
  protected ObservedPort(String name, String kind, int mtu, PortState first) {
    this.name = name;
    this.kind = kind;
    this.mtu = mtu;
    this.state = first;
  }

  /**
   * Changes the state and tells the listeners; nothing happens if it is the present one.
   *
   * @param now the state from now on
   */
  protected final void become(PortState now) {
    PortState before = state;
    if (now.equals(before)) {
      return;
    }
    state = now;
    for (PortListener listener : List.copyOf(listeners)) {
      listener.stateChanged(this, before, now);
    }
  }

  /** Tells the listeners that the port's device has another MAC address. */
  protected final void tellAddress() {
    for (PortListener listener : List.copyOf(listeners)) {
      listener.addressChanged(this);
    }
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String kind() {
    return kind;
  }

  @Override
  public final int mtu() {
    return mtu;
  }

  @Override
  public final PortCounters counters() {
    return counters;
  }

  @Override
  public final PortState state() {
    return state;
  }

  @Override
  public final void addListener(PortListener listener) {
    listeners.add(listener);
  }

  @Override
  public final void removeListener(PortListener listener) {
    listeners.remove(listener);
  }
}
