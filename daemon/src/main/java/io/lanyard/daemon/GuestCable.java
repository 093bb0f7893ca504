package io.lanyard.daemon;

import static java.util.Objects.requireNonNull;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.NicOffloads;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.port.FrameConsumer;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/**
 * The two ends of the cable between a guest's network card and its switch port.
 *
 * <p>The VMM's interface and the switch's describe the same frame and know nothing of each other;
 * these are the plugs.
 */
final class GuestCable {
  private static final System.Logger LOG = System.getLogger(GuestCable.class.getName());

  private GuestCable() {}

  /**
   * What the switch puts frames for the guest into. It runs on the network's loop, which must
   * outlive whatever a plug-in throws.
   *
   * @param card the card's end
   */
  record TowardsGuest(FrameSink card) implements FrameConsumer {
    private static void failed(String what, Throwable e) {
      // A frame each: the port counts what it lost, and the log is for who looks.
      LogEvent.of("vmm-failed").with("call", what).log(LOG, Level.DEBUG, e);
    }

    @Override
    public boolean accept(MemorySegment frame) {
      try {
        return card.accept(frame);
      } catch (RuntimeException | LinkageError | AssertionError e) {
        failed("accept a frame", e);
        return false;
      }
    }

    @Override
    public void flush() {
      try {
        card.flush();
      } catch (RuntimeException | LinkageError | AssertionError e) {
        failed("end a burst", e);
      }
    }

    @Override
    public Offloads offloads() {
      NicOffloads offers;
      try {
        offers = requireNonNull(card.offloads());
      } catch (RuntimeException | LinkageError | AssertionError e) {
        failed("say its offloads", e);
        offers = new NicOffloads(false, false, false, false);
      }
      return Offloads.of(offers.checksum(), offers.tso4(), offers.tso6(), offers.uso());
    }
  }

  /**
   * What the guest puts frames for the network into.
   *
   * @param port the port's end
   */
  record TowardsNetwork(FrameConsumer port) implements FrameSink {
    @Override
    public boolean accept(MemorySegment frame) {
      return port.accept(frame);
    }

    @Override
    public void flush() {
      port.flush();
    }

    @Override
    public NicOffloads offloads() {
      Offloads offers = port.offloads();
      return new NicOffloads(offers.checksum(), offers.tso4(), offers.tso6(), offers.uso());
    }
  }
}
