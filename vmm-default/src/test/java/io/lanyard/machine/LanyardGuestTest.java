package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.machine.device.TestFinisher;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanyardGuestTest {
  private static final NicSpec NIC = new NicSpec("eth0", 0x525400000001L, 1500);
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

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void finisherPowersOff() throws VmmException {
    Guest guest = start(TestProgram.finishing(TestFinisher.PASS));
    await(() -> guest.state() == GuestState.STOPPED);
    await(() -> events.size() == 2);
    assertThat(events.get(1))
        .isEqualTo(
            new GuestEvent.StateChanged(
                "one", GuestState.RUNNING, GuestState.STOPPED, "powered off"));
  }

  @Test
  void finisherResetsAgainAndAgain() throws VmmException {
    Guest guest = start(TestProgram.finishing(TestFinisher.RESET));
    await(() -> events.stream().filter(GuestEvent.Rebooted.class::isInstance).count() >= 5);
    assertThat(guest.state()).isEqualTo(GuestState.RUNNING);
  }

  @Test
  void programThatJumpsNowhereHarmsOnlyItself() throws VmmException {
    Guest guest = start(TestProgram.lost());
    long before = guest.statistics().processorNanos();
    await(() -> guest.statistics().processorNanos() > before);
    guest.kill();
    assertThat(guest.state()).isEqualTo(GuestState.STOPPED);
  }

  @Test
  void waitingGuestUsesLessThanTwoPercentOfACore() throws Exception {
    Guest guest = start(TestProgram.waiting());
    Thread.sleep(300); // let the JVM compile what it will; then watch for a second
    long cpu = guest.statistics().processorNanos();
    long wall = System.nanoTime();
    Thread.sleep(1000);
    double share =
        (double) (guest.statistics().processorNanos() - cpu) / (System.nanoTime() - wall);
    assertThat(share).isLessThan(0.02);
  }

  @Test
  void whatTheMachineCannotDoIsRefusedWithWhatItCan() {
    refused(spec(TestProgram.waiting(), 2, Map.of()), "this version of the machine has one");
    refused(spec(TestProgram.waiting(), 1, Map.of("colour", "red")), "console=serial");
    refused(spec(TestProgram.waiting(), 1, Map.of(), NIC, NIC), "given twice");
    refused(
        spec(TestProgram.waiting(), 1, Map.of(), new NicSpec("eth0", 0x010000000001L, 1500)),
        "not that of a single card");
    refused(spec(TestProgram.waiting(), 1, Map.of(), new NicSpec("eth0", 2, 10)), "MTU 10");
  }

  private void refused(GuestSpec spec, String why) {
    assertThatThrownBy(() -> vmm.create(spec, events::add))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining(why);
  }
}
