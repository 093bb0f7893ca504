package io.lanyard.nat.egress;

import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The subnets of all networks of a process. Guests of one network do not reach another unless a
 * rule says so.
 *
 * <p>Thread: any.
 */
public final class NetworkSubnets {
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile List<Subnet> all;

  /**
   * Makes a set.
   *
   * @param subnets those that are there from the start
   */
  public NetworkSubnets(List<Subnet> subnets) {
    all = List.copyOf(subnets);
  }

  /**
   * The subnets.
   *
   * @return a snapshot
   */
  public List<Subnet> all() {
    return all;
  }

  /**
   * Adds the subnet of a network that is there from now on. Nothing happens if it is there already.
   *
   * @param subnet the subnet
   */
  public void add(Subnet subnet) {
    synchronized (this) {
      if (all.contains(subnet)) {
        return;
      }
      List<Subnet> more = new ArrayList<>(all);
      more.add(subnet);
      all = List.copyOf(more);
    }
    listeners.forEach(Runnable::run);
  }

  /**
   * Removes the subnet of a network that is gone. Nothing happens if it is not there.
   *
   * @param subnet the subnet
   */
  public void remove(Subnet subnet) {
    synchronized (this) {
      List<Subnet> less = new ArrayList<>(all);
      if (!less.remove(subnet)) {
        return;
      }
      all = List.copyOf(less);
    }
    listeners.forEach(Runnable::run);
  }

  /**
   * Tells a listener that the subnets are others.
   *
   * @param listener called on the thread that has changed them
   */
  public void addListener(Runnable listener) {
    listeners.add(listener);
  }

  /**
   * Ends what {@link #addListener} began.
   *
   * @param listener the same object
   */
  public void removeListener(Runnable listener) {
    listeners.remove(listener);
  }
}
