package io.lanyard.nat.station;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.RecentCount;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Turn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One ingress port's use of the gateway: the key of every quota, because a guest does not choose
 * its port.
 *
 * <p>It is made when a frame of the port first reaches the gateway, and released when the port is
 * detached or loses its carrier. A service keeps its own count for the port here.
 *
 * <p>Thread: the network's loop only.
 */
public final class PortBudget implements Dumpable {
  /** Of what no port is known to have; no port can be called so. */
  private static final String UNLOCATED = "(unlocated)";

  /** Five stations' worth at the steady rate: a port with many is told of errors less willingly. */
  private static final long ICMP_ERROR_NANOS = 1_000_000L;

  private static final int ICMP_ERRORS = 500;

  /** 10 a second. A host asks three times when its link comes up (RFC 4861 section 6.3.7). */
  private static final long SOLICITATION_NANOS = 100_000_000L;

  private static final int SOLICITATIONS = 60;

  /** Refusals within a minute that are more than a misfortune. */
  private static final int EXCESS = 100;

  /** Distinguishes budgets in the table's keys: a port that comes back has another number. */
  final int number;

  private final @Nullable Port port;
  private final int mtu;
  private final String name;
  private final FlowOwner flows;
  private final Station anonymous;
  private final DescriptorBudget.Holder descriptors;
  private final Turn turn;
  private final BooleanSupplier broadcastAdmission;
  private final EventRate icmpErrors = new EventRate(ICMP_ERROR_NANOS, ICMP_ERRORS);
  private final EventRate solicitations = new EventRate(SOLICITATION_NANOS, SOLICITATIONS);
  private int fragmented;

  /** Bytes of large packets that wait for addresses which were the port's. */
  int waiting;

  private final Presence presence = new Presence();

  /** The port's stations, the one that was given its place longest ago first. */
  final Places<Station> stations = new Places<>(this);

  /** The neighbours that are behind the port, the one that was made longest ago first. */
  final Places<Neighbour> neighbours = new Places<>(this);

  private long stationsRefused;
  private long stationsEvicted;
  private long neighboursEvicted;
  private long claimsRefused;
  private final Clock clock;
  private final RecentCount[] excess = new RecentCount[Excess.values().length];
  private final RecentCount[] offences = new RecentCount[Offence.values().length];

  PortBudget(
      int number,
      @Nullable Port port,
      Turn turn,
      BooleanSupplier broadcastAdmission,
      DescriptorBudget.Share share,
      Clock clock) {
    this.clock = clock;
    this.broadcastAdmission = broadcastAdmission;
    Arrays.setAll(excess, i -> new RecentCount());
    Arrays.setAll(offences, i -> new RecentCount());
    this.number = number;
    this.port = port;
    mtu = port == null ? Integer.MAX_VALUE : port.mtu();
    name = port == null ? UNLOCATED : port.name();
    this.turn = turn;
    descriptors = share.holder(name);
    flows = new FlowOwner(name, turn);
    anonymous = new Station(this, 0);
  }

  /**
   * The port's name.
   *
   * @return the name, as in the configuration; one that no port can have for what no port is known
   *     to have
   */
  public String name() {
    return name;
  }

  /**
   * The largest IP packet that passes the port.
   *
   * @return bytes; more than any packet has where no port is known
   */
  public int mtu() {
    return mtu;
  }

  /**
   * The port.
   *
   * @return the port, attached or not; null for what no port is known to have
   */
  public @Nullable Port port() {
    return port;
  }

  /**
   * The addresses that stations behind the port have.
   *
   * @return a snapshot
   */
  public List<Address> addresses() {
    List<Address> all = new ArrayList<>();
    for (Neighbour each = neighbours.oldest(); each != null; each = neighbours.after(each)) {
      all.add(each.address());
    }
    return all;
  }

  /**
   * Whether the port is gone. A service that still holds something of it drops it and counts it
   * nowhere.
   *
   * @return true once the port has been released
   */
  public boolean released() {
    return presence.ended();
  }

  /**
   * The time that the port is there.
   *
   * @return the live object, for those who remember that something was heard from the port while it
   *     was there
   */
  public Presence presence() {
    return presence;
  }

  /**
   * The number of the port's stations that the table knows.
   *
   * @return stations, without the anonymous one
   */
  public int stations() {
    return stations.count();
  }

  /**
   * The number of addresses that stations behind the port have shown or claimed.
   *
   * @return neighbours
   */
  public int neighbours() {
    return neighbours.count();
  }

  /**
   * The owner of everything that the port sends beyond its share of the table.
   *
   * @return a station without addresses, the same at every call
   */
  public Station anonymous() {
    return anonymous;
  }

