package io.lanyard.machine;

import io.lanyard.base.LogEvent;
import io.lanyard.base.RunningTimeout;
import io.lanyard.base.Threads;
import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.InterruptControl;
import io.lanyard.machine.device.TestFinisher;
import io.lanyard.machine.hart.CodeBudget;
import io.lanyard.machine.hart.Firmware;
import io.lanyard.machine.hart.Hart;
import io.lanyard.machine.hart.Timebase;
import io.lanyard.machine.sbi.Platform;
import io.lanyard.machine.sbi.Sbi;
import io.lanyard.machine.virtio.VirtioBlk;
import io.lanyard.machine.virtio.VirtioConsole;
import io.lanyard.machine.virtio.VirtioInput;
import io.lanyard.machine.virtio.VirtioNet;
import io.lanyard.machine.virtio.VirtioRng;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One life of a guest, from power-on to power-off.
 *
 * <p>Thread: made, started and stopped by the guest, one call at a time; the counters are read by
 * any.
 */
final class Machine {
  private static final System.Logger LOG = System.getLogger(Machine.class.getName());

  /**
   * The longest wait for a hart to stand still. A hart looks every few thousand instructions, but
   * one that resets its disk waits for the host's disk, and a caller that stops the guest should
   * not.
   */
  static final Duration PAUSE_TIMEOUT = Duration.ofSeconds(1);

  /** The longest wait for a disk that has no request at the host: for its thread to be run. */
  private static final Duration IDLE_DISK_TIMEOUT = Duration.ofMillis(100);

  /** Why a machine ended. */
  sealed interface End {
    /** By its own wish; code 0 is success. */
    record PoweredOff(int code) implements End {}

    /** It wants to start again. */
    record Reset() implements End {}

    /** A program reported through tohost: 0 is success, n a failed test. */
    record Reported(long code) implements End {}

    /** It could not go on. */
    record Failed(String reason) implements End {}

    /** Its owner stopped it. */
    record Stopped() implements End {}
  }

  private final Equipment equipment;
  private final Ram ram;
  private final Timebase time = new Timebase();
  private final List<Hart> harts = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicReference<@Nullable End> end = new AtomicReference<>();
  private final AtomicInteger running = new AtomicInteger();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<VirtioBlk> disks = new ArrayList<>();
  private final Board board;
  private final @Nullable ToHost toHost;
  private final CodeBudget.Share code;
  private volatile long startedNanos;
  private final VirtioInput button = new VirtioInput();
  private final Boot.Start start;
  private long pausedAt;

  /**
   * Makes a machine and loads what it starts with.
   *
   * @throws VmmException if the host cannot give the memory, or a file cannot be read
   */
  Machine(Equipment equipment) throws VmmException {
    this.equipment = equipment;
    if (equipment.code().room() == 0) {
      throw new VmmException(
          "guest %s: the daemon's heap has no room for the code of another guest; stop one, or give it more heap (LANYARD_JVM_FLAGS=-Xmx1g)"
              .formatted(equipment.name()));
    }
    try {
      ram = Ram.allocate(equipment.memory());
    } catch (IllegalStateException e) {
      throw new VmmException(
          "guest %s: the host has no %d MiB of memory to give"
              .formatted(equipment.name(), equipment.memory() >> 20),
          e);
    }
    code = equipment.code().open();
    boolean whole = false;
    try {
      start = equipment.boot().load(ram, equipment.harts(), equipment.interrupts());
      Bus bus = new Bus(ram);
      Firmware firmware = start.supervisor() ? new Sbi(new SbiPlatform()) : Firmware.NONE;
      boolean messages = equipment.interrupts() == InterruptControl.AIA;
      for (int id = 0; id < equipment.harts(); id++) {
        harts.add(new Hart(id, bus, time, firmware, messages, code));
      }
      GuestConsole console = equipment.console();
      Wiring wiring =
          switch (equipment.interrupts()) {
            case PLIC -> Wiring.plic(bus, harts);
            case AIA -> Wiring.aia(bus, harts, start.supervisor());
          };
      board = new Board(bus, List.copyOf(harts), time, wiring, new Power(), console::print, start);
      attachDevices(console);
      toHost =
          start.toHost() == -1
              ? null
              : new ToHost(ram, start, code -> end(new End.Reported(code)), console::print);
      whole = true;
    } finally {
      if (!whole) {
        code.close();
        ram.close();
      }
    }
  }

