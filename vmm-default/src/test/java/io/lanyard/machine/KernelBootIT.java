package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stock Debian kernel in the whole machine. Needs Debian's tools and its mirror. */
@Timeout(240)
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
    DebianKernel debian = DebianKernel.fetch();
    guest =
        vmm.create(
            new GuestSpec(
                "debian",
                512 << 20,
                1,
                new BootSource.Kernel(
                    debian.kernel(), debian.initrd(), "console=ttyS0 cryptomgr.notests"),
                List.of(),
                List.of(new NicSpec("eth0", 0x525400000001L, 1500)),
                options),
            events::add);
    guest.console().attach(bytes -> screen.append(StandardCharsets.ISO_8859_1.decode(bytes)));
    guest.start();
    awaitShell();
  }

  @AfterEach
  void closeVmm() {
    vmm.close();
  }

  @Test
  void stockKernelUsesItsDevicesAndPowersOffBySbi() throws Exception {
    startGuest(Map.of());
    try (PingPeer peer = new PingPeer(guest.nics().getFirst())) {
      guest.nics().getFirst().connect(peer);
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

      guest.pause();
      long still = guest.statistics().instructions();
      assertThat(guest.statistics().instructions()).isEqualTo(still);
      guest.resume();
      assertThat(run("echo a$((40 + 2))")).contains("a42");

      type("poweroff -f\n");
      await(() -> guest.state() == GuestState.STOPPED);
      assertThat(screen).contains("reboot: Power down");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "aia, PCI-MSIX-\\S+ +1 +Edge +virtio0-input.0, APLIC-MSI-\\S+ +10 +Level .*ttyS0",
    "plic, SiFive PLIC +33 +Edge +virtio0, SiFive PLIC +10 +Edge +ttyS0"
  })
  void devicesInterruptByMessagesOrByWiresAsTheGuestIsMade(
      String control, String receive, String serial) throws Exception {
    startGuest(Map.of("interrupts", control));
    try (PingPeer peer = new PingPeer(guest.nics().getFirst())) {
      guest.nics().getFirst().connect(peer);
      run("ip addr add 192.168.127.9/24 dev eth0; ip link set eth0 up");
      assertThat(run("ping -c 3 192.168.127.2")).contains("3 packets received");
      String table = run("cat /proc/interrupts");
      // Number, count that is not zero, controller: the queue's own vector, or the card's wire.
      assertThat(table).containsPattern("\\d+: +[1-9]\\d* +" + receive);
      assertThat(table).containsPattern("\\d+: +[1-9]\\d* +" + serial);
    }
  }

  @Test
  void powerButtonIsHeardAndRebootStartsAgain() throws Exception {
    startGuest(Map.of());
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
  }

  /** Again and again: nobody listens until the command that was typed runs. */
  private void pressButton() {
    try {
      guest.requestStop();
    } catch (IllegalStateException e) {
      assertThat(guest.state()).isEqualTo(GuestState.STOPPED);
    }
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
    long end = System.nanoTime() + 180_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("patience; the console shows %s", screen).isLessThan(end);
      assertThat(guest.state()).isNotEqualTo(GuestState.FAILED);
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
