package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real QEMU whose guest has no operating system, and so lets go of nothing; a reset takes from it
 * what it was asked for. Needs qemu-system-x86_64 and its ROMs.
 */
@Timeout(240)
final class LateRemovalIT {
  @TempDir Path home;

  private NicSpec nic(int index) {
    return new NicSpec(
        "nic" + index,
        0x525400000010L + index,
        1500,
        List.of(new Attachment.UnixStream(home.resolve("nic" + index), true)));
  }

  @Test
  void aGuestKeepsWhatItDoesNotLetGoOfAndIsToldToLackItOnceItDoes() throws Exception {
    QemuVmmProvider provider =
        new QemuVmmProvider(new QemuBinaries(List.of(Path.of("/usr/bin")), "x86_64"));
    BlockingQueue<String> notes = new LinkedBlockingQueue<>();
    try (Vmm vmm = provider.open(new VmmContext(home, home))) {
      Guest guest =
          vmm.create(
              new GuestSpec(
                  "late",
                  "x86_64",
                  64 << 20,
                  1,
                  new BootSource.Nothing(),
                  List.of(),
                  List.of(nic(0), nic(1)),
                  Map.of("accel", "tcg")),
              event -> {
                if (event instanceof GuestEvent.Noted noted) {
                  notes.add(noted.note());
                }
              });
      guest.start();
      assertThat(guest.removableNics()).isEqualTo(2);

      assertThatThrownBy(guest::removeNic)
          .isInstanceOf(VmmException.class)
          .hasMessageContaining("has not let go of nic1 within 8000 ms");
      assertThat(guest.nics()).hasSize(2);
      assertThat(guest.removableNics()).isEqualTo(2);
      assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
      assertThat(notes).isEmpty();

      guest.reset();
      assertThat(notes.poll(60, TimeUnit.SECONDS)).contains("has let go of nic1", "without it");
      assertThat(guest.nics()).hasSize(2);
      assertThat(guest.removableNics()).isEqualTo(2);

      guest.removeNic();
      assertThat(notes.poll(60, TimeUnit.SECONDS)).isEmpty();
      assertThat(guest.nics()).hasSize(1);
      assertThat(guest.addNic(nic(1)).name()).isEqualTo("nic1");
      assertThat(guest.nics()).hasSize(2);
    }
  }
}
