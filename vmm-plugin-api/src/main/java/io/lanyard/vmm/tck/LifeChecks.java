package io.lanyard.vmm.tck;

import static io.lanyard.vmm.tck.Bench.awaitState;
import static io.lanyard.vmm.tck.Bench.equal;
import static io.lanyard.vmm.tck.Bench.refused;
import static io.lanyard.vmm.tck.Bench.require;

import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmStatistics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A guest's life: states, calls that are allowed, events, and what is refused. */
final class LifeChecks {
  private static final int ROUNDS = 5;

  private final Fixture fixture;

  LifeChecks(Fixture fixture) {
    this.fixture = fixture;
  }

  List<Check> checks() {
    Set<Capability> can = fixture.provider().describe().capabilities();
    List<Check> checks = new ArrayList<>();
    checks.add(new Check("a new guest is CREATED and has not run", this::created));
    checks.add(new Check("start makes it RUNNING, kill STOPPED, and it starts again", this::again));
    checks.add(new Check("state changes are told in order", this::told));
    checks.add(new Check("a call that the state forbids is refused and changes nothing", this::no));
    checks.add(new Check("close kills, and a second close does nothing", this::close));
    checks.add(new Check("closing the VMM closes its guests", this::closeAll));
    checks.add(new Check("a name can be used again after close", this::nameAgain));
    checks.add(new Check("a bad specification is refused with a message", this::badSpec));
    checks.add(new Check("two guests run at once", this::two));
    checks.add(new Check("memory besides the RAM is a number of bytes or unknown", this::memory));
    checks.add(new Check("calls from many threads leave one state", this::many));
    if (can.contains(Capability.PAUSE)) {
      checks.add(new Check("a paused guest stands still until it is resumed", this::pause));
    }
    if (can.contains(Capability.RESET)) {
      checks.add(new Check("reset restarts, and says so", this::reset));
    }
    if (!can.contains(Capability.REQUEST_STOP)) {
      checks.add(new Check("requestStop is refused where it is not a capability", this::noButton));
    }
    checks.add(
        can.contains(Capability.OUTLIVES)
            ? new Check("a guest that was released is found again, and goes on", this::found)
            : new Check("release is refused where it is not a capability", this::noRelease));
    if (boots(BootSource.Program.class)) {
      checks.add(new Check("a program that passes reports 0 and stops", () -> program(0)));
      checks.add(new Check("a program that fails reports the test's number", () -> program(42)));
    }
    return checks;
  }

  private boolean boots(Class<? extends BootSource> kind) {
    return fixture.provider().describe().boots().contains(kind);
  }

