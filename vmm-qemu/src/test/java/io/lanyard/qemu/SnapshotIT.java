package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.Qcow2;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.Snapshot;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real QEMU's guest goes back to what it was. Needs qemu-system-riscv64. */
@Timeout(240)
final class SnapshotIT {
  /** Answers each byte at the serial port with the next letter, which is in a register alone. */
  private static final int[] COUNTER = {
    0x10000537, // lui a0, 0x10000   the UART of QEMU's "virt"
    0x06100593, // li a1, 'a'
    0x00554603, // lbu a2, 5(a0)     line status
    0x00167613, // andi a2, a2, 1
    0xfe060ce3, // beqz a2, -8
    0x00054683, // lbu a3, 0(a0)
    0x00b50023, // sb a1, 0(a0)
    0x00158593, // addi a1, a1, 1
    0xfe9ff06f, // j -24
  };

  @TempDir Path home;
  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
  private Path firmware;
  private Vmm vmm;

  @BeforeEach
  void open() throws Exception {
    ByteBuffer code = ByteBuffer.allocate(4 * COUNTER.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int instruction : COUNTER) {
      code.putInt(instruction);
    }
    firmware = Files.write(home.resolve("counter"), code.array());
    vmm = provider().open(new VmmContext(home, home));
  }

  private static QemuVmmProvider provider() {
    return new QemuVmmProvider(new QemuBinaries(List.of(Path.of("/usr/bin")), "riscv64"));
  }

  @AfterEach
  void close() {
    vmm.close();
  }

  private Guest create(DiskSpec... disks) throws VmmException {
    NicSpec nic =
        new NicSpec(
            "nic0",
            0x525400000001L,
            1500,
            List.of(new Attachment.UnixStream(home.resolve("nic"), true)));
    Guest guest =
        vmm.create(
            new GuestSpec(
                "one",
                "riscv64",
                16 << 20,
                1,
                new BootSource.Firmware(firmware),
                List.of(disks),
                List.of(nic),
                Map.of("accel", "tcg")),
            event -> {});
    guest.console().attach(bytes -> said.add(StandardCharsets.US_ASCII.decode(bytes).toString()));
    return guest;
  }

  private DiskSpec qcow2(String name) throws IOException {
    return new DiskSpec(Qcow2.write(home.resolve(name)), DiskSpec.QCOW2, false);
  }

  private DiskSpec raw(boolean readOnly) throws IOException {
    Path file = Files.write(home.resolve("raw"), new byte[1 << 20]);
    return new DiskSpec(file, DiskSpec.RAW, readOnly);
  }

  private String next(Guest guest) throws InterruptedException {
    guest.console().write(ByteBuffer.wrap(new byte[] {'x'}));
    return String.valueOf(said.poll(60, TimeUnit.SECONDS));
  }

  private static List<String> names(Guest guest) throws VmmException {
    return guest.snapshots().stream().map(Snapshot::name).toList();
  }

  @Test
  void aGuestGoesBackToWhatItsMemoryWasWhetherItIsOnOrOff() throws Exception {
    DiskSpec cd =
        new DiskSpec(Files.write(home.resolve("seed.iso"), new byte[1 << 20]), DiskSpec.ISO, true);
    DiskSpec[] disks = {raw(true), qcow2("a,b.qcow2"), cd, qcow2("c.qcow2")};
    Guest guest = create(disks);
    assertThat(guest.snapshots()).isEmpty();
    guest.start();
    assertThat(next(guest)).isEqualTo("a");
    guest.saveSnapshot("one");
    Snapshot one = guest.snapshots().getFirst();
    assertThat(one.name()).isEqualTo("one");
    assertThat(Duration.between(one.taken(), Instant.now()).abs()).isLessThan(Duration.ofHours(1));
    assertThat(one.bytes()).isPositive();
    assertThat(next(guest)).isEqualTo("b");
    guest.loadSnapshot("one");
    assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
    assertThat(next(guest)).isEqualTo("b");
    assertThat(next(guest)).isEqualTo("c");

    guest.pause();
    guest.saveSnapshot("two.2");
    guest.loadSnapshot("two.2");
    assertThat(guest.state()).isEqualTo(GuestState.PAUSED);
    guest.resume();
    assertThat(next(guest)).isEqualTo("d");
    assertThat(names(guest)).containsExactly("one", "two.2");

    assertThatThrownBy(() -> guest.saveSnapshot("one")).hasMessageContaining("already");
    assertThatThrownBy(() -> guest.saveSnapshot("a b")).hasMessageContaining("is no name");
    assertThatThrownBy(() -> guest.loadSnapshot("three")).hasMessageContaining("no snapshot");
    assertThatThrownBy(() -> guest.removeSnapshot("three")).hasMessageContaining("no snapshot");
    guest.removeSnapshot("one");
    assertThat(next(guest)).isEqualTo("e");

    // A later daemon finds the guest, or starts it.
    guest.release();
    Guest found = create(disks);
    assertThat(found.state()).isEqualTo(GuestState.RUNNING);
    found.loadSnapshot("two.2");
    found.kill();
    assertThat(names(found)).containsExactly("two.2");
    assertThatThrownBy(() -> found.saveSnapshot("off")).isInstanceOf(IllegalStateException.class);
    found.start();
    assertThat(next(found)).isEqualTo("a");
    found.kill();
    found.loadSnapshot("two.2");
    assertThat(found.state()).isEqualTo(GuestState.RUNNING);
    assertThat(next(found)).isEqualTo("d");

    found.kill();
    found.removeSnapshot("two.2");
    assertThat(names(found)).isEmpty();
    assertThat(found.state()).isEqualTo(GuestState.STOPPED);
    assertThatThrownBy(() -> found.removeSnapshot("two.2")).hasMessageContaining("no snapshot");
    found.start();
    assertThat(next(found)).isEqualTo("a");
  }

  @Test
  void aDaemonThatWasKilledWhileItRemovedASnapshotLeavesNoQemuAtTheGuestsDisks() throws Exception {
    DiskSpec disk = qcow2("a.qcow2");
    Guest guest = create(disk);
    guest.start();
    guest.saveSnapshot("one");
    guest.kill();
    QemuProcess left = ((QemuGuest) guest).maintain().process();
    vmm = provider().open(new VmmContext(home, home));
    assertThat(left.isOver()).isTrue();
    Guest found = create(disk);
    assertThat(found.state()).isEqualTo(GuestState.CREATED);
    found.removeSnapshot("one");
    assertThat(names(found)).isEmpty();
    assertThat(new GuestFiles(home.resolve("one")).maintenance()).doesNotExist();
    found.start();
    assertThat(found.state()).isEqualTo(GuestState.RUNNING);
  }

  @Test
  void aGuestWhoseDisksCannotKeepASnapshotSaysWhichAndGoesOn() throws Exception {
    Guest none = create();
    none.start();
    assertThat(none.snapshots()).isEmpty();
    assertThatThrownBy(() -> none.saveSnapshot("x"))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("qcow2 image that the guest can write");
    none.close();
    Guest mixed = create(qcow2("a.qcow2"), raw(false));
    mixed.start();
    assertThatThrownBy(() -> mixed.saveSnapshot("x"))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("raw is raw, which keeps none");
    assertThat(next(mixed)).isEqualTo("a");
    mixed.close();
    Guest plugged = create(qcow2("b.qcow2"));
    plugged.start();
    plugged.addDisk(qcow2("d.qcow2"));
    assertThatThrownBy(() -> plugged.saveSnapshot("x")).hasMessageContaining("restart it first");
    assertThat(next(plugged)).isEqualTo("a");
  }
}
