package io.lanyard.vswitch.port;

import io.lanyard.linux.PacketSocket;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
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
  /** The bytes in front of the first place of {@link #read} that a device may use, see there. */
  int HEADROOM = PacketSocket.HEADROOM;

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
   * @param vectors where {@code struct iovec}s lie that say where to (readv(2)); in front of the
   *     first place are {@link #HEADROOM} bytes for a device that has to put a tag in
   * @param count how many
   * @return bytes, or -errno; EAGAIN when there is none
   */
  int read(long vectors, int count);

  /**
   * Where the frame begins that was read last.
   *
   * @return bytes in front of the first place, mostly 0
   */
  default int lead() {
    return 0;
  }

  /**
   * Writes one frame with its header.
   *
   * @param passage what is known of the frame
   * @param address where from
   * @param length bytes
   * @return bytes, or -errno
   */
  int write(Passage passage, long address, int length);

  /**
   * The frames that were lost in the kernel because nobody read them in time.
   *
   * @return since the last call
   */
  default int missed() {
    return 0;
  }

  /**
   * The frames that {@link #write} took and that could not be sent afterwards.
   *
   * @return since the last call
   */
  default int unsent() {
    return 0;
  }

  /**
   * The largest packet that the device takes now.
   *
   * @return bytes from the network header on
   */
  default int mtu() {
    return Integer.MAX_VALUE;
  }

  /**
   * The limitation of a device that works: what it cannot do, and the remedy.
   *
   * @return a text for people; empty if there is nothing to say
   */
  default String limitation() {
    return "";
  }

  /**
   * Whether an error means that the device no longer exists. Another one passes: there is nothing
   * to read, or the interface is down.
   *
   * @param errno what {@link #read} answered, without its sign
   * @return whether the device has to be opened again
   */
  boolean isGone(int errno);

  /**
   * Whether an error means that the interface is down.
   *
   * @param errno what {@link #read} or {@link #write} answered, without its sign
   * @return whether no frame passes until somebody sets the interface up
   */
  boolean isDown(int errno);

  /**
   * Whether frames pass now, as far as the descriptor says so without one.
   *
   * @return false while the interface is known to be down
   */
  default boolean isSetUp() {
    return true;
  }

  /**
   * Whether the descriptor becomes writable when an interface that was down is up. For another
   * device its source says it ({@link DeviceSource#look}).
   *
   * @return the same for the life of the device
   */
  default boolean tellsCarrier() {
    return true;
  }

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

  /** Lets a device end when it is closed that would stay, if this daemon has made it. */
  default void forgo() {}

  /** Closes the device; a second call does nothing. */
  void close();
}
