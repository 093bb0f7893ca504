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
 * The servers of domains that are asked of others than the rest: those of the configuration, and
 * those of the host's links (systemd-resolved). Of one domain, the configuration's count.
 *
 * <p>Thread: the network's loop only.
 */
final class SplitServers {
  private final Clock clock;
  private final Map<Name, UpstreamRanking> domains = new HashMap<>();
  private final Map<Name, UpstreamRanking> ofHost = new HashMap<>();
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
    declared.forEach((domain, servers) ->
        domains.put(
            OwnNames.absolute(domain, null),
            ranking(servers.stream().map(UpstreamServer::of).toList())));
    return true;
  }

  private UpstreamRanking ranking(List<UpstreamServer> servers) {
    UpstreamRanking ranking = new UpstreamRanking(clock);
    ranking.servers(servers);
    return ranking;
  }

  /** Takes other domains of the host's links. */
  void ofHost(Map<Name, List<UpstreamServer>> next) {
    ofHost.keySet().retainAll(next.keySet());
    next.forEach((domain, servers) ->
        ofHost.computeIfAbsent(domain, key -> ranking(List.of())).servers(servers));
  }

  /** The servers of the longest domain that a name is in; null if it is in none. */
  @Nullable UpstreamRanking of(Name name) {
    for (int n = 0; n < name.labels() && !(domains.isEmpty() && ofHost.isEmpty()); n++) {
      Name domain = new Name(name, n);
      UpstreamRanking declaredOnes = domains.get(domain);
      UpstreamRanking its = declaredOnes == null ? ofHost.get(domain) : declaredOnes;
      if (its != null) {
        return its;
      }
    }
    return null;
  }

  void addTo(DumpNode.Builder node) {
    domains.forEach((domain, ranking) -> node.child(ranking.dump("domain " + domain)));
    ofHost.forEach((domain, ranking) -> node.child(ranking.dump("domain of the host " + domain)));
  }
}
