package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.TestFinisher;
import io.lanyard.machine.disk.RawImage;
import io.lanyard.machine.hart.CodeBudget;
import io.lanyard.machine.hart.Firmware;
import io.lanyard.machine.hart.Hart;
import io.lanyard.machine.hart.Timebase;
import io.lanyard.machine.virtio.VirtioBlk;
import io.lanyard.machine.virtio.VirtioConsole;
import io.lanyard.machine.virtio.VirtioInput;
import io.lanyard.machine.virtio.VirtioNet;
import io.lanyard.machine.virtio.VirtioRng;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.vmm.NicOffloads;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Two hostile harts and a board with every device, while the network sends, a user types and
 * resizes, and the button is pressed: nothing throws, a disk that is read only stays as it is, the
 * log and the heap do not grow, and when the machine ends every thread does, and touches memory no
 * more.
 *
 * <p>More by {@code -Dhostile.seeds=N}, {@code -Dhostile.first=N} and {@code -Dhostile.steps=N}.
 */
class HostileDevicesTest {
  private static final int SECTORS = 128;
  private static final long STEPS = Long.getLong("hostile.steps", 60_000);

  /** Device complaints, three a device in its life, and each device's life is one. */
  private static final int MOST_LINES = 3 * 7;

  @TempDir Path directory;

  static LongStream seeds() {
    long first = Long.getLong("hostile.first", 1);
    return LongStream.range(first, first + Long.getLong("hostile.seeds", 4));
  }

  /** All that there is behind the bus. */
  private static final class Machinery implements AutoCloseable {
    final Ram ram = Ram.allocate(2 << 20);
    final Bus bus = new Bus(ram);
    final GuestConsole screen = new GuestConsole("hostile", true);
    final AtomicLong ends = new AtomicLong();
    final VirtioInput button = new VirtioInput();
    final VirtioConsole console = new VirtioConsole(screen::print);
    final List<VirtioBlk> disks = new ArrayList<>();
    final VirtioNet net;
    final Board board;
    final int slots;

    Machinery(boolean messages, List<RawImage> images, VirtioNet.Backend network) {
      Timebase time = new Timebase();
      CodeBudget.Share code = new CodeBudget(8 << 20).open();
      List<Hart> harts = new ArrayList<>();
      for (int id = 0; id < 2; id++) {
        harts.add(new Hart(id, bus, time, Firmware.NONE, messages, code));
      }
      Wiring wiring = messages ? Wiring.aia(bus, harts, true) : Wiring.plic(bus, harts);
      TestFinisher.Power power =
          new TestFinisher.Power() {
            @Override
            public void off(int reason) {
              ends.incrementAndGet();
            }

            @Override
            public void reset() {
              ends.incrementAndGet();
            }
          };
      Boot.Start start = new Boot.Start(Ram.BASE, Ram.BASE, false, -1, -1);
      board = new Board(bus, harts, time, wiring, power, screen::print, start);
      net = new VirtioNet(0x525400123456L, 1500, network);
      board.attach("net", net);
      for (RawImage image : images) {
        String name = "disk" + disks.size();
        VirtioBlk disk = new VirtioBlk(name, image);
        disks.add(disk);
        board.attach(name, disk);
      }
      board.attach("rng", new VirtioRng(bytes -> Arrays.fill(bytes, (byte) bytes.length)));
      board.attach("power-button", button);
      board.attach("console", console);
      slots = 1 + 1 + disks.size() + 3;
    }

    @Override
    public void close() {
      board.close();
      ram.close();
    }
  }

  private Path image(String name) throws IOException {
    byte[] content = new byte[512 * SECTORS];
    Arrays.fill(content, (byte) 0x17);
    return Files.write(directory.resolve(name), content);
  }

  /** A network that takes whole frames, and says what it has been given. */
  private static final class Wire implements VirtioNet.Backend {
    final AtomicLong frames = new AtomicLong();
    final AtomicLong received = new AtomicLong();

    @Override
    public void transmit(MemorySegment frame) {
      assertThat(frame.byteSize()).isBetween(26L, (long) VirtioNet.MAX_FRAME);
      frames.incrementAndGet();
    }

