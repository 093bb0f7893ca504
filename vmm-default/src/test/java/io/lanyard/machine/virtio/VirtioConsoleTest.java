package io.lanyard.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Ram;
import io.lanyard.testing.Await;
import io.lanyard.virtio.FlatMemory;
import io.lanyard.virtio.Ring;
import io.lanyard.virtio.VirtQueue;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VirtioConsoleTest {
  private static final long DATA = Ram.BASE + 0x4000;
  private final Ram ram = Ram.allocate(1 << 20);
  private final Ring receive = new Ring(ram, Ram.BASE);
  private final Ring transmit = new Ring(ram, Ram.BASE + 0x1000);
  private final StringBuilder shown = new StringBuilder();
  private final VirtioConsole console =
      new VirtioConsole(bytes -> shown.append(StandardCharsets.US_ASCII.decode(bytes)));

  @AfterEach
  void closeRam() {
    console.reset();
    ram.close();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void whatTheGuestWritesIsShown() {
    console.activate(0, List.of(receive.queue(0), transmit.queue(0)));
    ram.put(DATA, "one two".getBytes(StandardCharsets.US_ASCII));
    transmit.offer(Ring.out(DATA, 4), Ring.out(DATA + 4, 3));
    console.notified(1);
    assertThat(shown).hasToString("one two");
    assertThat(transmit.used()).isEqualTo(1);
  }

  @Test
  void whatIsTypedGoesAsFarAsTheGuestHasRoom() {
    ByteBuffer typed = bytes("abcdef");
    console.receive(typed);
    assertThat(typed.remaining()).isEqualTo(6);
    console.activate(0, List.of(receive.queue(0), transmit.queue(0)));
    receive.offer(Ring.in(DATA, 4));
    console.receive(typed);
    assertThat(typed.remaining()).isEqualTo(2);
    assertThat(ram.get(DATA, 4)).containsExactly('a', 'b', 'c', 'd');
    assertThat(receive.take()).isEqualTo(4);
    assertThat(receive.interrupts()).isEqualTo(1);
  }

  @Test
  void aSizeIsReadAndTold() {
    int[] changes = new int[1];
    console.attach(() -> changes[0]++);
    assertThat(console.features() & 1).isEqualTo(1);
    console.resize(0x0102, 24);
    assertThat(changes[0]).isEqualTo(1);
    assertThat(console.config(0)).isEqualTo(0x02);
    assertThat(console.config(1)).isEqualTo(0x01);
    assertThat(console.config(2)).isEqualTo(24);
    assertThat(console.config(3)).isZero();
    assertThat(console.config(4)).isZero();
    assertThat(console.config(500)).isZero();
  }

  @Test
  void aDriverThatComesLaterIsToldTheSizeIfItKnowsSizes() {
    int[] changes = new int[1];
    console.attach(() -> changes[0]++);
    List<@Nullable VirtQueue> queues = List.of(receive.queue(0), transmit.queue(0));
    console.activate(1, queues);
    assertThat(changes[0]).isZero(); // nobody has told a size yet
    console.reset();
    console.resize(80, 24);
    console.activate(1, queues);
    assertThat(changes[0]).isEqualTo(2);
    console.reset();
    console.activate(0, queues);
    assertThat(changes[0]).isEqualTo(2);
  }

  @Test
  void powerButtonSendsPressAndRelease() {
    VirtioInput button = new VirtioInput();
    assertThat(button.press()).isFalse();
    button.activate(0, List.of(receive.queue(0), transmit.queue(0)));
    for (int i = 0; i < 4; i++) {
      receive.offer(Ring.in(DATA + 8L * i, 8));
    }
    assertThat(button.press()).isTrue();
    assertThat(ram.getLong(DATA)).isEqualTo(1L << 32 | 116 << 16 | 1);
    assertThat(ram.getLong(DATA + 8)).isZero();
    assertThat(ram.getLong(DATA + 16)).isEqualTo(116 << 16 | 1);
    assertThat(button.press()).isFalse();
    button.reset();
  }

  @Test
  void aDriverThatKeepsTheQueueOfLightsBusyDoesNotKeepTheButtonFromBeingPressed()
      throws InterruptedException {
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    VirtQueue lights =
        VirtQueue.of(
            ram,
            Ring.SIZE,
            transmit.descriptors,
            transmit.available,
            transmit.used,
            0,
            new VirtQueue.Listener() {
              @Override
              public void interrupt() {
                busy.countDown();
                try {
                  go.await();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }

              @Override
              public void broken(String why) {}
            });
    VirtioInput button = new VirtioInput();
    button.activate(0, List.of(receive.queue(0), lights));
    for (int i = 0; i < 4; i++) {
      receive.offer(Ring.in(DATA + 8L * i, 8));
    }
    transmit.offer(Ring.out(DATA, 8));
    Thread hart = Thread.ofPlatform().start(() -> button.notified(1));
    busy.await();
    AtomicBoolean pressed = new AtomicBoolean();
    Thread owner = Thread.ofPlatform().start(() -> pressed.set(button.press()));
    try {
      Await.until("the button is pressed", pressed::get);
    } finally {
      go.countDown();
      owner.join();
      hart.join();
    }
    button.reset();
  }

  /** Memory of a guest that offers one more buffer whenever its receive ring is looked at. */
  private final class Generous implements FlatMemory {
    private static final int MOST = 100_000;
    private int looks;

    @Override
    public MemorySegment segment() {
      return ram.segment();
    }

    @Override
    public long base() {
      return ram.base();
    }

    @Override
    public short getShort(long address) {
      boolean look = address == receive.available + 2 && looks < MOST;
      return look ? (short) ++looks : FlatMemory.super.getShort(address);
    }
  }

  @Test
  void aGuestThatOffersBuffersWithoutRoomWithoutEndDoesNotHoldWhoTypes() {
    Generous memory = new Generous();
    Ring ring = new Ring(memory, Ram.BASE);
    ring.descriptor(0, DATA, 0, VirtQueue.WRITE, 0);
    console.activate(0, List.of(ring.queue(0), transmit.queue(0)));
    ByteBuffer typed = bytes("abc");
    console.receive(typed);
    assertThat(memory.looks).isLessThan(100);
    assertThat(typed.remaining()).isEqualTo(3);
    assertThat(ring.broken()).isEmpty();
    ring.descriptor(0, DATA, 2, VirtQueue.WRITE, 0);
    console.receive(typed);
    assertThat(typed.remaining()).isZero();
  }

  @Test
  void powerButtonSaysWhatItIs() {
    VirtioInput button = new VirtioInput();
    button.config(0, 0x11);
    button.config(1, 1);
    assertThat(button.config(2)).isEqualTo(15);
    assertThat(button.config(8 + 14)).isEqualTo(1 << 4);
    button.config(0, 1);
    button.config(1, 0);
    assertThat(button.config(8)).isEqualTo('L');
    assertThat(button.config(500)).isZero();
  }
}
