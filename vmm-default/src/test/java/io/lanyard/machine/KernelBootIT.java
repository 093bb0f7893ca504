package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The stock Debian kernel in the whole machine. Needs Debian's tools and its mirror. */
@Timeout(900)
class KernelBootIT {
  private static final String PROMPT = "guest> ";

  @TempDir Path directory;
  private Vmm vmm;

  @SuppressWarnings("NullAway.Init") // each test starts its own
  private Guest guest;

  @SuppressWarnings("JdkObsolete") // written by the console's thread, read by the test's
  private final StringBuffer screen = new StringBuffer();

  private final List<GuestEvent> events = new CopyOnWriteArrayList<>();

  @BeforeEach
  void openVmm() throws Exception {
    vmm = new LanyardVmmProvider().open(new VmmContext(directory, directory));
  }

  private void startGuest(Map<String, String> options) throws Exception {
    startGuest(DebianKernel.fetch(), List.of(), options);
  }

  private void startGuest(DebianKernel debian, List<DiskSpec> disks, Map<String, String> options)
      throws Exception {
    guest =
        vmm.create(
            new GuestSpec(
                "debian",
                "riscv64",
                512 << 20,
                1,
                new BootSource.Kernel(
                    debian.kernel(), debian.initrd(), "console=ttyS0 quiet cryptomgr.notests"),
                disks,
                List.of(
                    new NicSpec(
                        "eth0", 0x525400000001L, 1500, List.of(new Attachment.InProcess()))),
                options),
            events::add);
    guest.console().attach(bytes -> screen.append(StandardCharsets.ISO_8859_1.decode(bytes)));
    if (options.containsValue("virtio")) {
      guest.console().resize(132, 50); // told when the driver comes
    }
    guest.start();
    awaitShell();
  }

  @AfterEach
  void closeVmm() {
    vmm.close();
  }

  @Test
  void stockKernelUsesItsDevicesRebootsHearsThePowerButtonAndPowersOffBySbi() throws Exception {
    startGuest(Map.of());
    try (PingPeer peer = new PingPeer((InProcessNic) guest.nics().getFirst())) {
      ((InProcessNic) guest.nics().getFirst()).connect(peer);
      assertThat(run("cat /proc/cpuinfo"))
          .contains("rv64imafdc")
          .contains("zicboz")
          .contains("sstc");
      assertThat(run("dd if=/dev/hwrng bs=64 count=1 | sha256sum")).contains("  -");
      run("ip addr add 192.168.127.9/24 dev eth0; ip link set eth0 up");
      assertThat(run("ping -c 3 192.168.127.2")).contains("3 packets received");
      // Longer than a receive buffer of the driver's, so several are merged.
      assertThat(run("ip link set eth0 mtu 1500; ping -c 2 -s 1400 192.168.127.2"))
          .contains("2 packets received");
      assertThat(guest.nics().getFirst().statistics().receivedFrames()).isGreaterThanOrEqualTo(5);
      interrupted("PCI-MSIX-\\S+ +1 +Edge +virtio0-input.0", "APLIC-MSI-\\S+ +10 +Level .*ttyS0");

      guest.pause();
      long still = guest.statistics().instructions();
      assertThat(guest.statistics().instructions()).isEqualTo(still);
      guest.resume();
      assertThat(run("echo a$((40 + 2))")).contains("a42");

      type("reboot -f\n");
      await(() -> events.contains(new GuestEvent.Rebooted("debian")));
      screen.setLength(0);
      awaitShell();
      // Types 1 and code 116: the first two fields after the time of an input_event.
      type("dd if=/dev/input/event0 bs=24 count=1 of=/dev/null && poweroff -f\n");
      await(() -> {
        pressButton();
        return guest.state() == GuestState.STOPPED;
      });
      assertThat(screen).contains("reboot: Power down");
    }
  }

  /** Again and again: nobody listens until the command that was typed runs. */
  private void pressButton() {
    try {
      guest.requestStop();
    } catch (IllegalStateException e) {
      assertThat(guest.state()).isEqualTo(GuestState.STOPPED);
    }
  }