  private void attachDevices(GuestConsole console) {
    for (LanyardNic nic : equipment.nics()) {
      VirtioNet net = new VirtioNet(nic.spec().mac(), nic.spec().mtu(), nic);
      board.attach("net-" + nic.name(), net);
      nic.device(net);
    }
    int number = 0;
    for (var disk : equipment.disks()) {
      String name = "disk" + number++;
      VirtioBlk device = new VirtioBlk(name, disk);
      board.attach(name, device);
      disks.add(device);
    }
    board.attach("rng", new VirtioRng(Boot.RANDOM::nextBytes));
    board.attach("power-button", button);
    if (equipment.virtioConsole()) {
      VirtioConsole port = new VirtioConsole(console::print);
      board.attach("console", port);
      console.input(port::receive);
      console.screen(port::resize);
    } else {
      console.input(board.uart()::receive);
    }
  }

  /** Starts the harts. */
  void start() {
    for (Hart hart : harts) {
      // Under the built-in SBI each hart waits to be started. Otherwise all begin as if they had
      // come
      // through the boot ROM, which harts do not execute: they fetch from RAM only.
      hart.reset(start.entry(), start.supervisor());
      hart.x(10, hart.id());
      hart.x(11, start.deviceTree());
    }
    if (start.supervisor()) {
      harts.getFirst().start(start.entry(), start.deviceTree());
    }
    running.set(harts.size());
    startedNanos = System.nanoTime();
    equipment.nics().forEach(nic -> nic.running(true));
    for (Hart hart : harts) {
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .name(equipment.name() + "-hart" + hart.id())
              .start(() -> run(hart)));
    }
    if (toHost != null) {
      toHost.start();
    }
  }

  @SuppressWarnings("CatchingUnchecked") // whatever goes wrong in a hart is the guest's end only
  private void run(Hart hart) {
    try {
      hart.run();
    } catch (Throwable e) {
      end(new End.Failed("hart " + hart.id() + " failed: " + e));
      LogEvent.of("hart-failed").with("guest", equipment.name()).log(LOG, Level.ERROR, e);
    } finally {
      // Even if noting it failed, as it may without memory: the guest must not seem to run.
      if (running.decrementAndGet() == 0) {
        ended.countDown();
      }
    }
  }

  /**
   * Waits until the machine has ended.
   *
   * @return why, or null if the calling thread was interrupted
   */
  @Nullable End awaitEnd() {
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
    End why = end.get();
    return why == null ? new End.Failed("its harts stopped without a reason") : why;
  }

  /** How long the machine has run. */
  long ranNanos() {
    return System.nanoTime() - startedNanos;
  }

  /** Notes why, unless something came first, and stops the harts. Thread: any. */
  private void end(End why) {
    if (end.compareAndSet(null, why)) {
      harts.forEach(Hart::requestStop);
    }
  }

  /** Stops the harts and the clock. */
  void pause() {
    equipment.nics().forEach(nic -> nic.running(false));
    harts.forEach(Hart::requestPause);
    for (Hart hart : harts) {
      if (!await(hart)) {
        resumeHarts();
        throw new IllegalStateException(
            "guest " + equipment.name() + ": hart " + hart.id() + " does not stand still");
      }
    }
    pausedAt = time.now();
  }

  private static boolean await(Hart hart) {
    try {
      return new RunningTimeout(PAUSE_TIMEOUT).await(hart::awaitPaused);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Lets harts and clock go on. */
  void resume() {
    time.set(pausedAt);
    resumeHarts();
  }

  private void resumeHarts() {
    harts.forEach(Hart::resume);
    equipment.nics().forEach(nic -> nic.running(true));
  }

  /** Presses the power button. */
  void pressPower() {
    button.press();
  }

  long processorNanos() {
    return harts.stream().mapToLong(Hart::processorNanos).sum();
  }

  long instructions() {
    return harts.stream().mapToLong(Hart::instructions).sum();
  }

  /** The memory of the code that the harts have decoded, in bytes. */
  long codeBytes() {
    return code.used();
  }

  /**
   * Stops the machine if it runs, and gives back what it holds. Returns after about a second at the
   * latest, whatever guest and host do. Not to be called on a hart.
   *
   * @return null if all was given back; otherwise the thread that gives the rest back when the host
   *     has done what a hart or a disk waits for, or has had a processor for the hart
   */
  @Nullable Thread stop() {
    end(new End.Stopped());
    board.abandon();
    disks.forEach(VirtioBlk::stop);
    equipment.console().input(null);
    equipment.console().screen(null);
    equipment.nics().forEach(nic -> nic.running(false));
    equipment.nics().forEach(nic -> nic.device(null));
    if (stands(new RunningTimeout(PAUSE_TIMEOUT))) {
      giveBack();
      return null;
    }
    LogEvent.of("guest-lingers")
        .with("guest", equipment.name())
        .with("cause", lingersFor())
        .log(LOG, Level.WARNING);
    return Thread.ofPlatform()
        .daemon()
        .name(equipment.name() + "-end")
        .start(() -> {
          while (!stands(new RunningTimeout(PAUSE_TIMEOUT))) {
            // Until the host answers.
          }
          giveBack();
        });
  }

  /** Why the machine has not come to its end: a disk that waits, or else a hart. */
  private String lingersFor() {
    // Again: a hart that got no processor may have started its disk anew. A disk at no request
    // stops at once.
    disks.forEach(VirtioBlk::stop);
    RunningTimeout timeout = new RunningTimeout(IDLE_DISK_TIMEOUT);
    return disks.stream()
            .allMatch(disk -> timeout.await(nanos -> disk.awaitStopped(System.nanoTime() + nanos)))
        ? "a hart has not come to its end"
        : "the host has not finished its disk's requests";
  }

  private void giveBack() {
    if (toHost != null) {
      toHost.close();
    }
    board.close();
    ram.close();
    code.close();
    ended.countDown();
  }

  /** Waits for harts and disks. */
  private boolean stands(RunningTimeout timeout) {
    boolean still = true;
    for (Thread thread : threads) {
      still &=
          timeout.await(nanos -> Threads.joinUninterruptibly(thread, System.nanoTime() + nanos));
    }
    if (still) {
      // Again: until it stopped, a hart may have started its disk anew.
      disks.forEach(VirtioBlk::stop);
      for (VirtioBlk disk : disks) {
        still &= timeout.await(nanos -> disk.awaitStopped(System.nanoTime() + nanos));
      }
    }
    return still;
  }

  private final class Power implements TestFinisher.Power {
    @Override
    public void off(int code) {
      end(new End.PoweredOff(code));
    }

    @Override
    public void reset() {
      end(new End.Reset());
    }
  }

  private final class SbiPlatform implements Platform {
    private final TestFinisher.Power power = new Power();

    @Override
    public List<Hart> harts() {
      return harts;
    }

    @Override
    public Ram ram() {
      return ram;
    }

    @Override
    public TestFinisher.Power power() {
      return power;
    }

    @Override
    public void write(ByteBuffer bytes) {
      equipment.console().print(bytes);
    }

    @Override
    public void read(ByteBuffer into) {
      // Typed bytes go to the serial port; the debug console has none of its own.
    }
  }
}
