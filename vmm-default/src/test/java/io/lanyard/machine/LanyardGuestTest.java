package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.machine.device.InterruptControl;
import io.lanyard.machine.device.TestFinisher;
import io.lanyard.machine.disk.Disk;
import io.lanyard.machine.hart.CodeBudget;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.Pauses;
import io.lanyard.testing.ProcessorTime;
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
import io.lanyard.vmm.VmmStatistics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanyardGuestTest {
  private static final NicSpec NIC =
      new NicSpec("eth0", 0x525400000001L, 1500, List.of(new Attachment.InProcess()));
  @TempDir Path directory;
  private Vmm vmm;
  private final List<GuestEvent> events = new CopyOnWriteArrayList<>();

  @BeforeEach
  void open() throws VmmException {
    vmm = new LanyardVmmProvider().open(new VmmContext(directory, directory));
  }

  @AfterEach
  void close() {
    vmm.close();
  }

  private GuestSpec spec(
      TestProgram program, int harts, Map<String, String> options, NicSpec... nics) {
    return new GuestSpec(
        "one",
        "riscv64",
        16 << 20,
        harts,
        new BootSource.Program(program.write(directory)),
        List.of(),
        List.of(nics),
        options);
  }

  private Guest start(TestProgram program) throws VmmException {
    Guest guest = vmm.create(spec(program, 1, Map.of()), events::add);
    guest.start();
    return guest;
  }

  @Test
  void finisherPowersOff() throws VmmException {
    Guest guest = start(TestProgram.finishing(TestFinisher.PASS));
    Await.until(() -> guest.state() == GuestState.STOPPED);
    Await.until(() -> events.size() == 2);
    assertThat(events.get(1))
        .isEqualTo(
            new GuestEvent.StateChanged(
                "one", GuestState.RUNNING, GuestState.STOPPED, "powered off"));
    // The daemon logs the events.
    assertThat(LogWatch.count("event=guest-state")).isZero();
  }

  @Test
  void finisherResetsAgainAndAgain() throws VmmException {
    Guest guest = start(TestProgram.finishing(TestFinisher.RESET));
    Await.until(() -> events.stream().filter(GuestEvent.Rebooted.class::isInstance).count() >= 5);
    assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
  }

  @Test
  void programThatJumpsNowhereHarmsOnlyItself() throws VmmException {
    Guest guest = start(TestProgram.lost());
    long before = guest.statistics().processorNanos();
    Await.until(() -> guest.statistics().processorNanos() > before);
    guest.kill();
    assertThat(guest.state()).isEqualTo(GuestState.STOPPED);
  }

  @Test
  void guestsThatExecuteAllTheirMemoryLeaveMostOfTheHeap() throws Exception {
    long before = heap();
    List<Guest> guests = new java.util.ArrayList<>();
    for (int i = 0; i < 3; i++) {
      GuestSpec one = spec(TestProgram.hoarding(), 1, Map.of());
      Guest guest =
          vmm.create(
              new GuestSpec(
                  "hoard" + i,
                  "riscv64",
                  one.memory(),
                  1,
                  one.boot(),
                  one.disks(),
                  one.nics(),
                  one.options()),
              events::add);
      guest.start();
      guests.add(guest);
    }
    // 3.3 million stores, then each page once or twice.
    Await.until(
        () -> guests.stream().allMatch(guest -> guest.statistics().instructions() > 22_000_000));
    assertThat(guests).allMatch(guest -> guest.statistics().overhead() > 0);
    VmmStatistics all = vmm.statistics();
    assertThat(all.memory()).isBetween(1L, 2 * all.memoryLimit());
    assertThat(all.memoryLimit()).isEqualTo(Runtime.getRuntime().maxMemory() / 8);
    // The harts go on and leave garbage while it is read: what lives is what a quiet moment shows.
    Await.until(() -> heap() - before < Runtime.getRuntime().maxMemory() / 8 + (16 << 20));
    guests.forEach(Guest::kill);
    assertThat(guests).allMatch(guest -> guest.statistics().overhead() == 0);
    Await.until(() -> vmm.statistics().memory() == 0);
    Await.until(() -> heap() - before < 16 << 20);
  }

  /**
   * The live heap: the least of some readings, as guests that run leave garbage between two steps.
   */
  private static long heap() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      long used = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
      least = Math.min(least, used);
    }
    return least;
  }

  @Test
  void waitingGuestUsesLessThanTwoPercentOfACore() throws Exception {
    Guest guest = start(TestProgram.waiting());
    // Until the JVM has compiled what it will: then it holds for every second.
    Await.until(() -> share(guest) < 0.02);
  }

  private static double share(Guest guest) {
    long cpu = guest.statistics().processorNanos();
    long wall = System.nanoTime();
    LockSupport.parkNanos(1_000_000_000L);
    return (double) (guest.statistics().processorNanos() - cpu) / (System.nanoTime() - wall);
  }

  private long reboots() {
    return events.stream().filter(GuestEvent.Rebooted.class::isInstance).count();
  }

  private String note() {
    return events.stream()
        .filter(GuestEvent.Noted.class::isInstance)
        .map(event -> ((GuestEvent.Noted) event).note())
        .reduce("", (before, last) -> last);
  }

  @Test
  void aGuestThatResetsItselfAgainAndAgainWaitsLongerEachTime() throws Exception {
    long began = System.nanoTime();
    Guest guest = start(TestProgram.finishing(TestFinisher.RESET));
    Await.until(() -> reboots() >= 5); // after 0, 0.1, 0.2, 0.4 and 0.8 s
    assertThat(System.nanoTime() - began).isGreaterThan(1_400_000_000L);
    Await.until(() -> note().contains("restarted itself"));
    assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
    assertThat(LogWatch.lines()).isLessThan(10);
    guest.kill(); // while it waits, or in the moment that it runs
    assertThat(guest.state()).isEqualTo(GuestState.STOPPED);
    Await.until(() -> note().isEmpty());
    guest.start();
    Await.until(() -> reboots() >= 6);
  }

  @Test
  void aGuestThatWaitsToRestartCanBePausedAndGoesOnAfterwards() throws Exception {
    Guest guest = start(TestProgram.finishing(TestFinisher.RESET));
    Await.until(() -> reboots() >= 3);
    guest.pause();
    assertThat(guest.state()).isEqualTo(GuestState.PAUSED);
    long before = reboots();
    guest.resume();
    Await.until(() -> reboots() > before);
    guest.reset();
    assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
  }

  @Test
  void aKernelPanicIsNotedUntilTheGuestIsReset() throws Exception {
    Guest guest = start(TestProgram.printing("Kernel panic - not syncing: No init found.\r\n"));
    Await.until(() -> note().equals("its console says that the kernel panicked: No init found."));
    assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
    int told = events.size();
    guest.reset();
    Await.until(() ->
        events.stream().skip(told).toList().contains(new GuestEvent.Noted("one", ""))
            && note().contains("No init found")); // it panics again
    guest.kill();
    Await.until(() -> note().isEmpty());
  }

  @Test
  void tooLittleMemoryForAKernelLikeDebiansIsNotedAtTheStart() throws Exception {
    var header = java.nio.ByteBuffer.allocate(4096).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    header.putLong(0x08, 2 << 20).putLong(0x10, 31_899_648); // offset and size as Debian 13's
    header.putLong(0x30, 0x56_4353_4952L).putInt(0x38, 0x0543_5352);
    Path kernel = Files.write(directory.resolve("kernel"), header.array());
    Path initrd = Files.write(directory.resolve("initrd"), new byte[1_662_196]);
    GuestSpec any = spec(TestProgram.waiting(), 1, Map.of());
    for (int mebibytes : List.of(80, 96)) {
      int told = events.size();
      Guest guest =
          vmm.create(
              new GuestSpec(
                  "m" + mebibytes,
                  "riscv64",
                  (long) mebibytes << 20,
                  1,
                  new BootSource.Kernel(kernel, initrd, ""),
                  any.disks(),
                  any.nics(),
                  any.options()),
              events::add);
      guest.start();
      if (mebibytes < 96) {
        Await.until(() -> note().contains("memory of 80M may be too little"));
      }
      guest.kill();
      Await.until(() -> events.size() >= told + 2 && note().isEmpty());
      boolean noted =
          events.stream().skip(told).anyMatch(event -> event instanceof GuestEvent.Noted);
      assertThat(noted).isEqualTo(mebibytes < 96);
    }
  }

  /** A VMM on a host with so much memory. */
  private Vmm vmmOnHost(long total, long available) throws Exception {
    Path proc = Files.createDirectories(directory.resolve("host/proc"));
    Files.writeString(
        proc.resolve("meminfo"),
        "MemTotal: %d kB\nMemFree: 1 kB\nMemAvailable: %d kB\n"
            .formatted(total >> 10, available >> 10));
    return new LanyardVmm(new CodeBudget(8 << 20), new HostCapacity(directory.resolve("host")));
  }

  @Test
  void aGuestThatTheHostHasNoMemoryForFailsWithTheReason() throws Exception {
    try (Vmm small = vmmOnHost(1L << 30, 260 << 20)) {
      Guest guest = small.create(spec(TestProgram.waiting(), 1, Map.of()), events::add);
      assertThatThrownBy(guest::start)
          .isInstanceOf(VmmException.class)
          .hasMessageContaining(
              "memory of 16M does not fit: 260M of the host's 1G is available, and 256M of that is"
                  + " kept")
          .hasMessageContaining("give it less, stop another guest");
      assertThat(guest.state()).isEqualTo(GuestState.FAILED);
      Await.until(() -> events.size() == 1);
      assertThat(events.getFirst())
          .isInstanceOfSatisfying(
              GuestEvent.StateChanged.class,
              change -> {
                assertThat(change.to()).isEqualTo(GuestState.FAILED);
                assertThat(change.reason()).contains("could not start", "does not fit");
              });
      vmmOnHost(1L << 30, 300 << 20).close();
      guest.start();
      assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
    }
  }

  @Test
  void guestsThatTogetherDoNotFitAreNotAllStartedUnlessTheyMay() throws Exception {
    try (Vmm small = vmmOnHost((256 << 20) + (24 << 20), 1L << 30)) {
      GuestSpec one = spec(TestProgram.waiting(), 1, Map.of());
      Guest first = small.create(one, events::add);
      first.start();
      Guest second = small.create(named("two", one, Map.of()), events::add);
      assertThatThrownBy(second::start)
          .hasMessageContaining("the host has 280M, of which running guests may use 16M");
      Guest third = small.create(named("three", one, Map.of("overcommit", "allow")), events::add);
      third.start();
      third.kill();
      first.kill();
      second.start();
      assertThat(second.state()).isEqualTo(GuestState.RUNNING);
    }
  }

  private static GuestSpec named(String name, GuestSpec spec, Map<String, String> options) {
    return new GuestSpec(
        name,
        "riscv64",
        spec.memory(),
        spec.harts(),
        spec.boot(),
        spec.disks(),
        spec.nics(),
        options);
  }

  @Test
  void aStartThatThrowsAnythingLeavesTheGuestFailed() throws Exception {
    Disk broken =
        (Disk)
            java.lang.reflect.Proxy.newProxyInstance(
                Disk.class.getClassLoader(),
                new Class<?>[] {Disk.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("size")) {
                    throw new OutOfMemoryError("on purpose");
                  }
                  return null;
                });
    CodeBudget code = new CodeBudget(8 << 20);
    Boot boot = Boot.open(new BootSource.Program(TestProgram.waiting().write(directory)), 16 << 20);
    LanyardGuest guest =
        new LanyardGuest(
            new Equipment(
                "one",
                16 << 20,
                1,
                InterruptControl.PLIC,
                boot,
                new GuestConsole("one", false),
                false,
                List.of(),
                List.of(broken),
                code,
                new HostCapacity(Path.of("/")),
                false),
            events::add,
            gone -> {});
    assertThatThrownBy(guest::start).isInstanceOf(OutOfMemoryError.class);
    assertThat(guest.state()).isEqualTo(GuestState.FAILED);
    assertThat(events.toString()).contains("could not start").contains("on purpose");
    assertThat(code.room()).isEqualTo(32);
    guest.close();
  }

  @Test
  void killOnAnInterruptedThreadGivesEverythingBackAndKeepsTheInterrupt() throws Exception {
    LogWatch.allowWarnings(); // of a hart that does not come to its end on a busy host
    Guest guest = start(TestProgram.chattering());
    Thread.currentThread().interrupt();
    long began = System.nanoTime();
    guest.kill();
    long took = System.nanoTime() - began;
    assertThat(Thread.interrupted()).isTrue();
    assertThat(guest.state()).isEqualTo(GuestState.STOPPED);
    if (LogWatch.count("event=guest-lingers") > 0) {
      assertThat(took).as("the whole wait").isGreaterThan(Machine.PAUSE_TIMEOUT.toNanos());
    }
    Await.until("it has given everything back", () -> starts(guest));
  }

  private static boolean starts(Guest guest) {
    try {
      guest.start();
      return true;
    } catch (VmmException e) {
      return false;
    }
  }

  @Test
  void killAnswersInTwoSecondsAlthoughAHartIsStuckAndAStartWaitsForIt() throws Exception {
    LogWatch.expect("guest-lingers.*a hart has not come to its end");
    CountDownLatch go = new CountDownLatch(1);
    Guest guest = vmm.create(spec(TestProgram.chattering(), 1, Map.of()), events::add);
    CountDownLatch stuck = new CountDownLatch(1);
    guest
        .console()
        .attach(bytes -> {
          stuck.countDown();
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    try (Pauses pauses = new Pauses()) {
      guest.start();
      stuck.await();
      // Until the hart itself waits to pass on what it prints.
      Await.until(() -> {
        long before = guest.statistics().instructions();
        long then = System.nanoTime() + 200_000_000L;
        while (System.nanoTime() < then) {
          // A thread may be let go before its time, by what has woken it in the latch.
          LockSupport.parkNanos(then - System.nanoTime());
        }
        return guest.statistics().instructions() == before;
      });
      ProcessorTime before = ProcessorTime.ofThisThread();
      long began = System.nanoTime();
      guest.kill();
      long took = System.nanoTime() - began;
      long waited = ProcessorTime.ofThisThread().since(before).waited();
      long late = Math.max(waited, pauses.nanosSince(began));
      assertThat(took - late).as("with a processor").isLessThan(2_000_000_000L);
      assertThat(guest.state()).isEqualTo(GuestState.STOPPED);
      assertThatThrownBy(guest::start).hasMessageContaining("start it again later");
    } finally {
      go.countDown(); // the end of the test waits for the listener, too
    }
    Await.until(() -> starts(guest));
  }

  @Test
  void guestsThatPrintWithoutEndLeaveVirtualThreadsTheirs() throws Exception {
    List<Guest> guests = new java.util.ArrayList<>();
    for (int i = 0; i <= Runtime.getRuntime().availableProcessors(); i++) {
      for (boolean serial : List.of(true, false)) {
        TestProgram program = serial ? TestProgram.chattering() : TestProgram.reportingCharacters();
        Guest guest =
            vmm.create(named("p" + i + serial, spec(program, 1, Map.of()), Map.of()), events::add);
        java.util.concurrent.atomic.AtomicLong seen = new java.util.concurrent.atomic.AtomicLong();
        guest.console().attach(bytes -> seen.addAndGet(bytes.remaining()));
        guest.start();
        guests.add(guest);
        Await.until(() -> seen.get() > 1000);
      }
    }
    for (int i = 0; i < 20; i++) {
      CountDownLatch ran = new CountDownLatch(1);
      Thread.ofVirtual().start(ran::countDown);
      assertThat(ran.await(60, TimeUnit.SECONDS)).isTrue();
    }
    guests.forEach(Guest::kill);
  }

  @Test
  void whatTheMachineCannotDoIsRefusedWithWhatItCan() {
    refused(
        spec(TestProgram.waiting(), 2, Map.of()),
        "guest one: harts: this version of the machine has one hart, not 2; write harts: 1");
    refused(
        spec(TestProgram.waiting(), 1, Map.of("colour", "red")),
        "options.colour: the machine has no such option");
    refused(spec(TestProgram.waiting(), 1, Map.of(), NIC, NIC), "given twice");
    refused(
        spec(
            TestProgram.waiting(),
            1,
            Map.of(),
            new NicSpec("eth0", 0x010000000001L, 1500, NIC.offers())),
        "not that of a single NIC");
    refused(
        spec(TestProgram.waiting(), 1, Map.of(), new NicSpec("eth0", 2, 10, NIC.offers())),
        "MTU 10");
  }

  private void refused(GuestSpec spec, String why) {
    assertThatThrownBy(() -> vmm.create(spec, events::add))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining(why);
  }
}
