package io.lanyard.daemon.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.Directories;
import io.lanyard.config.Document;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.dhcp.ClientId;
import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseJournal;
import io.lanyard.dhcp.LeaseStore;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The daemon's view of a guest as it goes through its life. */
@Timeout(240)
final class GuestLifeTest {
  private static final long MAC = 0x52_54_00_00_00_07L;

  @TempDir Path home;

  private Daemon open(String guests) throws Exception {
    Daemon daemon = openWithoutGuests(guests);
    daemon.startGuests();
    return daemon;
  }

  private Daemon openWithoutGuests(String guests) throws Exception {
    var configuration =
        Document.of(
            "test",
            "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.9.8.0/24}}}\nguests:\n"
                + guests,
            home);
    Directories directories = InProcessDaemon.directories(home);
    return Daemon.open(
        Daemon.Settings.of(configuration, directories),
        new PluginExecutor.Timeouts(5000, 5000, 5000));
  }

  private static GuestHandle guest(Daemon daemon) {
    return Objects.requireNonNull(daemon.guest("g"));
  }

  private static String port(Daemon daemon) {
    return Objects.requireNonNull(daemon.network("a")).report().ports().stream()
        .filter(port -> port.name().equals("g.nic0"))
        .findFirst()
        .orElseThrow()
        .state();
  }

  private void keepLease(String address) throws Exception {
    Files.createDirectories(home.resolve("s"));
    try (LeaseStore store = LeaseStore.open(home.resolve("s/leases.db"), Clock.system())) {
      CountDownLatch stored = new CountDownLatch(1);
      store
          .network("a", Runnable::run)
          .write(
              new Lease(
                  Address.parse(address),
                  ClientId.ofMac(MAC),
                  MAC,
                  "",
                  null,
                  0,
                  Lease.NEVER,
                  Lease.State.BOUND),
              new LeaseJournal.Completion() {
                @Override
                public void durable() {
                  stored.countDown();
                }

                @Override
                public void failed(Throwable cause) {
                  throw new IllegalStateException(cause);
                }
              });
      assertThat(stored.await(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aGuestThatIsOffHasNeitherCarrierNorAddress() throws Exception {
    keepLease("10.9.8.200");
    try (Daemon daemon =
        open(
            "  g: {vmm: echo, memory: 64M, program: /bin/true, autostart: false, "
                + "nics: [{network: a, mac: '52:54:00:00:00:07'}]}\n")) {
      assertThat(port(daemon)).isEqualTo("no-carrier");
      assertThat(address(daemon)).isEmpty();
      guest(daemon).act(GuestHandle.Action.START);
      Await.until(() -> port(daemon).equals("up"));
      assertThat(address(daemon)).isEqualTo("10.9.8.200");
      guest(daemon).act(GuestHandle.Action.PAUSE);
      assertThat(port(daemon)).isEqualTo("up");
      assertThat(address(daemon)).isEqualTo("10.9.8.200");
      guest(daemon).act(GuestHandle.Action.KILL);
      Await.until(() -> port(daemon).equals("no-carrier"));
      assertThat(address(daemon)).isEmpty();
    }
  }

  @Test
  void whatAVmmNotesOfAGuestIsShownAsAProblemUntilItIsTakenBack() throws Exception {
    LogWatch.expect("event=guest-noted guest=\"g\" note=\"the kernel panicked\"");
    try (Daemon daemon =
        open(
            "  g: {vmm: echo, memory: 64M, program: /bin/true, "
                + "options: {note: the kernel panicked}}\n")) {
      assertThat(guest(daemon).info().state()).isEqualTo("running");
      assertThat(guest(daemon).info().reason()).isEqualTo("the kernel panicked");
      assertThat(daemon.status().problems()).containsExactly("guest g: the kernel panicked");
      guest(daemon).act(GuestHandle.Action.RESET);
      assertThat(guest(daemon).info().reason()).isEqualTo("started");
      assertThat(daemon.status().problems()).isEmpty();
    }
  }

  @Test
  void aGuestThatPanicsWithoutEndIsLoggedOnceAndLeavesOtherEventsTheirs() throws Exception {
    LogWatch.expect("event=guest-noted");
    try (Daemon daemon =
        open("  g: {vmm: echo, memory: 64M, program: /bin/true, options: {note: panicked}}\n")) {
      long before = daemon.events().published();
      for (int i = 0; i < 300; i++) {
        guest(daemon).act(GuestHandle.Action.KILL);
        guest(daemon).act(GuestHandle.Action.START);
      }
      assertThat(LogWatch.count("guest-noted")).as("lines").isEqualTo(1);
      assertThat(daemon.events().published() - before).as("events").isLessThan(600);
      assertThat(guest(daemon).info().reason()).isEqualTo("panicked");
    }
  }

  @Test
  void aGuestThatIsOffHasNothingToBeNoted() throws Exception {
    LogWatch.expect("guest-noted");
    try (Daemon daemon =
        open("  g: {vmm: echo, memory: 64M, program: /bin/true, options: {note: x}}\n")) {
      guest(daemon).act(GuestHandle.Action.KILL);
      assertThat(guest(daemon).info().reason()).isEqualTo("killed");
      assertThat(daemon.status().problems()).isEmpty();
    }
  }

  @Test
  void aGuestWhoseTurnHasNotComeYetHasNotFailed() throws Exception {
    try (Daemon daemon = openWithoutGuests("  g: {vmm: echo, memory: 64M, program: /bin/true}\n")) {
      assertThat(guest(daemon).info().state()).isEqualTo("created");
      assertThat(guest(daemon).info().reason()).isEmpty();
      assertThat(daemon.status().problems()).isEmpty();
      daemon.startGuests();
      assertThat(guest(daemon).info().state()).isEqualTo("running");
    }
  }

  @Test
  void aGuestWhoseStartFailedIsFailedAndSaysWhy() throws Exception {
    LogWatch.expect("event=guest-state-changed guest=\"g\"");
    LogWatch.expect("event=guest-not-started");
    try (Daemon daemon =
        open(
            "  g: {vmm: echo, memory: 64M, program: /bin/true, "
                + "options: {fails: the host has no memory}}\n")) {
      assertThat(guest(daemon).info().state()).isEqualTo("failed");
      assertThat(guest(daemon).info().reason()).isEqualTo("the host has no memory");
      assertThat(daemon.status().problems()).containsExactly("guest g: the host has no memory");
    }
  }

  @Test
  void aGuestThatCannotBeMadeNamesTheKeyAsTheFileHasIt() throws Exception {
    LogWatch.expect("event=guest-not-started guest=\"g\" cause=\"options.colour: this VMM");
    try (Daemon daemon =
        open("  g: {vmm: echo, memory: 64M, program: /bin/true, options: {colour: red}}\n")) {
      assertThat(guest(daemon).info().reason())
          .isEqualTo("options.colour: this VMM is grey, not red");
      assertThat(daemon.status().problems())
          .containsExactly("guest g: options.colour: this VMM is grey, not red");
    }
  }

  private static String address(Daemon daemon) {
    GuestInfo info = guest(daemon).info();
    return info.nics().getFirst().address();
  }
}
