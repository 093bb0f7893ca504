package io.lanyard.daemon;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.LogEvent;
import io.lanyard.config.Configuration;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.PortConfig;
import io.lanyard.linux.OpenFiles;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowQuota;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * How the limit of open files is divided: what the process has open already, what the configuration
 * will open for good, and a reserve are kept back; the rest is for the networks' flows.
 */
final class DescriptorDivision {
  private static final System.Logger LOG = System.getLogger(DescriptorDivision.class.getName());

  static final String REMEDY =
      "raise the limit of open files: LimitNOFILE= of the service, or ulimit -n";

  /** A loop's epoll, eventfd and timerfd, a resolver's file, and a little. */
  private static final int EACH_NETWORK = 8;

  /** A listener and its client, or a device. */
  private static final int EACH_PORT = 2;

  /**
   * Three event descriptors for each ring of a vhost-user port, which has up to twice as many pairs
   * as it is told: see VhostNic.
   */
  private static final int EACH_QUEUE_PAIR = 12;

  /** Its memory, image, console, what its VMM opens, and one NIC. */
  private static final int EACH_GUEST = 16;

  // Connections to the API and of metrics, accepted sockets, files that are read.
  private static final int LEAST_RESERVE = 64;
  private static final int MOST_RESERVE = 2048;
  private static final int RESERVE_SHARE = 8;

  private final DescriptorBudget budget;
  private final int open;
  private final IntSupplier limit;
  private volatile int lasting;
  private volatile int networks;

  /** The quotas that were told, by the name of their network. Conductor's thread only. */
  private Map<String, Told> told = Map.of();

  /**
   * Makes the division of a limit.
   *
   * @param open what the process has open before it opens anything of a configuration
   * @param limit the limit of open files, which may change
   */
  DescriptorDivision(Configuration configuration, int open, IntSupplier limit, Clock clock) {
    this.open = open;
    this.limit = limit;
    this.lasting = lasting(configuration);
    this.networks = networks(configuration);
    this.budget = new DescriptorBudget(() -> divisible(this.lasting), clock);
    budget.expect(networks);
  }

  private int divisible(int lastingOnes) {
    return divisible(limit.getAsInt(), open + lastingOnes);
  }

  /** The budget of the networks. */
  DescriptorBudget budget() {
    return budget;
  }

  /** Keeps back what another configuration opens for good, and tells of quotas that do not fit. */
  void follow(Configuration next) {
    lasting = lasting(next);
    networks = networks(next);
    budget.divideAgain(networks);
    told = tell(next, budget.most(), budget.total(), told);
  }

  /**
   * Why a configuration cannot follow the present one: a daemon would not start with it.
   *
   * @param next what is to run
   * @return why, without the {@link #REMEDY}; empty if it can, or leaves the networks no less than
   *     they have
   */
  String misfit(Configuration next) {
    int wanted = networks(next);
    int left = divisible(lasting(next));
    int floor = DescriptorBudget.floor(left, wanted);
    int present = DescriptorBudget.floor(divisible(lasting), networks);
    boolean fits =
        wanted == 0 || floor >= DescriptorBudget.LEAST_FLOOR || (networks > 0 && floor >= present);
    return fits ? "" : tooLittle(left, wanted);
  }

  private String tooLittle(int left, int networks) {
    return "the limit of "
        + limit.getAsInt()
        + " open files leaves "
        + left
        + " sockets for the flows of "
        + networks
        + (networks == 1 ? " network" : " networks");
  }

  /**
   * Divides the process's limit.
   *
   * @param configuration what will run
   * @param clock tells how long a shortage is over
   * @return the division, with the budget of its networks
   * @throws StartException if there is too little for them
   */
  static DescriptorDivision divide(Configuration configuration, Clock clock) throws StartException {
    DescriptorDivision division =
        new DescriptorDivision(configuration, OpenFiles.count(), OpenFiles::limit, clock);
    DescriptorBudget budget = division.budget;
    int networks = division.networks;
    if (networks > 0 && budget.floor(networks) < DescriptorBudget.LEAST_FLOOR) {
      throw new StartException(division.tooLittle(budget.total(), networks), REMEDY);
    }
    division.told = tell(configuration, budget.most(), budget.total(), Map.of());
    return division;
  }

  static int divisible(int limit, int open) {
    int reserve = Math.clamp(limit / RESERVE_SHARE, LEAST_RESERVE, MOST_RESERVE);
    return Math.max(0, limit - open - reserve);
  }

  private static int networks(Configuration configuration) {
    return (int)
        configuration.networks().values().stream()
            .filter(network -> network.gateway() != null)
            .count();
  }

