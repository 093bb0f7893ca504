package io.lanyard.machine.virtio;

import io.lanyard.base.LogEvent;
import io.lanyard.machine.bus.Device;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.MsiX;
import io.lanyard.machine.device.PciFunction;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.VirtQueue;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A modern virtio device on PCI (VIRTIO 1.2 section 4.1): vendor 0x1af4, device 0x1040 + type.
 *
 * <p>BAR 4 holds, a page each, the common configuration, the interrupt status, the device's
 * configuration and the notification registers (one word a queue); BAR 1 the MSI-X table. The PCI
 * configuration access capability reaches the same registers.
 *
 * <p>Thread: any. The monitor guards negotiation; interrupts have a lock of their own, because a
 * device raises them while it holds its queue's lock.
 */
public final class VirtioPci implements VirtioDevice.Link {
  private static final System.Logger LOG = System.getLogger(VirtioPci.class.getName());

  private static final int VENDOR = 0x1af4;
  private static final int MSIX_BAR = 1;
  private static final int BAR = 4;
  private static final int PAGE = 0x1000;
  private static final int COMMON = 0;
  private static final int ISR = 1;
  private static final int CONFIG = 2;
  private static final int NOTIFY = 3;
  private static final int NOTIFY_MULTIPLIER = 4;

  private static final int STATUS_DRIVER_OK = 4;
  private static final int STATUS_FEATURES_OK = 8;
  private static final int STATUS_NEEDS_RESET = 0x40;

  /** Broken queues told of in a device's life: a guest can break one as often as it likes. */
  private static final int MAX_COMPLAINTS = 3;

  private static final int ISR_QUEUE = 1;
  private static final int ISR_CONFIG = 2;

  private final VirtioDevice device;
  private final Ram ram;
  private final PciFunction function;
  private final MsiX msix;
  private final QueueState[] queues;
  private final int accessCapability;
  private final Object interruptLock = new Object();

  /**
   * The features that the device offers, fixed from the driver's first word until the next reset.
   */
  private long offered;

  private int deviceFeatureSelect;
  private int driverFeatureSelect;
  private long driverFeatures;
  private int status;
  private int queueSelect;
  private volatile boolean active;
  private volatile List<@Nullable VirtQueue> live = List.of();
  private volatile boolean abandoned;
  // Under interruptLock.
  private int generation;
  private int complaints;
  private int isr;
  private int configVector = MsiX.NO_VECTOR;
  private boolean needsReset;

  /** The driver's settings of one queue. */
  private final class QueueState implements VirtQueue.Listener {
    final int number;
    int size;
    long descriptors;
    long available;
    long used;
    boolean enabled;
    volatile int vector = MsiX.NO_VECTOR;

    QueueState(int number) {
      this.number = number;
      this.size = device.queueSize(number);
    }

    void reset() {
      size = device.queueSize(number);
      descriptors = 0;
      available = 0;
      used = 0;
      enabled = false;
      vector = MsiX.NO_VECTOR;
    }

    @Override
    public void interrupt() {
      raise(ISR_QUEUE, vector);
    }

    @Override
    public void broken(String why) {
      boolean tell;
      synchronized (interruptLock) {
        needsReset = true;
        tell = complaints < MAX_COMPLAINTS;
        complaints++;
      }
      if (tell) {
        LogEvent.of("queue-broken")
            .with("device", function.name())
            .with("queue", number)
            .with("cause", why)
            .log(LOG, Level.INFO);
      }
      configurationChanged();
    }
  }

