package io.lanyard.daemon;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.LogEvent;
import io.lanyard.config.Configuration;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.OpenFiles;
import io.lanyard.nat.flow.FlowQuota;
import java.lang.System.Logger.Level;

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

  /** Its memory, image, console and what its VMM opens. */
  private static final int EACH_GUEST = 16;

  // Connections to the API and of metrics, accepted sockets, files that are read.
  private static final int LEAST_RESERVE = 64;
  private static final int MOST_RESERVE = 2048;
  private static final int RESERVE_SHARE = 8;

  private DescriptorDivision() {}

  /**
   * Divides the process's limit.
   *
   * @param configuration what will run
   * @param clock tells how long a shortage is over
   * @return the budget of its networks
   * @throws StartException if there is too little for them
   */
  static DescriptorBudget divide(Configuration configuration, Clock clock) throws StartException {
    int open = OpenFiles.count() + lasting(configuration);
    DescriptorBudget budget = new DescriptorBudget(() -> divisible(OpenFiles.limit(), open), clock);
    int networks = networks(configuration);
    budget.expect(networks);
    if (networks > 0 && budget.floor(networks) < DescriptorBudget.LEAST_FLOOR) {
      throw new StartException(
          "the limit of "
              + OpenFiles.limit()
              + " open files leaves "
              + budget.total()
              + " sockets for the flows of "
              + networks
              + (networks == 1 ? " network" : " networks"),
          REMEDY);
    }
    return budget;
  }

  static int divisible(int limit, int open) {
    int reserve = Math.clamp(limit / RESERVE_SHARE, LEAST_RESERVE, MOST_RESERVE);
    return Math.max(0, limit - open - reserve);
  }

  private static int networks(Configuration configuration) {
    return (int)
        configuration.networks().values().stream()
            .filter(network -> network.ipv4() != null)
            .count();
  }

  private static int lasting(Configuration configuration) {
    int count = 0;
    for (NetworkConfig network : configuration.networks().values()) {
      count += EACH_NETWORK + EACH_PORT * network.ports().size();
    }
    for (GuestConfig guest : configuration.guests().values()) {
      count += EACH_GUEST + guest.disks().size();
    }
    return count;
  }

  /**
   * The quotas of a network, held to the sockets that it can have. UDP flows share sockets and are
   * held to them as they begin.
   *
   * @param network the network
   * @param nat what its configuration says
   * @param most how many sockets it can have
   * @return the quotas
   */
  static FlowQuota quota(String network, NatConfig nat, int most) {
    NatConfig.Quotas said = nat.quotas();
    FlowQuota usual = FlowQuota.DEFAULT;
    // The file's own numbers; those that it leaves out follow the limit.
    int tcp = said.tcp() == usual.tcp() ? 0 : said.tcp();
    int udp = said.udp() == usual.udp() ? 0 : said.udp();
    int icmp = said.icmp() == usual.icmp() ? 0 : said.icmp();
    long together = (long) tcp + udp + icmp;
    if (together > most) {
      LogEvent.of("quotas-beyond-descriptors")
          .with("network", network)
          .with("tcp", said.tcp())
          .with("udp", said.udp())
          .with("icmp", said.icmp())
          .with("together", together)
          .with("sockets", most)
          .with("advice", REMEDY)
          .log(LOG, Level.WARNING);
    }
    return new FlowQuota(
        Math.min(said.tcpPerGuest(), most),
        Math.min(said.tcp(), most),
        said.udpPerGuest(),
        said.udp(),
        Math.min(said.icmpPerGuest(), most),
        Math.min(said.icmp(), most));
  }
}
