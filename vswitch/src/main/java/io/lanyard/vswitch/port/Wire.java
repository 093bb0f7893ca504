package io.lanyard.vswitch.port;

import io.lanyard.linux.HostInterface;
import io.lanyard.vswitch.Offloads;

/**
 * The carrier of an interface's frames, both ways: a packet socket, or libpcap.
 *
 * <p>Frames have the 12-byte {@code virtio_net_hdr_v1} in front, as in {@link FrameDevice}.
 *
 * <p>Thread: any, one at a time, until a port has it; the network's loop from then on. No call
 * waits.
 */
interface Wire {
  /** The interface as it was when this was opened. */
  HostInterface at();

  /** The descriptor that is readable when there are frames. */
  int fd();

  /** Reads one frame, as {@link FrameDevice#read} does. */
  int read(long vectors, int count);

  /** Where the frame begins that was read last, as {@link FrameDevice#lead} says. */
  int lead();

  /** The source address of the frame that was read last; its memory must still be there. */
  long source();

  /**
   * Sends one frame.
   *
   * @param address where from
   * @param length bytes, with the header
   * @return bytes, or -errno
   */
  int write(long address, int length);

  /** The frames that nobody read in time, since the last call. */
  int missed();

  /** The frames that {@link #write} took and that were not sent, since the last call. */
  int unsent();

  /** Hears that a guest sends, by the wire or beside it: frames for it are wanted. */
  default void admit(long mac) {}

  /** Hears what the interface is now. On any thread. */
  default void follow(HostInterface now) {}

  /** Why no frame comes any more while the interface is up; empty while frames come. */
  String ended();

  /** The offloads that it takes. */
  Offloads offloads();

  /** Closes it; a second call does nothing. */
  void close();
}
