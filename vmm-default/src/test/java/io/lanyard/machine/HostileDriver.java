package io.lanyard.machine;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.MemoryMap;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A guest's kernel that means ill, without a processor: reads and writes physical memory as its
 * harts would.
 *
 * <p>It knows how drivers bring virtio devices up and what their rings look like, so that it comes
 * as far as those do, and departs from that at every step: any register at any width, rings over
 * each other, indices that jump, resets while requests are under way. It has no notion of what
 * should come of it.
 */
final class HostileDriver implements Runnable {
  private static final long QUEUE_ROOM = 0x2000;
  private static final int STATUS = 0x14;
  private static final int RUNNING = 15;

  /** Where something answers, or just not. */
  private static final List<Long> PLACES =
      List.of(
          0L,
          MemoryMap.BOOT_ROM,
          MemoryMap.TEST_FINISHER,
          MemoryMap.RTC,
          MemoryMap.CLINT,
          MemoryMap.CLINT + 0x4000,
          MemoryMap.CLINT + 0xbff8,
          MemoryMap.PLIC,
          MemoryMap.PLIC + 0x1000,
          MemoryMap.PLIC + 0x2000,
          MemoryMap.PLIC + 0x20_0000,
          MemoryMap.APLIC_MACHINE + 0x1c00,
          MemoryMap.APLIC_MACHINE + 0x3000,
          MemoryMap.APLIC_SUPERVISOR,
          MemoryMap.APLIC_SUPERVISOR + 0x1c00,
          MemoryMap.APLIC_SUPERVISOR + 0x3000,
          MemoryMap.IMSIC_MACHINE,
          MemoryMap.IMSIC_SUPERVISOR,
          MemoryMap.UART,
          MemoryMap.PCI_ECAM,
          MemoryMap.PCI_LOW,
          MemoryMap.PCI_LOW + MemoryMap.PCI_LOW_SIZE,
          Ram.BASE,
          -1L,
          Long.MAX_VALUE);

  /** Of a disk: reads and writes, flushes, its name, and what there is not. */
  private static final List<Integer> REQUESTS = List.of(0, 0, 0, 1, 1, 4, 8, 11, 77);

  private static final List<Long> FINISHES = List.of(0x5555L, 0x7777L, 0x7_3333L);

  private final Bus bus;
  private final SplittableRandom random;
  private final int slots;
  private final int[] sizes;
  private final Bus.Word word = new Bus.Word();

  /** One step in so many departs from what a driver does. */
  private int wild = 1;

  private volatile boolean stopping;
  private final AtomicLong steps = new AtomicLong();

  /**
   * Makes one.
   *
   * @param bus the machine
   * @param random what it does
   * @param slots how many of PCI's it looks at; the first is the bridge
   */
  HostileDriver(Bus bus, SplittableRandom random, int slots) {
    this.bus = bus;
    this.random = random;
    this.slots = slots;
    sizes = new int[4 * slots];
    Arrays.fill(sizes, 1);
  }

  /** Goes on until {@link #stop}. */
  @Override
  public void run() {
    while (!stopping) {
      step();
    }
  }

  /** Ends it after the present step. Thread: any. */
  void stop() {
    stopping = true;
  }

  /** The steps so far. Thread: any. */
  long steps() {
    return steps.get();
  }

  /** Uses one device for a while, more or less as its driver would. */
  private void step() {
    int slot = 1 + any(slots - 1);
    wild = 1 << (1 + any(10));
    bringUp(slot);
    for (int i = any(300); i > 0 && !stopping; i--) {
      if (wildly()) {
        astray(slot);
      } else {
        traffic(slot);
      }
      steps.incrementAndGet();
    }
  }

  /** Whether to depart from what a driver does. */
  private boolean wildly() {
    return any(wild) == 0;
  }