  @Test
  void devicesInterruptByWiresWhereTheGuestIsMadeSo() throws Exception {
    startGuest(Map.of("interrupts", "plic"));
    try (PingPeer peer = new PingPeer((InProcessNic) guest.nics().getFirst())) {
      ((InProcessNic) guest.nics().getFirst()).connect(peer);
      run("ip addr add 192.168.127.9/24 dev eth0; ip link set eth0 up");
      assertThat(run("ping -c 3 192.168.127.2")).contains("3 packets received");
      interrupted("SiFive PLIC +33 +Edge +virtio0", "SiFive PLIC +10 +Edge +ttyS0");
    }
  }

  /** Number, count that is not zero, controller: the queue's own vector, or the function's wire. */
  private void interrupted(String receive, String serial) {
    String table = run("cat /proc/interrupts");
    assertThat(table).containsPattern("\\d+: +[1-9]\\d* +" + receive);
    assertThat(table).containsPattern("\\d+: +[1-9]\\d* +" + serial);
  }

  @Test
  void disksAreReadWrittenAndMountedAndAVirtioConsoleHasTheTerminalsSize() throws Exception {
    Path raw = directory.resolve("raw.img");
    byte[] content = new byte[8 << 20];
    new Random(3).nextBytes(content);
    Files.write(raw, content);
    Path files = Files.createDirectory(directory.resolve("files"));
    Files.writeString(files.resolve("greeting"), "hello from the host\n");
    Path ext4 = directory.resolve("ext4.img");
    tool("mkfs.ext4", "-q", "-d", files.toString(), ext4.toString(), "16M");

    startGuest(
        DebianKernel.withDisks(),
        List.of(
            new DiskSpec(raw, DiskSpec.RAW, false),
            new DiskSpec(ext4, DiskSpec.RAW, false),
            new DiskSpec(raw, DiskSpec.RAW, true)),
        Map.of("console", "virtio"));
    await(() -> run("stty size").contains("50 132\r"));
    guest.console().resize(101, 33);
    await(() -> run("stty size").contains("33 101\r"));

    run("mount -t sysfs sys /sys; busybox mkdir /mnt");
    String modules = "crc16 mbcache jbd2 crc32c_generic ext4 virtio_blk";
    assertThat(run("for m in " + modules + "; do insmod /modules/$m.ko || echo no $m; done"))
        .doesNotContain("\r\nno ");
    assertThat(run("cat /sys/block/vda/size /sys/block/vda/serial /sys/block/vdc/ro"))
        .contains("16384\r", "disk0", "1\r");
    String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    assertThat(run("dd if=/dev/vda bs=64k | sha256sum")).contains(sum);
    run("echo written by the guest | dd of=/dev/vda bs=512 seek=9 conv=fsync,notrunc");
    assertThat(new String(Files.readAllBytes(raw), 9 * 512, 20, StandardCharsets.US_ASCII))
        .isEqualTo("written by the guest");
    assertThat(run("echo x | dd of=/dev/vdc bs=512; echo status=$?")).doesNotContain("status=0");

    run("mount -t ext4 /dev/vdb /mnt");
    assertThat(run("cat /mnt/greeting")).contains("hello from the host");
    run("dd if=/dev/vda of=/mnt/copy bs=64k; echo and back > /mnt/answer; busybox umount /mnt");
    assertThat(run("cat /proc/interrupts"))
        .containsPattern("[1-9]\\d* +PCI-MSIX\\S+ +1 +Edge +virtio1-req");
    guest.kill();
    tool("e2fsck", "-fn", ext4.toString());
    assertThat(tool("debugfs", "-R", "cat /answer", ext4.toString())).contains("and back");
    Path copy = directory.resolve("copy");
    tool("debugfs", "-R", "dump /copy " + copy, ext4.toString());
    assertThat(copy).hasSameBinaryContentAs(raw);
  }

  private String tool(String... command) throws Exception {
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    String text = Files.readString(output);
    assertThat(process.exitValue()).as("%s: %s", List.of(command), text).isZero();
    return text;
  }

  private void awaitShell() {
    await(() -> screen.indexOf(PROMPT) >= 0);
  }

  private String run(String command) {
    screen.setLength(0);
    type(command + "; echo do''ne\n");
    await(() -> screen.indexOf("done\r") >= 0);
    return screen.toString();
  }

  private void type(String text) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    await(() -> {
      guest.console().write(bytes);
      return !bytes.hasRemaining();
    });
  }

  private void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(6);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("timeout; the console shows %s", screen).isLessThan(end);
      assertThat(guest.state()).isNotEqualTo(GuestState.FAILED);
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
