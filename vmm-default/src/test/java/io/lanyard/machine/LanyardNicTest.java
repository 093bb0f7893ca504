package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.virtio.VirtioNet;
import io.lanyard.testing.Garbage;
import io.lanyard.virtio.Ring;
import io.lanyard.virtio.VirtQueue;
import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.NicOffloads;
import io.lanyard.vmm.NicSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LanyardNicTest {
  private static final int FRAMES = 20_000;
  private static final int SIZE = 256;
  private static final int LENGTH = 12 + 1514;
  private static final int SUPER_FRAME = 12 + 54 + 14_600;
  private static final long MERGEABLE = 1L << 15;
  private static final long GUEST_OFFLOADS = 1L << 1 | 1L << 7;
  private static final long SENT = Ram.BASE + 0x20000;
  private static final long RECEIVED = Ram.BASE + 0x10000;

  private final Ram ram = Ram.allocate(1 << 20);
  private final Ring receive = new Ring(ram, Ram.BASE, SIZE);
  private final Ring transmit = new Ring(ram, Ram.BASE + 0x8000, SIZE);
  private final LanyardNic nic =
      new LanyardNic(new NicSpec("n0", 0x5254_0000_0001L, 1500, List.of()));
  private final VirtioNet device = new VirtioNet(0x5254_0000_0001L, 1500, nic);
  private int offered;

  @AfterEach
  void close() {
    nic.device(null);
    device.reset();
    ram.close();
  }

  /** A network that takes everything. */
  private static final class Network implements FrameSink {
    private int taken;

    @Override
    public boolean accept(MemorySegment frame) {
      taken++;
      return true;
    }

    @Override
    public void flush() {}

    @Override
    public NicOffloads offloads() {
      return NicOffloads.ALL;
    }
  }

  /** Every other frame is a super-frame. */
  private static int length(int frame) {
    return (frame & 1) == 0 ? LENGTH : SUPER_FRAME;
  }

  private void start(Network network) {
    nic.device(device);
    nic.running(true);
    nic.connect(network);
    for (int i = 0; i < SIZE; i++) {
      transmit.descriptor(i, SENT, length(i), 0, 0);
      ram.putShort(transmit.available + 4 + 2L * i, (short) i);
      receive.descriptor(i, RECEIVED, 2048, VirtQueue.WRITE, 0);
      ram.putShort(receive.available + 4 + 2L * i, (short) i);
    }
    device.activate(
        MERGEABLE | GUEST_OFFLOADS, Arrays.asList(receive.queue(0), transmit.queue(0), null));
  }

  @Test
  void aFrameOfTheGuestMakesNoGarbage() {
    Network network = new Network();
    start(network);
    int burst = 32;
    long garbage =
        Garbage.of(
            FRAMES,
            () -> {
              for (int i = 0; i < FRAMES; i += burst) {
                offered += burst;
                ram.putShort(transmit.available + 2, (short) offered);
                device.notified(1);
              }
            });
    assertThat(garbage).as("bytes for %d frames", FRAMES).isLessThan(FRAMES);
    assertThat(network.taken).isEqualTo(offered);
    assertThat(nic.statistics().transmittedFrames()).isEqualTo(offered);
  }

  @Test
  void aFrameForTheGuestMakesNoGarbage() {
    start(new Network());
    MemorySegment[] frames = {
      Arena.ofAuto().allocate(length(0)), Arena.ofAuto().allocate(length(1))
    };
    long garbage =
        Garbage.of(
            FRAMES,
            () -> {
              for (int i = 0; i < FRAMES; i++) {
                ram.putShort(receive.available + 2, (short) (receive.used() + SIZE));
                nic.accept(frames[i & 1]);
                nic.flush();
              }
            });
    assertThat(garbage).as("bytes for %d frames", FRAMES).isLessThan(FRAMES);
    assertThat(nic.statistics().receiveDrops()).isZero();
    assertThat(nic.statistics().receivedFrames()).isPositive();
  }
}