  private void astray(int slot) {
    int other = random.nextBoolean() ? slot : 1 + any(slots - 1);
    switch (any(10)) {
      case 8 -> write(MemoryMap.TEST_FINISHER, 4, FINISHES.get(any(FINISHES.size())));
      case 0 -> write(common(other) + STATUS, 1, random.nextInt(4) == 0 ? number() : 0);
      case 1 -> write(common(other) + any(0x48), size(), number());
      case 2 -> write(bar(other) + any(0x4000), size(), number());
      case 3 -> read(bar(other) + any(0x4000), size());
      case 4 -> write(config(other) + any(0x110), size(), number());
      case 5 -> read(config(other) + any(0x110), size());
      case 6 -> messages(other);
      case 7 -> write(place(), size(), number());
      default -> anywhere();
    }
  }

  private void anywhere() {
    long at = PLACES.get(random.nextInt(PLACES.size())) + random.nextInt(-16, 0x1100);
    if (random.nextBoolean()) {
      write(at, size(), number());
    } else {
      read(at, size());
    }
  }

  /** Maps a function's registers where this looks for them, or nearly there. */
  private void map(int slot) {
    write(config(slot) + 0x14, 4, bar(slot) + 0x8000);
    write(config(slot) + 0x20, 4, wildly() ? bar(any(slots)) : bar(slot));
    write(config(slot) + 0x24, 4, 0);
    write(config(slot) + 4, 2, wildly() ? number() : 6);
  }

  private void bringUp(int slot) {
    map(slot);
    long common = common(slot);
    write(common + STATUS, 1, 0);
    write(common + STATUS, 1, 3);
    for (int half = 0; half < 2; half++) {
      write(common, 4, half);
      long offered = read(common + 4, 4);
      write(common + 8, 4, half);
      long wanted = wildly() ? number() : offered & number();
      write(common + 12, 4, half == 1 ? wanted | 1 : wanted); // VIRTIO_F_VERSION_1
    }
    write(common + STATUS, 1, 11);
    int queues = (int) read(common + 0x12, 2);
    for (int queue = 0; queue < Math.min(4, queues); queue++) {
      write(common + 0x16, 2, queue);
      int size = 1 << any(9);
      write(common + 0x18, 2, wildly() ? number() : size);
      sizes[4 * slot + queue] = Math.max(1, (int) read(common + 0x18, 2) & 511);
      write(common + 0x1a, 2, any(4));
      long base = room(slot, queue);
      wide(common + 0x20, ring(base));
      wide(common + 0x28, ring(base + 0x1000));
      wide(common + 0x30, ring(base + 0x1400));
      write(common + 0x1c, 2, wildly() ? 0 : 1);
      write(room(slot, queue) + 0x1000, 4, 0);
    }
    write(common + STATUS, 1, RUNNING);
  }

  /** Nearly always where it belongs; or over another ring, or anywhere. */
  private long ring(long usual) {
    if (!wildly()) {
      return usual;
    }
    return switch (any(3)) {
      case 0 -> number();
      case 1 -> room(any(slots), any(3)) + 4L * any(0x600);
      default -> bus.ram().base() + bus.ram().size() - 16L * any(64);
    };
  }

  private void wide(long at, long value) {
    if (random.nextBoolean()) {
      write(at, 8, value);
    } else {
      write(at, 4, value);
      write(at + 4, 4, value >>> 32);
    }
  }

  /** Rings and requests of a queue, and a notification. */
  private void traffic(int slot) {
    int queue = any(3);
    long base = room(slot, queue);
    int size = sizes[4 * slot + queue];
    int first = any(size);
    int chain = Math.min(size - first, 1 + any(6));
    for (int i = 0; i < chain; i++) {
      boolean last = i == chain - 1;
      int flags = (i == 0 || (i < 3 && random.nextBoolean()) ? 0 : 2) | (last ? 0 : 1);
      descriptor(base + 16L * (first + i), flags, first + i + 1);
    }
    if (random.nextInt(3) == 0) {
      request(base, first, chain);
    }
    if (random.nextInt(8) == 0) {
      indirect(base + 16L * first);
    }
    long available = base + 0x1000;
    int index = (int) read(available + 2, 2);
    write(available + 4 + 2L * (index & (size - 1)), 2, first);
    if (wildly()) {
      write(available, 8, number());
    }
    write(available + 2, 2, index + (wildly() ? jump() : 1));
    write(bar(slot) + 0x3000 + 4L * (wildly() ? any(1024) : queue), 4, queue);
  }

