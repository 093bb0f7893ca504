package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.DumpNode;
import io.lanyard.config.DnsConfig;
import io.lanyard.config.DnsUpstream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;

/**
 * The servers of domains that are asked of others than the rest.
 *
 * <p>Thread: the network's loop only.
 */
final class SplitServers {
  private final Clock clock;
  private final Map<Name, UpstreamRanking> domains = new HashMap<>();
  private Map<String, List<DnsUpstream>> declared = Map.of();

  SplitServers(Clock clock, DnsConfig config) {
    this.clock = clock;
    configure(config);
  }

  /** Takes other domains; returns whether they are. */
  boolean configure(DnsConfig config) {
    if (config.domains().equals(declared)) {
      return false;
    }
    declared = config.domains();
    domains.clear();
    declared.forEach((domain, servers) -> {
      UpstreamRanking ranking = new UpstreamRanking(clock);
      ranking.servers(servers.stream().map(UpstreamServer::of).toList());
      domains.put(OwnNames.absolute(domain, null), ranking);
    });
    return true;
  }

  /** The servers of the longest domain that a name is in; null if it is in none. */
  @Nullable UpstreamRanking of(Name name) {
    for (int n = 0; n < name.labels() && !domains.isEmpty(); n++) {
      UpstreamRanking its = domains.get(new Name(name, n));
      if (its != null) {
        return its;
      }
    }
    return null;
  }

  void addTo(DumpNode.Builder node) {
    domains.forEach((domain, ranking) -> node.child(ranking.dump("domain " + domain)));
  }
}
