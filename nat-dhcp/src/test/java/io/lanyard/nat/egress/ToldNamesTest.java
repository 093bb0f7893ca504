package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import io.lanyard.testing.SteppedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ToldNamesTest {
  private static final Address A = Address.parse("192.0.2.1");
  private static final Address B = Address.parse("2001:db8::1");

  private final SteppedClock clock = new SteppedClock();
  private final ToldNames told = new ToldNames(clock, NameMemory.ample().share(true));
  private final PortBudget one = port("one");
  private final PortBudget other = port("other");

  private static PortBudget port(String name) {
    return TestStations.station(name, 1).budget();
  }

  private void pass(long seconds) {
    clock.advance(Duration.ofSeconds(seconds));
  }

  @Test
  void anAddressHasTheNamesForWhichItsPortWasToldIt() {
    told.add(one, "a.example", A, 300, true);
    told.add(one, "b.example", A, 300, true);
    told.add(one, "a.example", B, 300, true);
    assertThat(told.names(one, A)).containsExactlyInAnyOrder("a.example", "b.example");
    assertThat(told.names(one, B)).containsExactly("a.example");
    assertThat(told.names(other, A)).isEmpty();
    told.forget(one);
    assertThat(told.names(one, A)).isEmpty();
    assertThat(told.size()).isZero();
  }

  @Test
  void itHoldsAsLongAsTheAnswerAndAMinuteAtLeast() {
    told.add(one, "short.example", A, 0, true);
    told.add(one, "long.example", A, 100, true);
    told.add(one, "longest.example", A, Integer.MAX_VALUE, true);
    pass(60);
    assertThat(told.names(one, A)).hasSize(3);
    pass(1);
    assertThat(told.names(one, A)).containsExactlyInAnyOrder("long.example", "longest.example");
    pass(40);
    assertThat(told.names(one, A)).containsExactly("longest.example");
    pass(ToldNames.MOST_SECONDS);
    assertThat(told.names(one, A)).isEmpty();
  }

  @Test
  void aShorterAnswerTakesNothingAway() {
    told.add(one, "a.example", A, 300, true);
    told.add(one, "a.example", A, 10, true);
    pass(200);
    assertThat(told.names(one, A)).containsExactly("a.example");
    told.add(one, "a.example", A, 300, true);
    pass(200);
    assertThat(told.names(one, A)).containsExactly("a.example");
  }

  @Test
  void aPortThatIsToldWithoutEndLosesItsOwnOldest() {
    told.add(other, "a.example", A, 300, true);
    for (int i = 0; i <= ToldNames.MOST_OF_A_PORT; i++) {
      told.add(one, "n" + i, Address.ofIpv4(i), 300, true);
    }
    assertThat(told.size()).isEqualTo(ToldNames.MOST_OF_A_PORT + 1);
    assertThat(told.evicted()).isEqualTo(1);
    assertThat(told.names(one, Address.ofIpv4(0))).isEmpty();
    assertThat(told.names(one, Address.ofIpv4(1))).containsExactly("n1");
    assertThat(told.names(other, A)).containsExactly("a.example");
  }

  @Test
  void aPortWithoutRuleAboutANameHasItsLastNamesForOneThatMayCome() {
    for (int i = 0; i <= ToldNames.MOST_WITHOUT_RULE; i++) {
      told.add(one, "n" + i, Address.ofIpv4(i), 300, false);
    }
    assertThat(told.size()).isEqualTo(ToldNames.MOST_WITHOUT_RULE);
    assertThat(told.names(one, Address.ofIpv4(0))).isEmpty();
    assertThat(told.names(one, Address.ofIpv4(1))).containsExactly("n1");
    for (int i = 0; i < 1000; i++) {
      told.add(one, "more" + i, Address.ofIpv4(i), 300, true);
    }
    told.add(one, "last", A, 300, false);
    assertThat(told.size()).as("the rule has gone").isEqualTo(ToldNames.MOST_WITHOUT_RULE);
    assertThat(told.names(one, A)).containsExactly("last");
  }

  @Test
  void aFlowHasTheNamesThatItsAddressHadWhenItBegan() {
    told.add(one, "a.example", A, 60, true);
    long began = clock.nanoTime();
    pass(100);
    assertThat(told.names(one, A)).as("of a flow that begins now").isEmpty();
    assertThat(told.namesOfFlow("one", A, began)).containsExactly("a.example");
    assertThat(told.namesOfFlow("one", A, clock.nanoTime())).as("over before it").isEmpty();
    assertThat(told.namesOfFlow("one", B, began)).isEmpty();
    assertThat(told.namesOfFlow("other", A, began)).isEmpty();
    for (int i = 0; i < 20; i++) {
      told.add(one, "n" + i, A, 60, true);
    }
    assertThat(told.namesOfFlow("one", A, began))
        .hasSize(ToldNames.MOST_OF_A_FLOW)
        .contains("n19")
        .doesNotContain("n0");
    told.forget(one);
    assertThat(told.namesOfFlow("one", A, began)).isEmpty();
  }

  @Test
  void portsWithoutRuleTakeNothingFromThoseThatHaveOne() {
    NameMemory.Share memory = new NameMemory(16L << 20).share(true);
    long most = memory.most(NameMemory.Part.TOLD);
    ToldNames table = new ToldNames(clock, memory);
    List<PortBudget> others = ports(20);
    for (int i = 0; i < ToldNames.MOST_WITHOUT_RULE; i++) {
      for (PortBudget each : others) {
        table.add(each, "n" + i, Address.ofIpv4(i), 300, false);
      }
    }
    assertThat(table.bytes()).as("half").isBetween(most / 2 - 1_000, most / 2);
    for (int i = 0; i < 300; i++) {
      table.add(one, "n" + i, Address.ofIpv4(i), 300, true);
      table.add(others.getFirst(), "m" + i, Address.ofIpv4(i), 300, false);
    }
    assertThat(table.evicted()).isZero();
    for (int i = 0; i < 300; i++) {
      assertThat(table.names(one, Address.ofIpv4(i))).containsExactly("n" + i);
    }
  }

  @Test
  void anAddressHasNoMoreNamesThanMayBeLookedAtForAPacket() {
    for (int i = 0; i <= ToldNames.MOST_OF_AN_ADDRESS; i++) {
      told.add(one, "n" + i, A, 300, true);
      told.add(one, "n0", A, 300, true);
    }
    assertThat(told.names(one, A))
        .hasSize(ToldNames.MOST_OF_AN_ADDRESS)
        .contains("n0", "n" + ToldNames.MOST_OF_AN_ADDRESS)
        .doesNotContain("n1");
    assertThat(told.size()).isEqualTo(ToldNames.MOST_OF_AN_ADDRESS);
    assertThat(told.evicted()).isEqualTo(1);
  }

  /** Tells ports names of their own, one after the other, as many as each may have. */
  private static void tell(ToldNames table, List<PortBudget> ports, String below) {
    for (int i = 0; i < ToldNames.MOST_OF_A_PORT; i++) {
      for (PortBudget each : ports) {
        table.add(each, "n" + i + below, Address.ofIpv4(i), 300, true);
      }
    }
  }

  private static List<PortBudget> ports(int number) {
    List<PortBudget> all = new ArrayList<>();
    for (int p = 0; p < number; p++) {
      all.add(port("p" + p));
    }
    return all;
  }

  @Test
  void manyGreedyPortsLeaveAModestOneItsNames() {
    NameMemory.Share memory = new NameMemory(256L << 20).share(true);
    long most = memory.most(NameMemory.Part.TOLD);
    ToldNames table = new ToldNames(clock, memory);
    table.add(other, "a.example", A, 300, true);
    List<PortBudget> greedy = ports(20);
    tell(table, greedy, "");
    assertThat(table.bytes()).isBetween(most - 1_000, most);
    table.add(other, "b.example", B, 300, true);
    assertThat(table.names(other, A)).containsExactly("a.example");
    assertThat(table.names(other, B)).containsExactly("b.example");
    greedy.forEach(table::forget);
    assertThat(table.size()).isEqualTo(2);
    assertThat(table.bytes()).isEqualTo(2L * (ToldNames.PLACE_BYTES + "a.example".length()));
  }

  @Test
  void longNamesOfADozenNetworksTakeNoMoreThanThereIs() {
    long heap = 64L << 20;
    NameMemory memory = new NameMemory(heap);
    List<ToldNames> tables = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      tables.add(new ToldNames(clock, memory.share(true)));
    }
    List<PortBudget> greedy = ports(3);
    String below = ".%s.%s.%s.example".formatted("a".repeat(63), "b".repeat(63), "c".repeat(63));
    for (ToldNames each : tables.subList(1, 12)) {
      tell(each, greedy, below);
    }
    ToldNames last = tables.getFirst();
    tell(last, List.of(other), "");
    long part = heap / 32 / 2 / 12;
    assertThat(last.bytes()).isGreaterThan(part - 1_000);
    assertThat(tables.stream().mapToLong(ToldNames::bytes).sum()).isLessThan(heap / 32);
  }

  @Test
  void whatIsToldAgainTakesNoMore() {
    for (int i = 0; i < 100; i++) {
      told.add(one, "a.example", A, 300 + i, true);
      told.add(one, "b.example", A, 300 + i, true);
    }
    assertThat(told.size()).isEqualTo(2);
    assertThat(told.bytes()).isEqualTo(2L * (ToldNames.PLACE_BYTES + "a.example".length()));
    told.forget(one);
    assertThat(told.bytes()).isZero();
  }
}