  private int jump() {
    return switch (any(3)) {
      case 0 -> any(70);
      case 1 -> 0x8000;
      default -> any(0x1_0000);
    };
  }

  /** Makes a descriptor one of a table, perhaps of a table within another. */
  private void indirect(long at) {
    long table = data() & -16;
    int entries = 1 + any(8);
    for (int i = 0; i < entries; i++) {
      boolean last = i == entries - 1;
      descriptor(table + 16L * i, (i == 0 ? 0 : 2) | (last ? 0 : 1), i + 1);
    }
    write(at, 8, table);
    write(at + 8, 4, 16L * (wildly() ? any(99) : entries));
    write(at + 12, 2, wildly() ? any(8) : 4);
  }

  private void descriptor(long at, int flags, int next) {
    write(at, 8, wildly() ? number() : data());
    write(at + 8, 4, length());
    write(at + 12, 2, wildly() ? number() : flags);
    write(at + 14, 2, wildly() ? number() : next);
  }

  /** The head of a request of a disk, and a status at the end; for another device just bytes. */
  private void request(long base, int first, int chain) {
    if (chain < 2) {
      return;
    }
    long header = data();
    write(header, 4, REQUESTS.get(any(REQUESTS.size())));
    write(header + 8, 8, wildly() ? number() : any(128));
    long head = base + 16L * first;
    write(head, 8, header);
    write(head + 8, 4, 16);
    write(head + 12, 2, 1);
    long last = base + 16L * (first + chain - 1);
    write(last, 8, wildly() ? base + 0x1000 + any(16) : data());
    write(last + 8, 4, 1);
    write(last + 12, 2, 2);
  }

  private void messages(int slot) {
    write(config(slot) + 4, 2, 6 | (random.nextInt(4) == 0 ? 0x400 : 0));
    long table = bar(slot) + 0x8000 + 16L * any(5);
    write(
        table, 8, random.nextBoolean() ? MemoryMap.IMSIC_SUPERVISOR + 0x1000L * any(3) : number());
    write(table + 8, 4, any(300));
    write(table + 12, 4, any(2));
    // The first capability is MSI-X.
    write(config(slot) + 0x42, 2, (long) any(4) << 14);
  }

  private long length() {
    return switch (any(8)) {
      case 0 -> wildly() ? number() : any(64);
      case 1 -> any(0x1_0000);
      default -> 512L * any(9);
    };
  }

  private int any(int bound) {
    return random.nextInt(bound);
  }

  private int size() {
    return 1 << random.nextInt(4);
  }

  /** Any place in memory behind the rings, or in them. */
  private long data() {
    long from = wildly() ? 0 : room(slots, 0) - bus.ram().base();
    return bus.ram().base() + random.nextLong(from, bus.ram().size() - 0x1_0000);
  }

  private long place() {
    return random.nextBoolean() ? data() : room(any(slots), any(3)) + any(0x1800);
  }

  private long number() {
    return switch (any(9)) {
      case 0 -> 0;
      case 1 -> -1;
      case 2 -> 1L << random.nextInt(64);
      case 3 -> PLACES.get(random.nextInt(PLACES.size()));
      case 4 -> bus.ram().base() + bus.ram().size() - any(16);
      case 5 -> data();
      case 6 -> any(256);
      case 7 -> FINISHES.get(any(FINISHES.size()));
      default -> random.nextLong();
    };
  }

  private long room(int slot, int queue) {
    return bus.ram().base() + QUEUE_ROOM * (4L * slot + queue);
  }

  private static long config(int slot) {
    return MemoryMap.PCI_ECAM + ((long) slot << 15);
  }

  private static long bar(int slot) {
    return MemoryMap.PCI_LOW + ((long) slot << 16);
  }

  private static long common(int slot) {
    return bar(slot);
  }

  private void write(long at, int size, long value) {
    boolean _ = bus.store(at, size, value);
  }

  private long read(long at, int size) {
    return bus.load(at, size, word) ? word.value : 0;
  }
}
