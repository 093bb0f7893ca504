package io.lanyard.vswitch.vhost;

import io.lanyard.linux.EventFd;
import io.lanyard.linux.Libc;
import io.lanyard.virtio.VirtQueue;
import org.jspecify.annotations.Nullable;

/**
 * One ring of a session: what the front end has said of it, and its queue while it runs.
 *
 * <pre>
 *             SET_VRING_KICK                    SET_VRING_ENABLE 1
 *   stopped ------------------> runs, disabled --------------------> runs, enabled
 *      ^                          |                                    |
 *      +---- GET_VRING_BASE ------+------------------------------------+
 * </pre>
 *
 * <p>Thread: the session's.
 */
public final class Vring implements VirtQueue.Listener {
  /** No descriptor. */
  static final int NONE = -1;

  private final int index;
  private final VhostDevice device;
  int size;
  long descriptors;
  long available;
  long used;
  boolean addressed;
  int base;
  boolean enabled;
  boolean wasEnabled;
  int kick = NONE;
  int call = NONE;
  int error = NONE;
  @Nullable VirtQueue queue;
  private long interrupts;

  Vring(int index, VhostDevice device) {
    this.index = index;
    this.device = device;
  }

  /**
   * The ring's number.
   *
   * @return even for a ring whose frames go to the guest
   */
  public int index() {
    return index;
  }

  /**
   * The ring's queue.
   *
   * @return null while the ring is stopped
   */
  public @Nullable VirtQueue queue() {
    return queue;
  }

  /**
   * Whether the ring may have an effect. One that is not enabled gives frames back unsent.
   *
   * @return as the front end has said
   */
  public boolean enabled() {
    return enabled;
  }

  /**
   * Whether the ring has been enabled since it was started. Until then its chains may wait: a front
   * end enables a ring after it has started it, and what its guest has sent since the last back end
   * ended is there already.
   *
   * @return true too for one that has been disabled since
   */
  public boolean wasEnabled() {
    return wasEnabled;
  }

  /**
   * The descriptor by which the driver tells of new buffers.
   *
   * @return its number, owned by the session; -1 if there is none
   */
  public int kick() {
    return kick;
  }

  /**
   * How often the driver was interrupted.
   *
   * @return since the session began
   */
  public long interrupts() {
    return interrupts;
  }

  @Override
  public void interrupt() {
    interrupts++;
    if (call != NONE) {
      int _ = EventFd.signalOther(call); // a counter that is full has woken the driver already
    }
  }

  @Override
  public void broken(String why) {
    if (error != NONE) {
      int _ = EventFd.signalOther(error);
    }
    device.broken(this, why);
  }

  void call(int descriptor) {
    close(call);
    call = descriptor;
  }

  void error(int descriptor) {
    close(error);
    error = descriptor;
  }

  static void close(int descriptor) {
    if (descriptor != NONE) {
      int _ = Libc.close(descriptor);
    }
  }
}
