package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.Pauses;
import io.lanyard.testing.ProcessorTime;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Guests of random instructions, one after another: no hart and no device fails, they are powered
 * off within two seconds, and a guest beside them answers all the time.
 *
 * <p>More by {@code -Dhostile.programs=N}, others by {@code -Dhostile.first=N}, and for longer by
 * {@code -Dhostile.instructions=N}.
 */
class HostileProgramsTest {
  private static final long MEMORY = 16 << 20;
  private static final int PROGRAMS = Integer.getInteger("hostile.programs", 6);
  private static final long INSTRUCTIONS = Long.getLong("hostile.instructions", 2_000_000);
  private static final long LONGEST_NANOS = 2_000_000_000L;

  @TempDir Path directory;
  private final List<GuestEvent> events = new CopyOnWriteArrayList<>();

  private GuestSpec spec(String name, Path program, List<DiskSpec> disks, String interrupts) {
    NicSpec nic = new NicSpec("eth0", 0x525400000001L, 1500, List.of(new Attachment.InProcess()));
    return new GuestSpec(
        name,
        "riscv64",
        MEMORY,
        1,
        new BootSource.Program(program),
        disks,
        List.of(nic),
        Map.of("interrupts", interrupts));
  }

  @Test
  void noProgramHarmsMoreThanItsGuest() throws Exception {
    LogWatch.allowWarnings(); // of a hart that has had no processor for a second
    long executed = 0;
    int ends = 0;
    long longest = 0;
    long busiest = 0;
    int slow = 0;
    try (Vmm vmm = new LanyardVmmProvider().open(new VmmContext(directory, directory));
        Pauses pauses = new Pauses()) {
      AtomicLong answers = new AtomicLong();
      Guest honest = honest(vmm, answers);
      long first = Long.getLong("hostile.first", 1);
      for (long seed = first; seed < first + PROGRAMS; seed++) {
        SplittableRandom random = new SplittableRandom(seed);
        Path program = directory.resolve("hostile" + seed);
        Path disk = Files.write(directory.resolve("disk" + seed), new byte[64 << 10]);
        Files.write(program, HostileProgram.elf(random, MEMORY));
        Guest guest =
            vmm.create(
                spec(
                    "hostile",
                    program,
                    List.of(new DiskSpec(disk, DiskSpec.RAW, false)),
                    seed % 2 == 0 ? "aia" : "plic"),
                events::add);
        AtomicLong printed = new AtomicLong();
        guest.console().attach(bytes -> printed.addAndGet(bytes.remaining()));
        guest.start();
        long until = System.nanoTime() + LONGEST_NANOS;
        Await.until(() ->
            guest.statistics().instructions() > INSTRUCTIONS
                || guest.state() != GuestState.RUNNING
                || System.nanoTime() - until > 0);
        long before = answers.get();
        honest.console().write(ByteBuffer.wrap(new byte[] {'x'}));
        Await.until("the guest beside it answers", () -> answers.get() > before);
        executed += guest.statistics().instructions();
        long busy = guest.statistics().processorNanos();
        long took = end(guest, pauses);
        longest = Math.max(longest, took);
        slow += took < LONGEST_NANOS ? 0 : 1;
        busiest = Math.max(busiest, guest.statistics().processorNanos() - busy);
        ends += guest.state() == GuestState.STOPPED ? 1 : 0;
        guest.close();
        Files.delete(program);
        Files.delete(disk);
      }
    }
    if (Integer.getInteger("hostile.programs") != null) {
      System.out.printf(
          "%d programs, %d instructions, longest end %d ms, of it %d ms of a hart, %d events, %d"
              + " lines, %d lingered%n",
          PROGRAMS,
          executed,
          longest / 1_000_000,
          busiest / 1_000_000,
          events.size(),
          LogWatch.lines(),
          LogWatch.count("guest-lingers"));
    }
    assertThat(ends).isEqualTo(PROGRAMS);
    // A host may stop a single thread for seconds, but not always the one that waits here.
    assertThat(slow).as("ends in more than two seconds").isLessThanOrEqualTo(PROGRAMS / 3);
    assertThat(busiest).as("a hart's time from kill to end").isLessThan(LONGEST_NANOS / 2);
    assertThat(events).noneMatch(HostileProgramsTest::isFailure);
    assertThat(LogWatch.count("event=device-failed")).isZero();
    assertThat(LogWatch.count("event=hart-failed")).isZero();
  }

  private static boolean isFailure(GuestEvent event) {
    return event instanceof GuestEvent.StateChanged change && change.to() == GuestState.FAILED;
  }

  private Guest honest(Vmm vmm, AtomicLong answers) throws VmmException {
    Guest guest =
        vmm.create(
            spec("honest", TestProgram.echoing().write(directory), List.of(), "plic"), event -> {});
    guest.console().attach(bytes -> answers.addAndGet(bytes.remaining()));
    guest.start();
    Await.until(() -> answers.get() >= "ready\n".length());
    return guest;
  }

  /**
   * Powers a guest off, unless it did so itself; gives the time that this took with a processor.
   */
  private static long end(Guest guest, Pauses pauses) throws IOException {
    ProcessorTime before = ProcessorTime.ofThisThread();
    long began = System.nanoTime();
    try {
      guest.kill();
    } catch (IllegalStateException e) {
      // It has just powered itself off.
    }
    long took = System.nanoTime() - began;
    long late =
        Math.max(ProcessorTime.ofThisThread().since(before).waited(), pauses.nanosSince(began));
    return took - late;
  }
}
