package io.lanyard.machine.virtio;

import io.lanyard.virtio.Features;
import io.lanyard.virtio.VirtQueue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A virtio device without its transport.
 *
 * <p>Thread: the transport calls one at a time with its monitor held, except {@link #notified},
 * which comes on any hart's thread without it. A device calls its {@link Link} from any thread.
 */
public interface VirtioDevice {
  /** The transport as its device sees it. */
  interface Link {
    /** Tells the driver that the configuration changed. */
    void configurationChanged();
  }

  /**
   * The device type (VIRTIO 1.2 section 5).
   *
   * @return such as 1 for a NIC
   */
  int type();

  /**
   * The PCI class code.
   *
   * @return 24 bits
   */
  int pciClass();

  /**
   * The features that the device offers.
   *
   * @return feature bits, {@link Features#COMMON} included
   */
  long features();

  /**
   * The number of queues.
   *
   * @return at least 1
   */
  int queues();

  /**
   * The largest size of a queue.
   *
   * @param queue its number
   * @return a power of two
   */
  int queueSize(int queue);

  /**
   * Reads a byte of device configuration.
   *
   * @param offset from its start; anything
   * @return 0 past the end
   */
  int config(int offset);

  /**
   * Writes a byte of device configuration.
   *
   * @param offset from its start; anything
   * @param value low 8 bits
   */
  default void config(int offset, int value) {}

  /**
   * Attaches the device to a transport; once.
   *
   * @param link the transport
   */
  void attach(Link link);

  /**
   * The driver is ready (DRIVER_OK).
   *
   * @param features as negotiated
   * @param queues by number; null where the driver enabled none
   */
  void activate(long features, List<@Nullable VirtQueue> queues);

  /**
   * The driver has put something into a queue.
   *
   * @param queue its number
   */
  void notified(int queue);

  /** Forgets queues and state. When it returns no thread of the device touches guest RAM. */
  void reset();
}
