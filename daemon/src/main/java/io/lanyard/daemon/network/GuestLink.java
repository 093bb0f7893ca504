package io.lanyard.daemon.network;

import static java.util.Objects.requireNonNull;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.NicOffloads;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.port.FrameConsumer;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/**
 * The two ends of the link between a guest's NIC and its switch port.
 *
 * <p>The VMM's interface and the switch's describe the same frame and know nothing of each other;
 * these adapt one to the other.
 */
final class GuestLink {
  private static final System.Logger LOG = System.getLogger(GuestLink.class.getName());

  private GuestLink() {}

  /**
   * The sink of the switch's frames to the guest. It runs on the network's loop, which must outlive
   * anything that a plug-in throws.
   *
   * @param nic the NIC's end
   */
  record TowardsGuest(FrameSink nic) implements FrameConsumer {
    private static void failed(String what, Throwable e) {
      // This may happen with each frame: the port counts the loss, and DEBUG tells the reason.
      LogEvent.of("vmm-failed").with("call", what).log(LOG, Level.DEBUG, e);
    }

    @Override
    public boolean accept(MemorySegment frame) {
      try {
        return nic.accept(frame);
      } catch (RuntimeException | LinkageError | AssertionError e) {
        failed("accept a frame", e);
        return false;
      }
    }

    @Override
    public void flush() {
      try {
        nic.flush();
      } catch (RuntimeException | LinkageError | AssertionError e) {
        failed("end a burst", e);
      }
    }

    @Override
    public Offloads offloads() {
      NicOffloads offers;
      try {
        offers = requireNonNull(nic.offloads());
      } catch (RuntimeException | LinkageError | AssertionError e) {
        failed("say its offloads", e);
        offers = new NicOffloads(false, false, false, false);
      }
      return Offloads.of(offers.checksum(), offers.tso4(), offers.tso6(), offers.uso());
    }
  }

  /**
   * The sink of the guest's frames to the network.
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
