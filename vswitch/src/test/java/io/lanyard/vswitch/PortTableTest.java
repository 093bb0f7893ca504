package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.SteppedClock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The numbers of a switch's ports, and their slots. */
class PortTableTest {
  private final PortTable table = new PortTable("lab");
  private final SteppedClock clock = new SteppedClock();
  private final Turns turns =
      new Turns(clock, Runnable::run, () -> {}, new LoopFaults("lab", clock));

  private Slot put(Port port) {
    Slot slot = slot(port, table.numberFor(port));
    table.put(slot);
    return slot;
  }

  private Slot slot(Port port, int number) {
    return new Slot(port, number, PortRules.PLAIN, turns.add(port), 0);
  }

  private static Port port(String name) {
    return new InMemoryPort(name, Offloads.NONE);
  }

  @Test
  void aPortGetsTheLowestNumberThatIsFree() {
    Port second = port("second");
    assertThat(put(port("first")).number).isZero();
    assertThat(put(second).number).isEqualTo(1);
    assertThat(put(port("third")).number).isEqualTo(2);
    table.remove(second);
    assertThat(put(port("fourth")).number).isEqualTo(1);
    assertThat(table.list()).extracting(Port::name).containsExactly("first", "fourth", "third");
  }

  @Test
  void aPortThatHasLeftIsNotFound() {
    Port port = port("a");
    Slot slot = put(port);
    assertThat(table.find(port)).isSameAs(slot);
    assertThat(table.remove(port)).isSameAs(slot);
    assertThat(table.find(port)).isNull();
    assertThat(table.remove(port)).isNull();
    assertThat(table.size()).isZero();
  }

  @Test
  void aSlotReplacesTheOneThatItsPortHasHad() {
    Port port = port("a");
    put(port);
    Slot other = slot(port, 0);
    table.put(other);
    assertThat(table.find(port)).isSameAs(other);
    assertThat(table.numbered).containsExactly(other);
    assertThat(table.size()).isEqualTo(1);
  }

  @Test
  void aLoopOverTheNumbersDoesNotSeeWhatChangesMeanwhile() {
    Port port = port("a");
    Slot slot = put(port);
    @Nullable Slot[] before = table.numbered;
    table.remove(port);
    put(port("b"));
    assertThat(before).containsExactly(slot);
  }

  @Test
  void aFullTableRefusesAnotherPort() {
    for (int i = 0; i < PortTable.CAPACITY; i++) {
      put(port("port" + i));
    }
    assertThatThrownBy(() -> table.numberFor(port("more")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("switch lab has 1024 ports");
  }
}
