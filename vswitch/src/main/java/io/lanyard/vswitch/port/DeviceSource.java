package io.lanyard.vswitch.port;

import java.io.IOException;

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
   * @return the device, which belongs to the caller
   * @throws IOException if it cannot be had now; the message says what to do
   */
  FrameDevice open(long mac) throws IOException;

  /**
   * Whether a device may be replaced without a sign from the kernel, so that {@link #replaced} has
   * to be asked from time to time.
   *
   * @return the same for the life of the source
   */
  boolean mayBeReplaced();

  /**
   * Why a device is no longer the one that its name leads to: its namespace was deleted, or made
   * again, while somebody keeps the old one alive.
   *
   * @param device one that this source has opened
   * @return an empty text while all is well
   */
  String replaced(FrameDevice device);
}
