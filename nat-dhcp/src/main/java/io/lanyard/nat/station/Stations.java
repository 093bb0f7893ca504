package io.lanyard.nat.station;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.LogEvent;
import io.lanyard.base.LongPairMap;
import io.lanyard.base.Shortage;
import io.lanyard.base.Timers;
import io.lanyard.nat.station.StationMemory.Table;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Turns;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The one table of who is on a network: ports, the stations behind them by MAC address, and the
 * {@link Neighbours} by address.
 *
 * <p>Thread: the network's loop only.
 */
@SuppressWarnings("ReferenceEquality") // a port is itself, whatever it may say to equals
public final class Stations implements Dumpable {
  private static final System.Logger LOG = System.getLogger(Stations.class.getName());

  /**
   * More stations and addresses than a user-space network has; a guest that makes them up costs
   * little.
   */
  public static final int LIMIT = 4096;

  /** A full table looks at so many of a port's oldest stations for one that is silent. */
  private static final int CANDIDATES = 16;

  private final int limit;
  private final StationMemory.Share memory;
  private final LongPairMap<Station> stations;
  private final Neighbours neighbours;
  private final Counters<StationCount> counters = new Counters<>(StationCount.class);
  private final IdentityHashMap<Port, PortBudget> budgets = new IdentityHashMap<>();
  private final Places.Ranked<Station> byStations = new Places.Ranked<>();
  private final List<StationListener> listeners = new ArrayList<>();

  /** Of addresses that nobody has answered for yet. */
  private final PortBudget unlocated;

  private final DescriptorBudget.Share descriptors;
  private final Shortage places;
  private final Shortage addresses;
  private final Clock clock;
  private final Turns turns;
  private final Predicate<Port> broadcastAdmission;

  private @Nullable Port latestPort;
  private @Nullable PortBudget latestBudget;
  private @Nullable Station latestStation;
  private int numbers;

  /**
   * Makes an empty table.
   *
   * @param timers the network's timers
   * @param wire how stations are asked for their addresses
   * @param turns how the network's ports share its loop
   * @param broadcastAdmission whether one more broadcast may be sent that a port is the cause of,
   *     which costs the port
   * @param descriptors the network's share of the process's descriptors
   * @param limit the most stations, and the most addresses
   * @param memory the network's share of the heap; the caller closes it
   * @param seed a random number that no guest knows
   */
  public Stations(
      Timers timers,
      Neighbours.Wire wire,
      Turns turns,
      Predicate<Port> broadcastAdmission,
      DescriptorBudget.Share descriptors,
      int limit,
      StationMemory.Share memory,
      long seed) {
    this.descriptors = descriptors;
    this.memory = memory;
    clock = timers.clock();
    this.limit = limit;
    places = new Shortage(timers.clock());
    addresses = new Shortage(timers.clock());
    this.turns = turns;
    this.broadcastAdmission = broadcastAdmission;
    unlocated = new PortBudget(0, null, turns.unowned(), () -> true, descriptors, clock);
    stations = new LongPairMap<>(seed);
    neighbours =
        new Neighbours(
            timers,
            wire,
            counters,
            unlocated,
            this::crowded,
            () -> most(Table.NEIGHBOURS),
            change -> memory.changed(Table.NEIGHBOURS, change),
            seed);
  }

  /**
   * Adds a listener.
   *
   * @param listener hears of ports that leave from now on
   */
  public void addListener(StationListener listener) {
    listeners.add(listener);
  }

  /**
   * The neighbour cache.
   *
   * @return the addresses of the stations
   */
  public Neighbours neighbours() {
    return neighbours;
  }

  /**
   * The table's counters.
   *
   * @return the live object, written by the loop
   */
  public Counters<StationCount> counters() {
    return counters;
  }

  /**
   * The budget of a port. Made at its first frame.
   *
   * @param port the port that a frame came in by
   * @return its budget
   */
  public PortBudget budget(Port port) {
    PortBudget latest = latestBudget;
    if (latest != null && latestPort == port) {
      return latest;
    }
    PortBudget budget = budgets.get(port);
    if (budget == null) {
      budget =
          new PortBudget(
              ++numbers,
              port,
              turns.of(port),
              () -> broadcastAdmission.test(port),
              descriptors,
              clock);
      budgets.put(port, budget);
    }
    latestPort = port;
    latestBudget = budget;
    return budget;
  }

  /**
   * The budget that a port has.
   *
   * @param port the port
   * @return its budget; null if no frame of the port has reached the gateway
   */
  public @Nullable PortBudget known(Port port) {
    return budgets.get(port);
  }

  /**
   * The station that has sent a frame. Made at its first one.
   *
   * @param budget the budget of the port that the frame came in by
   * @param mac the frame's source address
   * @return the station; the port's anonymous one for a port that is gone
   */
  public Station heard(PortBudget budget, long mac) {
    Station latest = latestStation;
    if (latest != null && latest.mac() == mac && latest.budget() == budget) {
      latest.heard = true;
      return latest;
    }
    Station station = stations.get(budget.number, mac);
    if (station == null) {
      station = make(budget, mac);
    }
    station.heard = true;
    latestStation = station;
    return station;
  }

