package io.lanyard.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.disk.Disk;
import io.lanyard.machine.disk.RawImage;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.virtio.Ring;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VirtioBlkTest {
  private static final long REQUEST = Ram.BASE + 0x4000;
  private static final long STATUS = Ram.BASE + 0x5000;
  private static final long DATA = Ram.BASE + 0x6000;
  private static final long FLUSH = 1L << 9;
  @TempDir Path directory;
  private final Ram ram = Ram.allocate(1 << 20);
  private final Ring ring = new Ring(ram, Ram.BASE);

  @AfterEach
  void closeRam() {
    ram.close();
  }

  private Path image() throws IOException {
    byte[] content = new byte[8 * 512];
    content[512] = 7;
    return Files.write(directory.resolve("disk.img"), content);
  }

  private int request(VirtioBlk blk, int type, long sector, long[]... data)
      throws InterruptedException {
    ram.putInt(REQUEST, type);
    ram.putLong(REQUEST + 8, sector);
    ram.putByte(STATUS, (byte) 99);
    long[][] parts = new long[data.length + 2][];
    parts[0] = Ring.out(REQUEST, 16);
    System.arraycopy(data, 0, parts, 1, data.length);
    parts[parts.length - 1] = Ring.in(STATUS, 1);
    int before = ring.used();
    ring.offer(parts);
    blk.notified(0);
    Await.until(() -> ring.used() != before);
    return ram.getByte(STATUS);
  }

  @Test
  void sectorsAreReadAndWrittenAndFlushed() throws Exception {
    Path path = image();
    try (RawImage disk = RawImage.open(path, false)) {
      VirtioBlk blk = new VirtioBlk("disk0", disk);
      assertThat(blk.config(0)).isEqualTo(8);
      blk.activate(FLUSH, List.of(ring.queue(0)));
      assertThat(request(blk, 0, 1, Ring.in(DATA, 512), Ring.in(DATA + 1024, 512))).isZero();
      assertThat(ram.getByte(DATA)).isEqualTo((byte) 7);
      ram.putByte(DATA, (byte) 55);
      assertThat(request(blk, 1, 2, Ring.out(DATA, 512))).isZero();
      assertThat(request(blk, 4, 0)).isZero();
      assertThat(Files.readAllBytes(path)[1024]).isEqualTo((byte) 55);
      assertThat(request(blk, 8, 0, Ring.in(DATA, 20))).isZero();
      assertThat(new String(ram.get(DATA, 5), StandardCharsets.US_ASCII)).isEqualTo("disk0");
      blk.reset();
    }
  }

  @Test
  void whatLiesOutsideOrIsUnknownFails() throws Exception {
    try (RawImage disk = RawImage.open(image(), true)) {
      VirtioBlk blk = new VirtioBlk("disk0", disk);
      assertThat(blk.features() & 1L << 5).isNotZero();
      blk.activate(0, List.of(ring.queue(0)));
      assertThat(request(blk, 0, 8, Ring.in(DATA, 512))).isEqualTo(1);
      assertThat(request(blk, 0, -1, Ring.in(DATA, 512))).isEqualTo(1);
      assertThat(request(blk, 0, 0, Ring.in(DATA, 100))).isEqualTo(1);
      assertThat(request(blk, 1, 0, Ring.out(DATA, 512))).isEqualTo(1);
      assertThat(request(blk, 77, 0)).isEqualTo(2);
      blk.reset();
    }
  }

  /** A disk whose host fails, and whose first read waits to be let go. */
  private static final class BadDisk implements Disk {
    final CountDownLatch reading = new CountDownLatch(1);
    final CountDownLatch go = new CountDownLatch(1);
    final AtomicInteger reads = new AtomicInteger();

    @Override
    public long size() {
      return 1 << 20;
    }

    @Override
    public boolean readOnly() {
      return false;
    }

    @Override
    public void read(long position, ByteBuffer into) throws IOException {
      reads.incrementAndGet();
      reading.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        throw new InterruptedIOException();
      }
    }

    @Override
    public void write(long position, ByteBuffer from) throws IOException {
      throw new IOException("No space left on device");
    }

    @Override
    public void flush() {
      throw new IllegalStateException("a fault of the disk's own");
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  @Test
  void errorsOfTheHostAreTheGuestsErrorsAndTheDiskGoesOn() throws Exception {
    LogWatch.expect("disk-error");
    var disk = new BadDisk();
    disk.go.countDown();
    VirtioBlk blk = new VirtioBlk("disk0", disk);
    blk.activate(FLUSH, List.of(ring.queue(0)));
    for (int i = 0; i < 3; i++) {
      assertThat(request(blk, 1, 0, Ring.out(DATA, 512))).isEqualTo(1);
      assertThat(request(blk, 4, 0)).isEqualTo(1);
    }
    assertThat(request(blk, 0, 0, Ring.in(DATA, 512))).isZero();
    blk.reset();
  }

  @Test
  void resetEndsARequestBetweenItsPieces() throws Exception {
    var disk = new BadDisk();
    VirtioBlk blk = new VirtioBlk("disk0", disk);
    blk.activate(FLUSH, List.of(ring.queue(0)));
    ram.putInt(REQUEST, 0);
    ram.putLong(REQUEST + 8, 0);
    ring.offer(Ring.out(REQUEST, 16), Ring.in(DATA, 512), Ring.in(DATA, 512), Ring.in(STATUS, 1));
    blk.notified(0);
    disk.reading.await();
    Thread reset = Thread.ofPlatform().start(blk::reset);
    Await.until(() -> reset.getState() == Thread.State.WAITING);
    disk.go.countDown();
    reset.join();
    assertThat(disk.reads).hasValue(1);
  }

  @Test
  void imagesThatCannotServeAreRefused() throws Exception {
    Path path = image();
    try (RawImage first = RawImage.open(path, false)) {
      assertThat(first.size()).isEqualTo(4096);
      assertThatThrownBy(() -> RawImage.open(path, false))
          .isInstanceOf(VmmException.class)
          .hasMessageContaining("in use");
    }
    Path odd = Files.write(directory.resolve("odd"), new byte[100]);
    assertThatThrownBy(() -> RawImage.open(odd, true)).hasMessageContaining("multiple of 512");
    assertThatThrownBy(() -> RawImage.open(directory.resolve("none"), true))
        .hasMessageContaining("does not exist");
  }

  /** A disk that is never done, and keeps its processor. */
  private static final class BusyDisk implements Disk {
    private final java.util.concurrent.atomic.AtomicBoolean let =
        new java.util.concurrent.atomic.AtomicBoolean();
    private final AtomicInteger busy;

    BusyDisk(AtomicInteger busy) {
      this.busy = busy;
    }

    @Override
    public long size() {
      return 1 << 20;
    }

    @Override
    public boolean readOnly() {
      return false;
    }

    @Override
    public void read(long position, ByteBuffer into) {
      busy.incrementAndGet();
      while (!let.get()) {
        Thread.onSpinWait();
      }
    }

    @Override
    public void write(long position, ByteBuffer from) {}

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void moreBusyDisksThanCoresLeaveVirtualThreadsTheirs() throws Exception {
    int count = Runtime.getRuntime().availableProcessors() + 1;
    AtomicInteger busy = new AtomicInteger();
    List<BusyDisk> disks = new java.util.ArrayList<>();
    List<VirtioBlk> devices = new java.util.ArrayList<>();
    List<Ram> rams = new java.util.ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        Ram own = Ram.allocate(1 << 20);
        rams.add(own);
        Ring requests = new Ring(own, Ram.BASE);
        BusyDisk disk = new BusyDisk(busy);
        disks.add(disk);
        VirtioBlk blk = new VirtioBlk("disk" + i, disk);
        devices.add(blk);
        blk.activate(0, List.of(requests.queue(0)));
        own.putInt(REQUEST, 0);
        requests.offer(Ring.out(REQUEST, 16), Ring.in(DATA, 512), Ring.in(STATUS, 1));
        blk.notified(0);
      }
      long end = System.nanoTime() + 60_000_000_000L;
      while (busy.get() < count && System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      CountDownLatch ran = new CountDownLatch(1);
      Thread.ofVirtual().start(ran::countDown);
      assertThat(ran.await(60, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
      assertThat(busy.get()).isEqualTo(count);
      devices.getFirst().stop();
      assertThat(devices.getFirst().awaitStopped(System.nanoTime() + 1_000_000)).isFalse();
    } finally {
      disks.forEach(disk -> disk.let.set(true));
      devices.forEach(VirtioBlk::reset);
      rams.forEach(Ram::close);
    }
    assertThat(devices.getFirst().awaitStopped(System.nanoTime() + 1)).isTrue();
  }
}
