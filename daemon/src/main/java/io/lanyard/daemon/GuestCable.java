package io.lanyard.daemon;

import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.NicOffloads;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.port.FrameConsumer;
import java.lang.foreign.MemorySegment;

/**
 * The two ends of the cable between a guest's network card and its switch port.
 *
 * <p>The VMM's interface and the switch's describe the same frame and know nothing of each other;
 * these are the plugs.
 */
final class GuestCable {
  private GuestCable() {}

  /**
   * What the switch puts frames for the guest into.
   *
   * @param card the card's end
   * @param mtu the network's MTU, which bounds plain frames
   */
  record TowardsGuest(FrameSink card, int mtu) implements FrameConsumer {
    /** Ethernet header and two tags. */
    private static final int LINK_OVERHEAD = 22;

    @Override
    public boolean accept(MemorySegment frame) {
      return card.accept(frame);
    }

    @Override
    public void flush() {
      card.flush();
    }

    @Override
    public Offloads offloads() {
      NicOffloads offers = card.offloads();
      return new Offloads(
          offers.checksum(), offers.tso4(), offers.tso6(), offers.uso(), mtu + LINK_OVERHEAD);
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
