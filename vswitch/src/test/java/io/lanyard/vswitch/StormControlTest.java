package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Floods of one port, and what the others notice. */
class StormControlTest extends SwitchScene {
  /** A frame that leak detection does not follow, for as many as a storm has. */
  private static ByteBuf untracked(long from) {
    ByteBuf frame = Frames.untracked(128);
    ByteBuf made = frame(Ethernet.BROADCAST, from);
    frame.writeBytes(made);
    made.release();
    return frame;
  }

  private static PortRules limited(StormLimits storm) {
    return new PortRules(
        List.of(), List.of(), PortRules.Reach.ORDINARY, Integer.MAX_VALUE, false, storm);
  }

  @Test
  void aStormIsHeldDownCountedByCopiesAndAProblemWhileItLasts() {
    LogWatch.expect("port=\"loop\" cause=\"broadcast-storm\"");
    InMemoryPort loop = attached("loop", limited(new StormLimits(3000, 3000, 3000)));
    assertThat(network.problem(loop)).isEmpty();
    for (int i = 0; i < 1000; i++) {
      loop.send(frame(Ethernet.BROADCAST, C));
    }
    // Three copies each: a tenth of a second's worth.
    assertThat(a.drain()).hasSize(100);
    assertThat(loop.counters().receiveDrops(DropCause.BROADCAST_STORM)).isEqualTo(900);
    assertThat(network.problem(loop))
        .contains("storm of broadcast frames", "loop", "networks.NAME.storm-control");
    assertThat(network.problem(a)).isEmpty();
    loop.send(frame(0x01005e000001L, C));
    loop.send(frame(0x525400009999L, C));
    assertThat(a.drain()).hasSize(2); // buckets of their own
    for (int i = 0; i < 1000; i++) {
      clock.advance(Duration.ofMillis(1));
      loop.send(frame(Ethernet.BROADCAST, C));
    }
    assertThat(a.drain().size()).isBetween(990, 1000);
    clock.advance(Duration.ofSeconds(6));
    assertThat(network.problem(loop)).isEmpty();
    assertThat(LogWatch.count("broadcast-storm")).isEqualTo(1);
    loop.close();
  }

  @Test
  void aFloodOfUnknownAddressesAndOfGroupsIsHeldDown() {
    LogWatch.expect("multicast-storm");
    LogWatch.expect("unknown-storm");
    network.detach(a);
    a.attachTo(network, limited(new StormLimits(20_000, 50_000, 50_000)));
    ByteBuf flood = untracked(A);
    for (int i = 0; i < 100_000; i++) {
      Ethernet.setDestination(flood, OffloadHeader.LENGTH, 0x01005e000000L + i % 1000);
      network.receive(a, flood);
      Ethernet.setDestination(flood, OffloadHeader.LENGTH, 0x525500000000L + i);
      network.receive(a, flood);
      if (i % 100 == 0) {
        network.flush();
        b.clear();
        c.clear();
      }
    }
    flood.release();
    assertThat(a.counters().receiveDrops(DropCause.MULTICAST_STORM)).isEqualTo(97_500);
    assertThat(a.counters().receiveDrops(DropCause.UNKNOWN_STORM)).isEqualTo(97_500);
    b.send(frame(Ethernet.BROADCAST, B)); // another port's bucket is full
    b.clear();
    a.send(frame(B, A)); // and known addresses cost nothing
    assertThat(b.pending()).isEqualTo(1);
  }

  @Test
  void aStormCausesNoMoreCopiesWhereThereAreMorePorts() {
    LogWatch.expect("port=\"guest0\" cause=\"broadcast-storm\"");
    for (int ports : new int[] {2, 32}) {
      Lab lab = new Lab(ports);
      long before = clock.nanoTime();
      for (int i = 0; i < 100_000; i++) {
        clock.advanceNanos(10_000);
        lab.guests.getFirst().send(Ethernet.BROADCAST);
        lab.network.flush();
      }
      // The copies that the time allows, and a tenth of a second's worth saved up before.
      long most = 2000 + 20_000 * (clock.nanoTime() - before) / 1_000_000_000;
      assertThat(lab.copies()).as("copies to %d ports", ports).isBetween(most - 31, most + 31);
      lab.close();
    }
  }

