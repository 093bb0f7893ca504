package io.lanyard.machine.virtio;

import io.lanyard.virtio.Chain;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.VirtQueue;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The power button: a keyboard (VIRTIO 1.2 section 5.8) whose only key is KEY_POWER.
 *
 * <p>A machine that is described by a device tree has no ACPI button, and the stock kernel has no
 * driver for a button on a GPIO. It has one for this, and what listens to input devices there
 * (systemd-logind, acpid, or a line of shell) powers the guest off.
 *
 * <p>Thread: any. The monitor guards the queue of events and the configuration. The queue of lights
 * has a lock of its own, because a guest can keep a hart busy there for as long as it likes, and a
 * caller that presses the button must not wait for that.
 */
public final class VirtioInput implements VirtioDevice {
  private static final int ID_NAME = 0x01;
  private static final int ID_SERIAL = 0x02;
  private static final int ID_DEVIDS = 0x03;
  private static final int EV_BITS = 0x11;
  private static final int EV_SYN = 0;
  private static final int EV_KEY = 1;
  private static final int KEY_POWER = 116;

  private static final byte[] NAME = "Lanyard power button".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] SERIAL = "0".getBytes(StandardCharsets.US_ASCII);
  // BUS_VIRTUAL, vendor, product, version: little-endian 16 bits each.
  private static final byte[] IDS = {6, 0, (byte) 0xf4, 0x1a, 0x12, 0, 1, 0};
  private static final byte[] NOTHING = {};

  private int select;
  private int subselect;
  private @Nullable VirtQueue events;
  private @Nullable Chain event;
  private final Object lights = new Object();

  /** Under {@link #lights}. */
  private @Nullable VirtQueue statuses;

  /** Makes the button. */
  public VirtioInput() {}

  @Override
  public int type() {
    return 18;
  }

  @Override
  public int pciClass() {
    return 0x098000;
  }

  @Override
  public long features() {
    return Features.COMMON;
  }

  @Override
  public int queues() {
    return 2;
  }

  @Override
  public int queueSize(int queue) {
    return 64;
  }

  @Override
  public synchronized int config(int offset) {
    byte[] data = selected();
    return switch (offset) {
      case 0 -> select;
      case 1 -> subselect;
      case 2 -> data.length;
      default -> offset >= 8 && offset - 8 < data.length ? data[offset - 8] & 0xff : 0;
    };
  }

  @Override
  public synchronized void config(int offset, int value) {
    if (offset == 0) {
      select = value & 0xff;
    } else if (offset == 1) {
      subselect = value & 0xff;
    }
  }

  private byte[] selected() {
    return switch (select) {
      case ID_NAME -> subselect == 0 ? NAME : NOTHING;
      case ID_SERIAL -> subselect == 0 ? SERIAL : NOTHING;
      case ID_DEVIDS -> subselect == 0 ? IDS : NOTHING;
      case EV_BITS -> {
        if (subselect != EV_KEY) {
          yield NOTHING;
        }
        byte[] keys = new byte[KEY_POWER / 8 + 1];
        keys[KEY_POWER / 8] = (byte) (1 << (KEY_POWER % 8));
        yield keys;
      }
      default -> NOTHING;
    };
  }

  @Override
  public void attach(Link link) {
    // The configuration never changes by itself.
  }

  @Override
  public void activate(long features, List<@Nullable VirtQueue> queues) {
    synchronized (this) {
      events = queues.get(0);
      event = events == null ? null : events.newChain();
    }
    synchronized (lights) {
      statuses = queues.get(1);
    }
  }

  @Override
  public void reset() {
    synchronized (this) {
      events = null;
    }
    synchronized (lights) {
      statuses = null;
    }
  }

  @Override
  public void notified(int queue) {
    if (queue != 1) {
      return;
    }
    synchronized (lights) {
      if (statuses != null) {
        // Lights of a keyboard: we have none.
        Chain chain = statuses.newChain();
        while (statuses.pop(chain)) {
          statuses.push(chain, 0);
        }
        statuses.publish();
      }
    }
  }

  /**
   * Presses the button and lets it go. Thread: any.
   *
   * @return false if no driver listens
   */
  public synchronized boolean press() {
    boolean heard =
        event(EV_KEY, KEY_POWER, 1)
            && event(EV_SYN, 0, 0)
            && event(EV_KEY, KEY_POWER, 0)
            && event(EV_SYN, 0, 0);
    if (events != null) {
      events.publish();
    }
    return heard;
  }

  private boolean event(int type, int code, int value) {
    if (events == null || event == null || !events.pop(event)) {
      return false;
    }
    if (event.writable() < 8) {
      events.push(event, 0);
      return false;
    }
    event.writeNumber(0, 2, type);
    event.writeNumber(2, 2, code);
    event.writeNumber(4, 4, value);
    events.push(event, 8);
    return true;
  }
}