  /**
   * The port's flows.
   *
   * @return the owner of the accounts of the port's stations
   */
  public FlowOwner flows() {
    return flows;
  }

  /**
   * The host's sockets that the port's flows hold.
   *
   * @return the live object; it outlives the port while sockets close
   */
  public DescriptorBudget.Holder descriptors() {
    return descriptors;
  }

  /**
   * The port's part of the loop's time: what comes from the host for the port's flows is charged to
   * it.
   *
   * @return the turn that the port's frames are read in, too
   */
  public Turn turn() {
    return turn;
  }

  /**
   * The rate at which the port's stations together are told of errors.
   *
   * @return the live object
   */
  public EventRate icmpErrors() {
    return icmpErrors;
  }

  /**
   * The rate at which the gateway tells the port's stations of the router when they ask.
   *
   * @return the live object
   */
  public EventRate solicitations() {
    return solicitations;
  }

  /**
   * Whether the gateway may ask all ports something because of the port's request. It costs the
   * port as much as a broadcast frame of its own.
   *
   * @return false if the port has caused as many broadcasts as storm control lets it
   */
  public boolean admitsBroadcast() {
    return broadcastAdmission.getAsBoolean();
  }

  /**
   * The number of the port's datagrams of which not all fragments have come.
   *
   * @return datagrams of all its stations
   */
  public int fragmented() {
    return fragmented;
  }

  void countFragmented(int change) {
    fragmented += change;
  }

  void release() {
    presence.end(clock.nanoTime());
    anonymous.release();
  }

  /**
   * Counts that the port did not get what it wanted, or lost what it had.
   *
   * @param what what it has its share of
   */
  public void count(Excess what) {
    excess[what.ordinal()].event(clock.nanoTime());
  }

  /**
   * Counts that the port was refused what it did in the name of another.
   *
   * @param what the offence
   */
  public void count(Offence what) {
    offences[what.ordinal()].event(clock.nanoTime());
  }

  /**
   * The resources of which the port wants more than its share, and what it does in the name of
   * others, while it does.
   *
   * @return text with what to do about it; empty where no more was refused than happens to a busy
   *     guest
   */
  public String problem() {
    long now = clock.nanoTime();
    String offends = offends(now);
    String wants = wants(now);
    return offends.isEmpty() || wants.isEmpty() ? offends + wants : offends + "; " + wants;
  }

  private String offends(long now) {
    List<String> done = new ArrayList<>();
    for (Offence what : Offence.values()) {
      if (offences[what.ordinal()].count(now) >= EXCESS) {
        done.add(what.text);
      }
    }
    return done.isEmpty()
        ? ""
        : "it "
            + String.join(" and ", done)
            + " and is refused that; look at the guest behind it, or give the port guard: strict";
  }

  private String wants(long now) {
    List<String> wanted = new ArrayList<>();
    if (flows.excess(now) >= EXCESS) {
      wanted.add("flows");
    }
    if (descriptors.excess() >= EXCESS) {
      wanted.add("sockets");
    }
    for (Excess what : Excess.values()) {
      if (excess[what.ordinal()].count(now) >= EXCESS) {
        wanted.add(what.text);
      }
    }
    return wanted.isEmpty()
        ? ""
        : "it wants more than its share of "
            + String.join(", ", wanted)
            + " and is refused them; look at the guest behind it, or raise its network's quotas";
  }

  void countStationRefused() {
    count(Excess.STATIONS);
    stationsRefused++;
  }

  void countStationEvicted() {
    count(Excess.STATIONS);
    stationsEvicted++;
  }

  void countNeighbourEvicted() {
    count(Excess.NEIGHBOURS);
    neighboursEvicted++;
  }

  void countClaimRefused() {
    count(Offence.CLAIMS);
    claimsRefused++;
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of(name)
        .with("stations", stations.count())
        .with("neighbours", neighbours.count())
        .with("tcpFlows", flows.flows(FlowKey.TCP))
        .with("udpFlows", flows.flows(FlowKey.UDP))
        .with("icmpFlows", flows.flows(FlowKey.ICMP))
        .with("tcpBytes", flows.memory().bytes())
        .with("sockets", descriptors.held())
        .withNonZero("socketsRefused", descriptors.refused())
        .withNonZero("fragmentedDatagrams", fragmented)
        .withNonZero("flowsRefused", flows.refused())
        .withNonZero("flowsEvicted", flows.evicted())
        .withNonZero("stationsEvicted", stationsEvicted)
        .withNonZero("stationsRefused", stationsRefused)
        .withNonZero("neighboursEvicted", neighboursEvicted)
        .withNonZero("claimsRefused", claimsRefused)
        .build();
  }

  @Override
  public String toString() {
    return name;
  }
}
