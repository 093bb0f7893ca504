package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Offloads;
import java.io.IOException;

/**
 * A device of the host that gives and takes frames one at a time: a TAP device, a packet socket, a
 * pcap handle.
 *
 * <p>A frame has the 12-byte {@code virtio_net_hdr_v1} in front. A device whose kernel interface
 * has another header, or none, translates it here, so that a port knows one form only.
 *
 * <p>Reads and writes never wait.
 *
 * <p>Thread: the network's loop once a port has it; before that one at a time.
 */
public interface FrameDevice {
  /**
   * The device's name, for people.
   *
   * @return the kernel's choice, where it had one
   */
  String name();

  /**
   * The descriptor that the loop watches for frames to read.
   *
   * @return its number
   */
  int fd();

  /**
   * Reads one frame with its header, into several places one after the other.
   *
   * @param vectors where {@code struct iovec}s lie that say where to (readv(2))
   * @param count how many
   * @return bytes, or -errno; EAGAIN when there is none
   */
  int read(long vectors, int count);

  /**
   * Writes one frame with its header.
   *
   * @param address where from
   * @param length bytes
   * @return bytes, or -errno
   */
  int write(long address, int length);

  /**
   * Whether an error means that the device no longer exists. Another one passes: there is nothing
   * to read, or the interface is down.
   *
   * @param errno what {@link #read} answered, without its sign
   * @return whether the device has to be opened again
   */
  boolean isGone(int errno);

  /**
   * Whether an error means that the interface is down. The descriptor is writable once it is up.
   *
   * @param errno what {@link #read} or {@link #write} answered, without its sign
   * @return whether no frame passes until somebody sets the interface up
   */
  boolean isDown(int errno);

  /**
   * Why no frame passes while the interface is down, and what to do about it.
   *
   * @return a text for people
   */
  String downReason();

  /**
   * The offloads that the device takes.
   *
   * @return the same for the life of the device
   */
  Offloads offloads();

  /**
   * The MAC address of the interface: the host's, or the container's that has it.
   *
   * @return the low 48 bits
   * @throws IOException if the device is gone
   */
  long hardwareAddress() throws IOException;

  /** Closes the device; a second call does nothing. */
  void close();
}