  private void memory() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      Bench.require(guest.statistics().overhead() >= -1, "the guest's overhead is negative");
      VmmStatistics all = bench.vmm().statistics();
      Bench.require(
          all.memory() >= -1 && all.memoryLimit() >= -1, "the VMM's memory is negative: " + all);
    }
  }

  private void created() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      equal("one", guest.name(), "name");
      equal(GuestState.CREATED, guest.state(), "state");
      equal(fixture.memory(), guest.statistics().memory(), "memory in the statistics");
      equal(List.of(), bench.events(), "events before the start");
    }
  }

  private void again() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      for (int i = 0; i < ROUNDS; i++) {
        guest.start();
        equal(GuestState.RUNNING, guest.state(), "state after start");
        Bench.await(() -> guest.statistics().processorNanos() > 0, "the guest to use time");
        guest.kill();
        equal(GuestState.STOPPED, guest.state(), "state after kill");
      }
    }
  }

  private void told() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      guest.kill();
      Bench.await(() -> bench.events().size() >= 2, "two events");
      List<GuestState> path = new ArrayList<>(List.of(GuestState.CREATED));
      for (GuestEvent event : bench.events()) {
        equal("one", event.guest(), "the guest of an event");
        if (event instanceof GuestEvent.StateChanged change) {
          equal(path.getLast(), change.from(), "the state before, in " + change);
          require(!change.reason().isBlank(), "no reason in " + change);
          path.add(change.to());
        }
      }
      equal(
          List.of(GuestState.CREATED, GuestState.RUNNING, GuestState.STOPPED), path, "states told");
    }
  }

  private void no() throws Exception {
    Set<Capability> can = fixture.provider().describe().capabilities();
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      forbidden(guest, GuestState.CREATED, "kill", guest::kill);
      if (can.contains(Capability.PAUSE)) {
        forbidden(guest, GuestState.CREATED, "pause", guest::pause);
        forbidden(guest, GuestState.CREATED, "resume", guest::resume);
      }
      guest.start();
      forbidden(guest, GuestState.RUNNING, "start", guest::start);
      if (can.contains(Capability.PAUSE)) {
        forbidden(guest, GuestState.RUNNING, "resume", guest::resume);
      }
      guest.kill();
      forbidden(guest, GuestState.STOPPED, "kill", guest::kill);
      if (can.contains(Capability.RESET)) {
        forbidden(guest, GuestState.STOPPED, "reset", guest::reset);
      }
    }
  }

  private static void forbidden(Guest guest, GuestState state, String what, Check.Body call) {
    refused(IllegalStateException.class, what + " while " + state, call);
    equal(state, guest.state(), "state after a refused " + what);
  }

  private void close() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      guest.close();
      guest.close();
      equal(GuestState.STOPPED, guest.state(), "state after close");
      refused(IllegalStateException.class, "start after close", guest::start);
    }
  }

  private void closeAll() throws Exception {
    Bench bench = new Bench(fixture);
    Guest guest = bench.started(fixture.spinning());
    bench.close();
    equal(GuestState.STOPPED, guest.state(), "state after the VMM was closed");
    bench.close();
    refused(
        IllegalStateException.class,
        "create after the VMM was closed",
        () -> bench.create("two", fixture.spinning()));
  }

  private void nameAgain() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      refused(
          VmmException.class,
          "a second guest of the same name",
          () -> bench.create("one", fixture.spinning()));
      guest.close();
      bench.create("one", fixture.spinning()).close();
    }
  }

  private void badSpec() throws Exception {
    Path missing = fixture.context().stateDirectory().resolve("no-such-file");
    try (Bench bench = new Bench(fixture)) {
      GuestSpec good = bench.spec("one", fixture.spinning());
      equal(List.of(), fixture.provider().validate(good), "problems of a good specification");
      if (boots(BootSource.Kernel.class)) {
        named(
            bench,
            with(good, good.memory(), new BootSource.Kernel(missing, null, ""), List.of()),
            "boot");
      }
      if (boots(BootSource.Program.class)) {
        named(bench, with(good, good.memory(), new BootSource.Program(missing), List.of()), "boot");
      }
      if (boots(BootSource.Firmware.class)) {
        named(
            bench, with(good, good.memory(), new BootSource.Firmware(missing), List.of()), "boot");
      }
      for (String format : fixture.provider().describe().diskFormats()) {
        DiskSpec disk = new DiskSpec(missing, format, true);
        named(bench, with(good, good.memory(), good.boot(), List.of(disk)), "disks");
      }
      bad(bench, with(good, 0, good.boot(), List.of()), "memory");
      bad(
          bench,
          new GuestSpec(
              good.name(),
              good.architecture(),
              good.memory(),
              good.harts(),
              good.boot(),
              good.disks(),
              good.nics(),
              Map.of("no-such-option", "1")),
          "options");
      bench.create(good).close();
    }
  }

  private static GuestSpec with(
      GuestSpec good, long memory, BootSource boot, List<DiskSpec> disks) {
    return new GuestSpec(
        good.name(),
        good.architecture(),
        memory,
        good.harts(),
        boot,
        disks,
        good.nics(),
        good.options());
  }

  /** Refused in advance, with the part that is wrong, and when it is to be made. */
  private String bad(Bench bench, GuestSpec spec, String part) {
    List<SpecProblem> problems = fixture.provider().validate(spec);
    require(
        problems.stream().anyMatch(problem -> problem.fatal() && problem.path().indexOf(part) == 0),
        "what is wrong with " + part + " of " + spec + " is not found: " + problems);
    return String.valueOf(
        refused(VmmException.class, "a bad " + part, () -> bench.create(spec)).getMessage());
  }

  private void named(Bench bench, GuestSpec spec, String part) {
    String message = bad(bench, spec, part);
    require(message.contains("no-such-file"), "the message does not name the file: " + message);
  }

  private void two() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest one = bench.create("one", fixture.spinning());
      Guest two = bench.create("two", fixture.spinning());
      one.start();
      two.start();
      Bench.await(
          () -> one.statistics().processorNanos() > 0 && two.statistics().processorNanos() > 0,
          "both guests to use time");
      one.kill();
      equal(GuestState.RUNNING, two.state(), "state of the other guest");
    }
  }

  private void many() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        boolean starts = i % 2 == 0;
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  for (int round = 0; round < ROUNDS; round++) {
                    try {
                      if (starts) {
                        guest.start();
                      } else {
                        guest.kill();
                      }
                    } catch (IllegalStateException | VmmException e) {
                      // Another thread came first: that is the contract.
                    }
                  }
                }));
      }
      for (Thread thread : threads) {
        Bench.await(() -> !thread.isAlive(), "all calls to return");
      }
      GuestState state = guest.state();
      require(state == GuestState.RUNNING || state == GuestState.STOPPED, "state is then " + state);
    }
  }

  private void pause() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      for (int i = 0; i < ROUNDS; i++) {
        long before = guest.statistics().processorNanos();
        Bench.await(() -> guest.statistics().processorNanos() > before, "the guest to run");
        guest.pause();
        equal(GuestState.PAUSED, guest.state(), "state after pause");
        long still = guest.statistics().instructions();
        equal(still, guest.statistics().instructions(), "instructions while paused");
        guest.resume();
        equal(GuestState.RUNNING, guest.state(), "state after resume");
      }
      guest.pause();
      guest.kill();
      equal(GuestState.STOPPED, guest.state(), "state after kill while paused");
    }
  }

  private void reset() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      guest.reset();
      equal(GuestState.RUNNING, guest.state(), "state after reset");
      bench.awaitEvent(new GuestEvent.Rebooted("one"));
      long before = guest.statistics().processorNanos();
      Bench.await(() -> guest.statistics().processorNanos() > before, "the guest to run again");
    }
  }

  private void noButton() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      refused(UnsupportedOperationException.class, "requestStop", guest::requestStop);
    }
  }

  private void noRelease() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.spinning());
      refused(UnsupportedOperationException.class, "release", guest::release);
      equal(GuestState.RUNNING, guest.state(), "state after a refused release");
    }
  }

  private void found() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      bench.started(fixture.spinning()).release();
    }
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.spinning());
      equal(GuestState.RUNNING, guest.state(), "state of a guest that is found again");
      equal(List.of(), bench.events(), "events of a guest that is found again");
      refused(IllegalStateException.class, "a second start", guest::start);
      long before = guest.statistics().processorNanos();
      Bench.await(() -> guest.statistics().processorNanos() > before, "the guest to run");
      guest.kill();
      equal(GuestState.STOPPED, guest.state(), "state after kill");
      guest.start();
    }
    try (Bench bench = new Bench(fixture)) {
      equal(
          GuestState.CREATED,
          bench.create("one", fixture.spinning()).state(),
          "state of a guest that was closed before");
    }
  }

  private void program(int test) throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(test == 0 ? fixture.passing() : fixture.failing(test));
      awaitState(guest, GuestState.STOPPED);
      bench.awaitEvent(new GuestEvent.ProgramExited("one", test));
    }
  }
}
