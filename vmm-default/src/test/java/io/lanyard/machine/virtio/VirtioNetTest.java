package io.lanyard.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Ram;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.Ring;
import io.lanyard.vmm.NicOffloads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VirtioNetTest {
  private static final long DATA = Ram.BASE + 0x10000;
  private static final long MRG_RXBUF = 1L << 15;
  private static final long GUEST_CSUM_TSO4 = 1L << 1 | 1L << 7;
  private final Ram ram = Ram.allocate(1 << 20);
  private final Ring receive = new Ring(ram, Ram.BASE);
  private final Ring transmit = new Ring(ram, Ram.BASE + 0x1000);
  private final Ring control = new Ring(ram, Ram.BASE + 0x2000);
  private final FakeBackend backend = new FakeBackend();
  private final VirtioNet net = new VirtioNet(0x525400123456L, 1400, backend);

  private static final class FakeBackend implements VirtioNet.Backend {
    final List<byte[]> sent = new ArrayList<>();
    int malformed;
    int flushes;
    boolean up = true;
    NicOffloads offloads = NicOffloads.ALL;

    @Override
    public void transmit(MemorySegment frame) {
      sent.add(frame.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void malformed() {
      malformed++;
    }

    @Override
    public void flushNetwork() {
      flushes++;
    }

    @Override
    public boolean up() {
      return up;
    }

    @Override
    public NicOffloads networkOffloads() {
      return offloads;
    }
  }

  @AfterEach
  void closeRam() {
    net.reset();
    ram.close();
  }

  private void activate(long features) {
    net.activate(
        features,
        List.of(receive.queue(features), transmit.queue(features), control.queue(features)));
  }

  private static MemorySegment frame(int length) {
    MemorySegment frame = Arena.ofAuto().allocate(length);
    for (int i = 12; i < length; i++) {
      frame.set(ValueLayout.JAVA_BYTE, i, (byte) i);
    }
    return frame;
  }

  @Test
  void configurationShowsAddressLinkAndMtu() {
    assertThat(net.config(0)).isEqualTo(0x52);
    assertThat(net.config(5)).isEqualTo(0x56);
    assertThat(net.config(10) | net.config(11) << 8).isEqualTo(1400);
    assertThat(net.config(6)).isEqualTo(1);
    backend.up = false;
    assertThat(net.config(6)).isZero();
  }

  @Test
  void hostOffloadsAreOfferedOnlyWhereTheBackendTakesThem() {
    assertThat(net.features() & 1L << 11).isNotZero();
    backend.offloads = NicOffloads.NONE;
    assertThat(net.features() & (1L | 1L << 11 | 1L << 12 | 1L << 56)).isZero();
  }

  @Test
  void frameFromGuestIsPutTogetherAndSent() {
    activate(0);
    ram.put(DATA, new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3});
    transmit.offer(Ring.out(DATA, 12), Ring.out(DATA + 12, 60));
    net.notified(1);
    assertThat(backend.sent).hasSize(1);
    assertThat(backend.sent.getFirst()).hasSize(72).startsWith(new byte[12]);
    assertThat(backend.flushes).isEqualTo(1);
    assertThat(transmit.take()).isZero();
  }

  @Test
  void whatIsNoFrameIsCountedAndGivenBack() {
    activate(0);
    transmit.offer(Ring.out(DATA, 20));
    transmit.offer(Ring.out(DATA, 100_000));
    transmit.offer(Ring.in(DATA, 100));
    net.notified(1);
    assertThat(backend.sent).isEmpty();
    assertThat(backend.malformed).isEqualTo(3);
    assertThat(transmit.used()).isEqualTo(3);
  }

  @Test
  void longFrameIsMergedOverSeveralBuffers() {
    activate(MRG_RXBUF);
    for (int i = 0; i < 4; i++) {
      receive.offer(Ring.in(DATA + 1000L * i, 500));
    }
    assertThat(net.receive(frame(1200))).isTrue();
    net.flushReceive();
    assertThat(receive.take()).isEqualTo(500);
    assertThat(receive.take()).isEqualTo(500);
    assertThat(receive.take()).isEqualTo(200);
    assertThat(receive.take()).isEqualTo(-1);
    assertThat(ram.getShort(DATA + 10)).isEqualTo((short) 3);
    assertThat(ram.getByte(DATA + 2000 + 199)).isEqualTo((byte) 1199);
    assertThat(receive.interrupts()).isEqualTo(1);
  }

  @Test
  void frameWithoutRoomTakesNoBuffer() {
    activate(MRG_RXBUF);
    receive.offer(Ring.in(DATA, 500));
    assertThat(net.receive(frame(600))).isFalse();
    assertThat(receive.used()).isZero();
    assertThat(net.receive(frame(400))).isTrue();
    assertThat(receive.take()).isEqualTo(400);
    assertThat(net.receive(frame(400))).isFalse();
  }

  @Test
  void withoutMergingFrameMustFitOneChain() {
    activate(0);
    receive.offer(Ring.in(DATA, 12), Ring.in(DATA + 100, 300));
    receive.offer(Ring.in(DATA + 500, 300));
    assertThat(net.receive(frame(400))).isFalse();
    assertThat(net.receive(frame(312))).isTrue();
    assertThat(receive.take()).isEqualTo(312);
  }

  @Test
  void offloadsThatWereNotNegotiatedAreRefused() {
    activate(MRG_RXBUF);
    receive.offer(Ring.in(DATA, 2000));
    MemorySegment partial = frame(100);
    partial.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    assertThat(net.receive(partial)).isFalse();
    MemorySegment big = frame(100);
    big.set(ValueLayout.JAVA_BYTE, 1, (byte) 1);
    assertThat(net.receive(big)).isFalse();
    net.reset();
    assertThat(net.guestOffloads()).isEqualTo(NicOffloads.NONE);
    Ring again = new Ring(ram, Ram.BASE + 0x3000);
    net.activate(GUEST_CSUM_TSO4, List.of(again.queue(0), transmit.queue(0), control.queue(0)));
    again.offer(Ring.in(DATA, 2000));
    assertThat(net.guestOffloads()).isEqualTo(new NicOffloads(true, true, false, false));
    assertThat(net.receive(big)).isTrue();
  }

  @Test
  void guestChangesItsOffloadsByTheControlQueue() {
    activate(GUEST_CSUM_TSO4);
    ram.put(DATA, new byte[] {5, 0, 2, 0, 0, 0, 0, 0, 0, 0});
    ram.putByte(DATA + 100, (byte) 77);
    control.offer(Ring.out(DATA, 2), Ring.out(DATA + 2, 8), Ring.in(DATA + 100, 1));
    net.notified(2);
    assertThat(ram.getByte(DATA + 100)).isZero();
    assertThat(net.guestOffloads()).isEqualTo(new NicOffloads(true, false, false, false));
    ram.putByte(DATA + 3, (byte) 1); // GUEST_TSO6, which was offered and not taken
    control.offer(Ring.out(DATA, 10), Ring.in(DATA + 100, 1));
    net.notified(2);
    assertThat(ram.getByte(DATA + 100)).isEqualTo((byte) 1);
    ram.putByte(DATA, (byte) 9);
    control.offer(Ring.out(DATA, 10), Ring.in(DATA + 100, 1));
    net.notified(2);
    assertThat(ram.getByte(DATA + 100)).isEqualTo((byte) 1);
  }

  @Test
  void nothingIsTakenBeforeActivationOrAfterReset() {
    assertThat(net.receive(frame(100))).isFalse();
    activate(MRG_RXBUF);
    receive.offer(Ring.in(DATA, 2000));
    net.reset();
    assertThat(net.receive(frame(100))).isFalse();
    net.flushReceive();
    net.notified(1);
  }

  private static long[][] pieces(int count, long bytes, boolean write) {
    long[][] parts = new long[count][];
    for (int i = 0; i < count; i++) {
      parts[i] = write ? Ring.in(DATA + i * bytes, bytes) : Ring.out(DATA + i * bytes, bytes);
    }
    return parts;
  }

  @Test
  void aFrameInMoreDescriptorsThanDriversUseIsLostAndCountedAndTheNextIsSent() {
    Ring large = new Ring(ram, Ram.BASE + 0x8000, 256);
    net.activate(0, List.of(receive.queue(0), large.queue(0), control.queue(0)));
    large.offer(pieces(65, 20, false));
    large.offer(pieces(64, 1000, false)); // 64 KiB in the most there may be
    net.notified(1);
    assertThat(backend.malformed).isEqualTo(1);
    assertThat(backend.sent).hasSize(1);
    assertThat(backend.sent.getFirst()).hasSize(64_000);
    assertThat(large.used()).isEqualTo(2);
    assertThat(large.broken()).isEmpty();
  }

  @Test
  void buffersOfMoreDescriptorsThanDriversUseTakeNoFrame() {
    Ring large = new Ring(ram, Ram.BASE + 0x8000, 256);
    net.activate(MRG_RXBUF, List.of(large.queue(0), transmit.queue(0), control.queue(0)));
    large.offer(pieces(200, 100, true));
    assertThat(net.receive(frame(60))).isFalse();
    assertThat(large.used()).isZero();
    assertThat(large.broken()).isEmpty();
  }

  @Test
  void aFrameIsNotSpreadOverMoreDescriptorsThanItNeeds() {
    Ring large = new Ring(ram, Ram.BASE + 0x8000, 256);
    net.activate(MRG_RXBUF, List.of(large.queue(0), transmit.queue(0), control.queue(0)));
    for (int i = 0; i < 5; i++) {
      large.offer(pieces(32, 12, true));
    }
    assertThat(net.receive(frame(4 * 32 * 12 + 1))).isFalse();
    assertThat(large.used()).isZero();
    assertThat(net.receive(frame(4 * 32 * 12))).isTrue();
    assertThat(large.used()).isEqualTo(4);
  }

  @Test
  void whatTheGuestTakesIsTheSameObjectForEveryFrame() {
    activate(GUEST_CSUM_TSO4);
    assertThat(net.guestOffloads()).isSameAs(net.guestOffloads());
  }

  @Test
  void hostileRingsThrowNothing() {
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 20_000; i++) {
      activate(MRG_RXBUF | Features.COMMON);
      for (Ring ring : List.of(receive, transmit, control)) {
        for (int n = 0; n < 4; n++) {
          ring.descriptor(
              random.nextInt(Ring.SIZE),
              random.nextInt(8) == 0 ? random.nextLong() : DATA + random.nextInt(1 << 18),
              random.nextInt(80_000),
              random.nextInt(8),
              random.nextInt(Ring.SIZE + 1));
        }
        ram.putShort(ring.available + 2, (short) random.nextInt(Ring.SIZE + 2));
      }
      net.notified(random.nextInt(4));
      net.receive(frame(12 + 14 + random.nextInt(3000)));
      net.flushReceive();
    }
    assertThat(backend.malformed + backend.sent.size()).isPositive();
  }
}
