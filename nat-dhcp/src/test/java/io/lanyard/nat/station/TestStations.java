package io.lanyard.nat.station;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.Timers;
import io.lanyard.net.Address;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Turns;
import io.netty.buffer.ByteBuf;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Stations for tests that have no switch. */
public final class TestStations {
  private TestStations() {}

  /** A wire that drops the packets of the table. */
  private record NoWire(Consumer<Neighbour> questions) implements Neighbours.Wire {
    @Override
    public void ask(Neighbour neighbour) {
      questions.accept(neighbour);
    }

    @Override
    public boolean located(Neighbour neighbour) {
      return true;
    }

    @Override
    public void send(ByteBuf packet, Neighbour neighbour) {}

    @Override
    public void unanswered(Neighbour neighbour) {}
  }

  /** A table with a fixed seed, a stopped clock and no network. */
  public static Stations table() {
    return table(Stations.LIMIT);
  }

  /** A table of a size. */
  public static Stations table(int limit) {
    SteppedTimers timers = new SteppedTimers();
    return table(limit, timers, timers.clock(), neighbour -> {});
  }

  /** A table with a clock that somebody steps. */
  public static Stations table(Timers timers) {
    return table(Stations.LIMIT, timers, timers.clock(), neighbour -> {});
  }

  /** A table of a size that tells whom it asks. */
  static Stations table(int limit, SteppedTimers timers, Consumer<Neighbour> questions) {
    return table(limit, timers, timers.clock(), questions);
  }

  /**
   * A table whose ports are charged by another clock than a stopped one.
   *
   * @param later runs what is left for later
   */
  public static Stations chargedBy(Clock clock, Executor later) {
    return table(
        Stations.LIMIT,
        new SteppedTimers(),
        new Turns(clock, later),
        neighbour -> {},
        StationMemory.alone());
  }

  /** A table that shares its heap with others. */
  static Stations table(StationMemory.Share memory) {
    SteppedTimers timers = new SteppedTimers();
    Turns turns = new Turns(timers.clock(), Runnable::run);
    return table(Stations.LIMIT, timers, turns, neighbour -> {}, memory);
  }

  private static Stations table(
      int limit, Timers timers, Clock charging, Consumer<Neighbour> questions) {
    Turns turns = new Turns(charging, Runnable::run);
    return table(limit, timers, turns, questions, StationMemory.alone());
  }

  private static Stations table(
      int limit,
      Timers timers,
      Turns turns,
      Consumer<Neighbour> questions,
      StationMemory.Share memory) {
    return new Stations(
        timers,
        new NoWire(questions),
        turns,
        port -> true,
        DescriptorBudget.ample().share("test"),
        limit,
        memory,
        42);
  }

  /** A station of a table of its own, for a test that needs one and no more. */
  public static Station station(String port, long mac) {
    return station(table(), new InMemoryPort(port, Offloads.NONE), mac);
  }

  /** A station behind a port of a table; the port's budget is {@code station.budget()}. */
  public static Station station(Stations table, Port port, long mac) {
    return table.heard(table.budget(port), mac);
  }

  /** The neighbour that a station is, of a table of its own. */
  public static Neighbour neighbour(Station station, Address address) {
    return Objects.requireNonNull(
        table().neighbours().heard(station, address.high(), address.low()));
  }
}