  /** The most places of a table: its limit, or less where the heap has no room for that. */
  private int most(Table table) {
    return Math.min(limit, memory.most(table));
  }

  private Station make(PortBudget budget, long mac) {
    if (budget.released() || mac == 0) {
      counters.count(StationCount.STATION_REFUSED);
      budget.countStationRefused();
      return budget.anonymous();
    }
    int most = most(Table.STATIONS);
    if (stations.size() >= most) {
      if (stations.size() > most) {
        makePlace(budget, most); // the network's part has become smaller
      }
      makePlace(budget, most);
    }
    Station station = new Station(budget, mac);
    stations.put(budget.number, mac, station);
    memory.changed(Table.STATIONS, 1);
    byStations.add(budget.stations, station);
    return station;
  }

  /** Takes a place from the port that has most: from the asking one, if no other has more. */
  private void makePlace(PortBudget asking, int allowed) {
    PortBudget most = byStations.most(asking.stations);
    Station victim = most.stations.oldest();
    for (int i = 0; i < CANDIDATES && victim != null && victim.heard; i++) {
      // It stays, and is looked at again after all others.
      victim.heard = false;
      most.stations.renew(victim);
      victim = most.stations.oldest();
    }
    if (victim != null) {
      counters.count(StationCount.STATION_EVICTED);
      most.countStationEvicted();
      full(places, "stations", most, most.stations(), allowed);
      release(victim);
    }
  }

  /** Says who has filled a table. */
  private void full(Shortage shortage, String what, PortBudget most, int held, int limit) {
    if (shortage.refused() && shortage.say(most.name(), describe(what, most, held, limit))) {
      LogEvent.of("table-full")
          .with("network", descriptors.network())
          .with("table", what)
          .with("port", most.name())
          .with("held", held)
          .with("limit", limit)
          .with("advice", "limit the addresses behind the port: mac-limit, guard")
          .log(LOG, Level.WARNING);
    }
  }

  private static String describe(String what, PortBudget most, int held, int limit) {
    return what
        + ": port "
        + most.name()
        + " holds "
        + held
        + " of the "
        + limit
        + " that the network may have, and loses its own; limit the addresses behind it"
        + " (mac-limit, guard)";
  }

  /**
   * The tables that are full.
   *
   * @return for each table that was full in the last minute, which port has filled it
   */
  public List<String> problems() {
    return Stream.of(places.problem(), addresses.problem())
        .filter(problem -> !problem.isEmpty())
        .toList();
  }

  /** Hears which port gives up a neighbour because there are too many. */
  private void crowded(PortBudget most) {
    if (most != unlocated) { // it is no port, and holds what nobody has answered for
      full(addresses, "neighbours", most, most.neighbours(), most(Table.NEIGHBOURS));
    }
  }

  /**
   * The problems of one port: the tables that it has filled, and what it wants more of than its
   * share.
   *
   * @param port the port
   * @return texts with what to do about it
   */
  public List<String> problems(Port port) {
    PortBudget budget = budgets.get(port);
    return budget == null
        ? List.of()
        : Stream.of(
                budget.problem(), places.problem(budget.name()), addresses.problem(budget.name()))
            .filter(problem -> !problem.isEmpty())
            .toList();
  }

  private void release(Station station) {
    stations.remove(station.budget().number, station.mac());
    memory.changed(Table.STATIONS, -1);
    byStations.remove(station.budget().stations, station);
    station.release();
    latestStation = null;
  }

  /**
   * Releases what a port holds: it was detached, or has lost its carrier. Nothing happens if it has
   * no budget.
   *
   * @param port the port
   * @return its budget; null if it had none
   */
  public @Nullable PortBudget release(Port port) {
    PortBudget budget = budgets.remove(port);
    if (budget == null) {
      return null;
    }
    latestPort = null;
    latestBudget = null;
    budget.release();
    Places<Station> left = budget.stations;
    for (Station next = left.oldest(); next != null; next = left.oldest()) {
      release(next);
    }
    // While the addresses are known: a forward's flow says by its guest's whose it is.
    for (StationListener listener : listeners) {
      listener.portReleased(budget);
    }
    neighbours.release(budget);
    return budget;
  }

  /**
   * The number of stations.
   *
   * @return stations, without the anonymous ones
   */
  public int size() {
    return stations.size();
  }

  /**
   * The budgets of the ports that have one.
   *
   * @return a snapshot
   */
  public List<PortBudget> budgets() {
    return List.copyOf(budgets.values());
  }

  /**
   * The turn of work for addresses that nobody has answered for.
   *
   * @return the turn of no port
   */
  public Turn unlocatedTurn() {
    return unlocated.turn();
  }

  /** Forgets all addresses. */
  public void close() {
    neighbours.close();
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("stations")
            .with("stations", stations.size())
            .with("neighbours", neighbours.size());
    counters.addTo(node);
    budgets.values().forEach(budget -> node.child(budget.dump()));
    DumpNode.Builder cache = DumpNode.of("neighbours");
    for (Neighbour neighbour : neighbours.list()) {
      cache.child(
          DumpNode.of(neighbour.toString())
              .with("mac", new MacAddress(neighbour.mac()))
              .with("port", neighbour.budget.name())
              .with("state", neighbour.state())
              .build());
    }
    return node.child(cache.build()).build();
  }
}