  /** The descriptors that the configuration opens for good. */
  static int lasting(Configuration configuration) {
    int count = 0;
    for (NetworkConfig network : configuration.networks().values()) {
      int adapters = network.hostAdapter() == null ? 0 : 1;
      count += EACH_NETWORK + EACH_PORT * (network.ports().size() + adapters);
      for (PortConfig port : network.ports()) {
        // One client is counted already.
        count += port.mostClients() - 1;
        count += port instanceof PortConfig.VhostUser vhost ? EACH_QUEUE_PAIR * vhost.queues() : 0;
      }
    }
    for (GuestConfig guest : configuration.guests().values()) {
      // Which attachment a VMM takes is known later: the one that needs most.
      int further = Math.max(0, guest.nics().size() - 1);
      count += EACH_GUEST + guest.disks().size() + further * (EACH_PORT + EACH_QUEUE_PAIR);
    }
    return count;
  }

  /**
   * Logs the quotas that hold, for each network whose configured numbers ask for more sockets than
   * there can be: a warning where the file asks for them, a line for information where they are
   * defaults.
   *
   * @param configuration what will run
   * @param most how many sockets a network can have
   * @param total how many sockets all networks can have together
   * @param before what was told already, and is not told again
   * @return what has been told
   */
  static Map<String, Told> tell(
      Configuration configuration, int most, int total, Map<String, Told> before) {
    Map<String, Told> all = new HashMap<>();
    List<Demand> demands = Demand.ofAll(configuration);
    long asked = demands.stream().mapToLong(Demand::together).sum();
    long written = demands.stream().mapToLong(Demand::writtenTogether).sum();
    for (Demand demand : demands) {
      boolean warned =
          demand.writtenMost() > most || (demand.writtenTogether() > 0 && written > total);
      if (!warned && demand.together() <= most && demand.perGuest() <= most) {
        continue;
      }
      Told told = new Told(demand.quotas(), warned);
      all.put(demand.network(), told);
      if (!told.equals(before.get(demand.network()))) {
        FlowQuota quota = new FlowQuota(demand.quotas(), most);
        LogEvent.of("quotas-beyond-descriptors")
            .with("network", demand.network())
            .with("tcp", quota.total(FlowKey.TCP))
            .with("tcp-per-guest", quota.perGuest(FlowKey.TCP))
            .with("udp", quota.total(FlowKey.UDP))
            .with("udp-per-guest", quota.perGuest(FlowKey.UDP))
            .with("icmp", quota.total(FlowKey.ICMP))
            .with("icmp-per-guest", quota.perGuest(FlowKey.ICMP))
            .with("asked", demand.together())
            .with("sockets", most)
            .with("asked-by-all-networks", asked)
            .with("sockets-of-all-networks", total)
            .with("advice", REMEDY)
            .log(LOG, warned ? Level.WARNING : Level.INFO);
      }
    }
    return all;
  }

  /**
   * The quotas of a network that were told because they do not fit.
   *
   * @param warned whether the file asks for them
   */
  record Told(NatConfig.Quotas quotas, boolean warned) {}

  /**
   * How many sockets a network's quotas ask for. Most flows have a socket of their own.
   *
   * @param network the network's name
   * @param quotas the configured numbers
   */
  private record Demand(String network, NatConfig.Quotas quotas) {
    static List<Demand> ofAll(Configuration configuration) {
      List<Demand> all = new ArrayList<>();
      for (NetworkConfig network : configuration.networks().values()) {
        if (network.mode() instanceof NetworkMode.Nat mode) {
          all.add(new Demand(network.name(), mode.nat().quotas()));
        }
      }
      return all;
    }

    private int ifWritten(String key, int number) {
      return quotas.written().contains(key) ? number : 0;
    }

    /** All flows of the network. */
    long together() {
      return (long) quotas.tcp() + quotas.udp() + quotas.icmp();
    }

    /** The same, of the numbers in the file only. */
    long writtenTogether() {
      return (long) ifWritten("tcp", quotas.tcp())
          + ifWritten("udp", quotas.udp())
          + ifWritten("icmp", quotas.icmp());
    }

    /** All flows of one guest. */
    long perGuest() {
      return (long) quotas.tcpPerGuest() + quotas.udpPerGuest() + quotas.icmpPerGuest();
    }

    /** The largest demand in the file: of the network, or of one guest. */
    long writtenMost() {
      long guest =
          (long) ifWritten("tcp-per-guest", quotas.tcpPerGuest())
              + ifWritten("udp-per-guest", quotas.udpPerGuest())
              + ifWritten("icmp-per-guest", quotas.icmpPerGuest());
      return Math.max(writtenTogether(), guest);
    }
  }
}