    @Override
    public void malformed() {}

    @Override
    public void flushNetwork() {}

    @Override
    public boolean up() {
      return true;
    }

    @Override
    public NicOffloads networkOffloads() {
      return NicOffloads.ALL;
    }
  }

  /** Does once to a machine what comes from outside. */
  private static void outside(Machinery machinery, Wire wire, SplittableRandom random) {
    MemorySegment frames = MemorySegment.ofArray(new byte[VirtioNet.MAX_FRAME + 1000]);
    for (int i = 0; i < 1 + random.nextInt(20); i++) {
      int length = 12 + random.nextInt(random.nextBoolean() ? 2000 : 66_000);
      frames.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 0, (byte) random.nextInt(4));
      frames.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 1, (byte) random.nextInt(8));
      if (machinery.net.receive(frames.asSlice(0, length))) {
        wire.received.incrementAndGet();
      }
    }
    machinery.net.flushReceive();
    machinery.net.linkChanged();
    machinery.console.receive(ByteBuffer.allocate(random.nextInt(500)));
    machinery.board.uart().receive(ByteBuffer.allocate(random.nextInt(50)));
    machinery.console.resize(1 + random.nextInt(200), 1 + random.nextInt(200));
    boolean _ = machinery.button.press();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void noDriverHarmsMoreThanItsMachine(long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    Path readOnly = image("read-only");
    Path writable = image("writable");
    byte[] before = Files.readAllBytes(readOnly);
    long heap = heap();
    Wire wire = new Wire();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    try (RawImage first = RawImage.open(readOnly, true);
        RawImage second = RawImage.open(writable, false)) {
      Machinery machinery = new Machinery(seed % 2 == 0, List.of(first, second), wire);
      List<HostileDriver> drivers = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int hart = 0; hart < 2; hart++) {
        HostileDriver driver = new HostileDriver(machinery.bus, random.split(), machinery.slots);
        drivers.add(driver);
        threads.add(thread("driver" + hart, driver, failure));
      }
      SplittableRandom other = random.split();
      Thread outside =
          thread(
              "outside",
              () -> {
                while (!Thread.currentThread().isInterrupted()) {
                  outside(machinery, wire, other);
                }
              },
              failure);
      threads.add(outside);
      Await.until(
          () -> state(threads),
          () ->
              failure.get() != null
                  || drivers.stream().allMatch(driver -> driver.steps() >= STEPS));
      // As the machine's end does it.
      drivers.forEach(HostileDriver::stop);
      outside.interrupt();
      machinery.board.abandon();
      machinery.disks.forEach(VirtioBlk::stop);
      Await.until(() -> state(threads), () -> threads.stream().noneMatch(Thread::isAlive));
      machinery.close();
      assertThat(failure.get()).isNull();
      if (Boolean.getBoolean("hostile.tell")) {
        System.out.printf(
            "seed %d: %d and %d steps, %d frames out, %d in, %d ends, %d lines%n",
            seed,
            drivers.getFirst().steps(),
            drivers.getLast().steps(),
            wire.frames.get(),
            wire.received.get(),
            machinery.ends.get(),
            LogWatch.lines());
      }
    }
    assertThat(Files.readAllBytes(readOnly)).isEqualTo(before);
    assertThat(Files.size(writable)).isEqualTo(512L * SECTORS);
    assertThat(LogWatch.lines()).isLessThanOrEqualTo(MOST_LINES);
    Await.until(() -> heap() - heap < 8 << 20);
  }

  private static String state(List<Thread> threads) {
    StringBuilder text = new StringBuilder();
    for (Thread thread : threads) {
      text.append(thread.getName()).append(Arrays.toString(thread.getStackTrace())).append('\n');
    }
    return text.toString();
  }

  private static Thread thread(
      String name, Runnable what, AtomicReference<@Nullable Throwable> failure) {
    return Thread.ofPlatform()
        .name(name)
        .daemon()
        .uncaughtExceptionHandler((thread, e) -> failure.compareAndSet(null, e))
        .start(what);
  }

  private static long heap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