  /**
   * Makes the function for a device.
   *
   * @param name for messages
   * @param device behind it
   * @param ram guest memory
   * @param messages where MSI-X messages go
   */
  public VirtioPci(String name, VirtioDevice device, Ram ram, MsiX.Messages messages) {
    this.device = device;
    this.ram = ram;
    function = new PciFunction(name, VENDOR, 0x1040 + device.type(), device.pciClass(), 1);
    function.subsystem(VENDOR, 0x1100);
    function.interruptPin();
    queues = new QueueState[device.queues()];
    for (int i = 0; i < queues.length; i++) {
      queues[i] = new QueueState(i);
    }
    msix = new MsiX(function, MSIX_BAR, Math.min(64, queues.length + 1), messages);
    function.bar(BAR, 4 * PAGE, true, new Registers());
    capability(1, COMMON * PAGE, 16);
    capability(3, ISR * PAGE, 16);
    capability(4, CONFIG * PAGE, 16);
    int notify = capability(2, NOTIFY * PAGE, 20);
    function.poke(notify + 16, 4, NOTIFY_MULTIPLIER);
    accessCapability = capability(5, 0, 20);
    function.mask(accessCapability + 4, 1, 0xff);
    function.mask(accessCapability + 8, 8, -1);
    function.mask(accessCapability + 16, 4, 0xffff_ffffL);
    function.watch(new Access());
    device.attach(this);
  }

  private int capability(int type, int offset, int length) {
    int at = function.capability(0x09, length);
    function.poke(at + 2, 1, length);
    function.poke(at + 3, 1, type);
    function.poke(at + 4, 1, type == 5 ? 0 : BAR);
    function.poke(at + 8, 4, offset);
    function.poke(at + 12, 4, type == 5 ? 0 : PAGE);
    return at;
  }

  /**
   * The PCI function.
   *
   * @return to be attached to a bus
   */
  public PciFunction function() {
    return function;
  }

  /** Section 4.1.4.9: registers through configuration space, for firmware that maps no BARs. */
  private final class Access implements PciFunction.Watch {
    @Override
    public void beforeRead(int offset, int size) {
      if (touchesData(offset, size)) {
        Device target = target();
        if (target != null) {
          function.poke(accessCapability + 16, 4, target.read(offset(), length()));
        }
      }
    }

    @Override
    public void afterWrite(int offset, int size) {
      if (touchesData(offset, size)) {
        Device target = target();
        if (target != null) {
          target.write(offset(), length(), function.peek(accessCapability + 16, length()));
        }
      }
      msix.unmasked();
      quietWire();
    }

    private boolean touchesData(int offset, int size) {
      return offset < accessCapability + 20 && offset + size > accessCapability + 16;
    }

    private long offset() {
      return function.peek(accessCapability + 8, 4);
    }

    private int length() {
      return (int) function.peek(accessCapability + 12, 4);
    }

    private @Nullable Device target() {
      int length = length();
      boolean fits =
          (length == 1 || length == 2 || length == 4)
              && offset() % length == 0
              && offset() + length <= 4 * PAGE;
      return fits && function.peek(accessCapability + 4, 1) == BAR ? function.barDevice(BAR) : null;
    }
  }

  private final class Registers implements Device {
    @Override
    public long read(long offset, int size) {
      int at = (int) offset & (PAGE - 1);
      return switch ((int) offset / PAGE) {
        case COMMON ->
            size == 8
                ? (common(at, 4) & 0xffff_ffffL) | (common(at + 4, 4) << 32)
                : common(at, size);
        case ISR -> at == 0 ? takeIsr() : 0;
        case CONFIG -> configuration(at, size);
        default -> 0;
      };
    }

    @Override
    public void write(long offset, int size, long value) {
      int at = (int) offset & (PAGE - 1);
      switch ((int) offset / PAGE) {
        case COMMON -> {
          if (size == 8) {
            writeCommon(at, value & 0xffff_ffffL);
            writeCommon(at + 4, value >>> 32);
          } else {
            writeCommon(at, value);
          }
        }
        case CONFIG -> {
          synchronized (VirtioPci.this) {
            for (int i = 0; i < size; i++) {
              device.config(at + i, (int) (value >>> (8 * i)) & 0xff);
            }
          }
        }
        case NOTIFY -> {
          int queue = at / NOTIFY_MULTIPLIER;
          if (queue < queues.length && active) {
            device.notified(queue);
          }
        }
        default -> {
          // The interrupt status is read only.
        }
      }
    }
  }