  /** All have work without end, on a loop whose time passes with frames and copies alone. */
  @Test
  void aStormBesideThirtyOneBusyPortsHasAThirtySecondOfTheLoopAtMost() {
    LogWatch.expect("port=\"guest0\" cause=\"broadcast-storm\"");
    Lab lab = new Lab(32);
    Guest storming = lab.guests.getFirst();
    storming.storming = true;
    lab.guests.forEach(Guest::ask); // they know each other from now on
    long before = clock.nanoTime();
    lab.guests.forEach(guest -> guest.turn.later(guest.work));
    long end = clock.nanoTime() + 2_000_000_000L;
    while (clock.nanoTime() < end) {
      lab.runBatch();
    }
    long all = 0;
    for (Guest guest : lab.guests) {
      all += guest.counters().loopNanos();
    }
    assertThat(all).isEqualTo(clock.nanoTime() - before); // each copy is charged to somebody
    assertThat(storming.counters().loopNanos()).isLessThanOrEqualTo(all / 32);
    assertThat(storming.counters().receiveDrops(DropCause.BROADCAST_STORM)).isPositive();
    for (Guest honest : lab.guests.subList(1, 32)) {
      assertThat((double) honest.counters().loopNanos() / all).isCloseTo(1.0 / 31, within(0.002));
      assertThat(honest.counters().receiveDrops()).isZero();
      assertThat(honest.asked).isPositive();
    }
    // The broadcasts of the others pass, all of them, beside those of the storm that do.
    long asked = lab.guests.stream().mapToLong(guest -> guest.asked).sum();
    long passed =
        storming.counters().receivedFrames()
            - storming.counters().receiveDrops(DropCause.BROADCAST_STORM)
            - storming.asked;
    assertThat(lab.copies()).isEqualTo(31 * (asked + passed) + lab.unicasts());
    lab.close();
  }

  /** Guests on a switch whose loop is played by the test. */
  private final class Lab {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final Switch network =
        new Switch("lab", timers, tasks::add, PooledByteBufAllocator.DEFAULT);
    private final List<Guest> guests = new ArrayList<>();

    Lab(int ports) {
      for (int i = 0; i < ports; i++) {
        guests.add(new Guest(this, i));
      }
    }

    void runBatch() {
      for (int n = tasks.size(); n > 0; n--) {
        tasks.remove().run();
      }
    }

    long copies() {
      return guests.stream().mapToLong(guest -> guest.copies).sum();
    }

    long unicasts() {
      return guests.stream().mapToLong(guest -> guest.unicasts).sum();
    }

    void close() {
      guests.forEach(guest -> guest.frame.release());
      network.close();
    }
  }

  /** A port that counts what it gets. What it sends, and each copy of that, takes a microsecond. */
  private final class Guest extends ObservedPort {
    private static final long MICRO = 1_000;

    private final Lab lab;
    private final int number;
    private final ByteBuf frame;
    private final Turn turn;
    private boolean storming;
    private long nextAsk;
    private long asked;
    private long unicasts;
    private long copies;
    private final Work work =
        new Work() {
          @Override
          protected boolean run() {
            burst();
            return true;
          }

          @Override
          protected void broke(Throwable cause) {
            throw new AssertionError(cause);
          }
        };

    Guest(Lab lab, int number) {
      super("guest" + number, "test", 1500, PortState.up());
      this.lab = lab;
      this.number = number;
      frame = untracked(mac(number));
      lab.network.attach(this, limited(new StormLimits(20_000, 50_000, 50_000)));
      turn = lab.network.turns().of(this);
    }

    private static long mac(int number) {
      return 0x525400001000L + number;
    }

    /** An honest guest speaks to its neighbour, and asks all once in a tenth of a second. */
    private void burst() {
      for (int i = 0; i < 64 && (i % Turn.FRAMES != 0 || !turn.isOver()); i++) {
        if (storming) {
          send(Ethernet.BROADCAST);
        } else if (clock.nanoTime() >= nextAsk) {
          ask();
        } else {
          unicasts++;
          send(mac(number % 31 + 1));
        }
      }
      lab.network.flush();
    }

    void ask() {
      nextAsk = clock.nanoTime() + 100_000_000;
      asked++;
      send(Ethernet.BROADCAST);
    }

    void send(long to) {
      clock.advanceNanos(MICRO);
      Ethernet.setDestination(frame, OffloadHeader.LENGTH, to);
      lab.network.receive(this, frame);
    }

    @Override
    public boolean transmit(Passage passage, ByteBuf sent) {
      copies++;
      clock.advanceNanos(MICRO);
      return true;
    }

    @Override
    public Offloads offloads() {
      return Offloads.NONE;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
