package io.lanyard.vswitch.port;

import io.lanyard.linux.LinkNews;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Where a port's device comes from, the first time and again whenever it was lost.
 *
 * <p>Thread: one at a time, one that may wait.
 */
public interface DeviceSource {
  /**
   * Makes or takes over the device and configures it.
   *
   * @param mac the MAC address that the device had before it was lost, which a device made anew
   *     gets again so that its neighbours find it; 0 at first
   * @param buffers the memory of frames that wait in the device's rings, if it has any
   * @return the device, which belongs to the caller
   * @throws IOException if it cannot be had now; the message says what to do
   */
  FrameDevice open(long mac, PortBuffers buffers) throws IOException;

  /**
   * Opens what tells that {@link #look} may find something new.
   *
   * @return belongs to the caller; null for a source that has no such news
   * @throws IOException if it cannot be had now
   */
  default @Nullable LinkNews news() throws IOException {
    return null;
  }

  /**
   * Whether something may happen to a device without a sign from its descriptor, so that {@link
   * #look} has to be called from time to time.
   *
   * @return the same for the life of the source
   */
  boolean mayBeReplaced();

  /**
   * The findings of a look at a device.
   *
   * @param replaced why the device is no longer the one that its name leads to: its namespace or
   *     its interface was deleted, or made again; empty while all is well
   * @param down why no frame passes though it is the right one, and the remedy; empty if frames
   *     pass, null if only the device itself knows
   * @param mac the MAC address that the device has now; 0 if that was not looked at
   */
  record Look(String replaced, @Nullable String down, long mac) {
    /**
     * The findings of a look at all but the MAC address.
     *
     * @param replaced as above
     * @param down as above
     */
    public Look(String replaced, @Nullable String down) {
      this(replaced, down, 0);
    }
  }

  /**
   * Hears that a port of the switch is gone, or has lost its carrier. On the network's loop.
   *
   * @param number the port's number
   */
  default void portLeft(int number) {}

  /**
   * Looks after a device, which hears of what has changed at it (its {@link FrameDevice#mtu}).
   *
   * @param device one that this source has opened
   * @return what was found
   */
  Look look(FrameDevice device);
}