  private synchronized long configuration(int at, int size) {
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 8 | (device.config(at + i) & 0xff);
    }
    return value;
  }

  private @Nullable QueueState selected() {
    return queueSelect < queues.length ? queues[queueSelect] : null;
  }

  private synchronized long common(int at, int size) {
    QueueState queue = selected();
    return switch (at) {
      case 0x00 -> deviceFeatureSelect;
      case 0x04 -> half(offered(), deviceFeatureSelect);
      case 0x08 -> driverFeatureSelect;
      case 0x0c -> half(driverFeatures, driverFeatureSelect);
      case 0x10 -> {
        synchronized (interruptLock) {
          yield configVector;
        }
      }
      case 0x12 -> queues.length;
      case 0x14 -> size == 1 ? statusByte() : statusByte() | generation() << 8;
      case 0x15 -> generation();
      case 0x16 -> queueSelect;
      case 0x18 -> queue == null ? 0 : queue.size;
      case 0x1a -> queue == null ? MsiX.NO_VECTOR : queue.vector;
      case 0x1c -> queue != null && queue.enabled ? 1 : 0;
      case 0x1e -> queue == null ? 0 : queue.number;
      case 0x20 -> queue == null ? 0 : half(queue.descriptors, 0);
      case 0x24 -> queue == null ? 0 : half(queue.descriptors, 1);
      case 0x28 -> queue == null ? 0 : half(queue.available, 0);
      case 0x2c -> queue == null ? 0 : half(queue.available, 1);
      case 0x30 -> queue == null ? 0 : half(queue.used, 0);
      case 0x34 -> queue == null ? 0 : half(queue.used, 1);
      default -> 0;
    };
  }

  private int statusByte() {
    synchronized (interruptLock) {
      return needsReset ? status | STATUS_NEEDS_RESET : status;
    }
  }

  private int generation() {
    synchronized (interruptLock) {
      return generation;
    }
  }

  private static long half(long value, int which) {
    return switch (which) {
      case 0 -> value & 0xffff_ffffL;
      case 1 -> value >>> 32;
      default -> 0;
    };
  }

  private static long withHalf(long old, int which, long value) {
    return switch (which) {
      case 0 -> (old & ~0xffff_ffffL) | (value & 0xffff_ffffL);
      case 1 -> (old & 0xffff_ffffL) | value << 32;
      default -> old;
    };
  }

  private synchronized void writeCommon(int at, long value) {
    switch (at) {
      case 0x00 -> deviceFeatureSelect = (int) value;
      case 0x08 -> driverFeatureSelect = (int) value;
      case 0x0c -> {
        if ((status & STATUS_FEATURES_OK) == 0) {
          driverFeatures = withHalf(driverFeatures, driverFeatureSelect, value);
        }
      }
      case 0x10 -> {
        synchronized (interruptLock) {
          configVector = vector(value);
        }
      }
      case 0x14 -> writeStatus((int) value & 0xff);
      case 0x16 -> queueSelect = (int) value & 0xffff;
      default -> {
        QueueState queue = selected();
        if (queue != null) {
          writeQueue(queue, at, value);
        }
      }
    }
  }

  private int vector(long value) {
    return value >= 0 && value < msix.vectors() ? (int) value : MsiX.NO_VECTOR;
  }

  private void writeQueue(QueueState queue, int at, long value) {
    if (at == 0x1a) {
      queue.vector = vector(value);
      return;
    }
    if (queue.enabled) {
      return; // Section 4.1.4.3.2: nothing else may change now.
    }
    switch (at) {
      case 0x18 -> {
        int size = (int) value & 0xffff;
        if (Integer.bitCount(size) == 1 && size <= device.queueSize(queue.number)) {
          queue.size = size;
        }
      }
      case 0x1c -> queue.enabled = (value & 1) != 0;
      case 0x20 -> queue.descriptors = withHalf(queue.descriptors, 0, value);
      case 0x24 -> queue.descriptors = withHalf(queue.descriptors, 1, value);
      case 0x28 -> queue.available = withHalf(queue.available, 0, value);
      case 0x2c -> queue.available = withHalf(queue.available, 1, value);
      case 0x30 -> queue.used = withHalf(queue.used, 0, value);
      case 0x34 -> queue.used = withHalf(queue.used, 1, value);
      default -> {
        // Read only, or not there.
      }
    }
  }

  private void writeStatus(int value) {
    if (value == 0) {
      reset();
      return;
    }
    offered = offered();
    int next = status | value;
    if ((next & ~status & STATUS_FEATURES_OK) != 0 && !acceptable()) {
      next &= ~STATUS_FEATURES_OK;
    }
    boolean start = (next & ~status & STATUS_DRIVER_OK) != 0;
    status = next & ~STATUS_NEEDS_RESET;
    if (start && (status & STATUS_FEATURES_OK) != 0) {
      activate();
    }
  }

  /** Section 2.2.1: a subset of what was offered, and not a legacy driver. */
  private boolean acceptable() {
    return (driverFeatures & ~offered()) == 0 && (driverFeatures & Features.VERSION_1) != 0;
  }

  /**
   * Section 2.2.2: these do not change while a driver uses the device, even if the NIC's backend
   * does.
   */
  private long offered() {
    return status == 0 ? device.features() : offered;
  }

  private void activate() {
    List<@Nullable VirtQueue> ready = new ArrayList<>();
    for (QueueState q : queues) {
      ready.add(
          q.enabled
              ? VirtQueue.of(ram, q.size, q.descriptors, q.available, q.used, driverFeatures, q)
              : null);
    }
    active = true;
    live = ready;
    if (abandoned) {
      abandon();
    }
    device.activate(driverFeatures, ready);
  }

  /**
   * Makes the queues dead, and those that a driver makes from now on, so that a hart or a thread
   * that works on one finds nothing more there, however fast the guest fills it. Waits for nobody.
   * Thread: any.
   */
  public void abandon() {
    abandoned = true;
    for (VirtQueue queue : live) {
      if (queue != null) {
        queue.abandon();
      }
    }
  }

  /** Resets device and transport, as a driver does by writing 0 to the status. */
  public synchronized void reset() {
    active = false;
    device.reset();
    status = 0;
    driverFeatures = 0;
    deviceFeatureSelect = 0;
    driverFeatureSelect = 0;
    queueSelect = 0;
    for (QueueState queue : queues) {
      queue.reset();
    }
    synchronized (interruptLock) {
      isr = 0;
      needsReset = false;
      configVector = MsiX.NO_VECTOR;
      function.interrupt(false);
    }
  }

  @Override
  public void configurationChanged() {
    int vector;
    synchronized (interruptLock) {
      vector = configVector;
      generation = (generation + 1) & 0xff;
    }
    raise(ISR_CONFIG, vector);
  }

  /**
   * Interrupts the driver, if there is one: before it is ready (DRIVER_OK) nobody would take the
   * wire down, which other devices may share.
   */
  private void raise(int bit, int vector) {
    if (msix.enabled()) {
      if (active && vector != MsiX.NO_VECTOR && function.master()) {
        msix.fire(vector);
      }
      return;
    }
    synchronized (interruptLock) {
      if (active && (isr & bit) == 0) {
        isr |= bit;
        function.interrupt(true);
      }
    }
  }

  /** PCI section 6.8.2.3: a function that sends messages leaves its wire alone. */
  private void quietWire() {
    synchronized (interruptLock) {
      function.interrupt(isr != 0 && !msix.enabled());
    }
  }

  /** Section 4.1.4.5: reading clears it, and takes INTA down. */
  private int takeIsr() {
    synchronized (interruptLock) {
      int taken = isr;
      isr = 0;
      function.interrupt(false);
      return taken;
    }
  }
}
