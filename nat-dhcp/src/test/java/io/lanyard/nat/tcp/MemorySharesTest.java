package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowOwner;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Ports and networks that take all the TCP memory that they can get, and those beside them. */
class MemorySharesTest {
  private static final long LIMIT = 64 << 20;
  private static final int PIECE = 64 << 10;

  private final MemoryPool pool = new MemoryPool(LIMIT);
  private final EngineMemory network = new EngineMemory(pool);
  private final EngineMemory other = new EngineMemory(pool);
  private final List<Client> clients = new ArrayList<>();

  /** A station behind a port, with one connection that never gives anything back. */
  private final class Client {
    private final EngineMemory.Share share;
    private final FlowOwner owner;
    private long held;

    Client(EngineMemory memory, FlowOwner owner) {
      this.owner = owner;
      share = memory.join(new FlowAccount(owner));
      clients.add(this);
    }

    private void takeAll() {
      for (boolean more = true; more; ) {
        more = takeOne();
      }
    }

    private boolean takeOne() {
      if (share.exhausted()) {
        return false;
      }
      share.change(PIECE);
      held += PIECE;
      return true;
    }
  }

  @AfterEach
  void nothingIsLeft() {
    for (Client client : clients) {
      client.share.change(-client.held);
      client.share.leave();
    }
    network.close();
    other.close();
    assertThat(pool.used()).isZero();
    assertThat(network.used() + other.used()).isZero();
  }

  private Client port(EngineMemory memory, String name) {
    return new Client(memory, new FlowOwner(name));
  }

  @Test
  void onePortAloneTakesHalf() {
    Client greedy = port(network, "p1");
    greedy.takeAll();
    assertThat(greedy.held).isBetween(LIMIT / 2, LIMIT / 2 + PIECE);
    assertThat(network.exhausted()).containsExactly(greedy.owner);
  }

  @Test
  void twoHostilePortsLeaveAThirdPortAsMuchAsTheyHaveThemselves() {
    Client first = port(network, "p1");
    Client second = port(network, "p2");
    for (boolean more = true; more; ) {
      boolean firstGets = first.takeOne();
      boolean secondGets = second.takeOne();
      more = firstGets || secondGets;
    }
    assertThat(first.held + second.held).isLessThan(LIMIT * 2 / 3 + 4 * PIECE);
    Client honest = port(network, "p3");
    assertThat(honest.share.scarce()).isFalse();
    honest.takeAll();
    assertThat(honest.held).isGreaterThan(LIMIT / 6 - PIECE);
    assertThat(network.exhausted()).contains(first.owner);
  }

  @Test
  void eightHostilePortsThatCameOneAfterTheOtherDoNotSlowTheNinth() {
    for (int i = 0; i < 8; i++) {
      port(network, "p" + i).takeAll();
    }
    Client honest = port(network, "honest");
    long own = LIMIT / 2 / 9;
    while (honest.held < own - PIECE) {
      assertThat(honest.share.scarce()).isFalse();
      honest.takeOne();
    }
  }

  @Test
  void aThousandPortsThatCameOneAfterTheOtherHoldHalfMoreThanThereIsAtMost() {
    for (int i = 0; i < 1000; i++) {
      port(network, "p" + i).takeAll();
    }
    // And a piece each, which nobody is refused.
    assertThat(pool.used()).isLessThan(LIMIT + LIMIT / 2 + 1000L * PIECE);
  }

  @Test
  void stationsThatAPortMakesUpTakeNoMoreThanAQuarterBeyondItsShare() {
    FlowOwner port = new FlowOwner("p1");
    for (int i = 0; i < 500; i++) {
      new Client(network, port).takeAll();
    }
    assertThat(port.memory().bytes()).isBetween(LIMIT / 2, LIMIT / 2 + LIMIT / 8 + PIECE);
  }

  @Test
  void aNetworkOfHostilePortsLeavesAnotherItsFloor() {
    port(other, "quiet");
    for (int i = 0; i < 20; i++) {
      port(network, "p" + i).takeAll();
    }
    // Its floor of a quarter, half of what is shared, and half of its floor for ports' own.
    assertThat(network.used()).isLessThan(LIMIT / 4 + LIMIT / 4 + LIMIT / 8 + 20 * PIECE);
    Client honest = port(other, "honest");
    while (honest.held < LIMIT / 16 - PIECE) {
      assertThat(honest.share.scarce()).isFalse();
      honest.takeOne();
    }
    assertThat(pool.used()).isLessThan(LIMIT);
  }

  @Test
  void whatANetworkTookWhileItWasAloneDoesNotKeepAnotherFromItsFloor() {
    port(network, "p1").takeAll();
    port(network, "p2").takeAll();
    port(network, "p3").takeAll();
    Client honest = port(other, "honest");
    while (honest.held < LIMIT / 16 - PIECE) {
      assertThat(honest.share.scarce()).isFalse();
      honest.takeOne();
    }
    assertThat(pool.used()).isLessThan(LIMIT + LIMIT / 2);
  }

  @Test
  void theClientsOfAForwardTakeNothingFromTheGuestsPort() {
    FlowOwner forward = FlowOwner.ofForward("web", 0);
    new Client(network, forward).takeAll();
    Client guest = port(network, "p1");
    assertThat(guest.owner.memory().bytes()).isZero();
    assertThat(guest.share.scarce()).isFalse();
    assertThat(network.exhausted()).containsExactly(forward);
  }
}
