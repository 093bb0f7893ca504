package io.lanyard.daemon.network;

import io.lanyard.base.DumpNode;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.control.api.EgressTestInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.forward.ForwardStatus;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The place of a network's gateway: empty where the mode has none, while it could not start yet,
 * and on a network that is stopped. An empty place has no flows, forwards, leases or problems.
 *
 * <p>Thread: what a method says that it does on the loop needs the loop; the others wait for the
 * loop and must not be called on it.
 */
final class NetworkGateway {
  private final String network;
  private final NetworkLoop loop;
  private final Metrics metrics;
  private volatile @Nullable NetworkServices services;

  /** Whether forwards may be removed before anybody needs to hear of a failure. On the loop. */
  private boolean tried;

  NetworkGateway(String network, NetworkLoop loop, Metrics metrics) {
    this.network = network;
    this.loop = loop;
    this.metrics = metrics;
  }

  /**
   * Makes the gateway.
   *
   * @param make makes it, on the loop
   */
  void start(Supplier<NetworkServices> make) {
    NetworkServices[] late = new NetworkServices[1];
    try {
      loop.make(() -> {
        NetworkServices made = make.get();
        late[0] = made;
        services = made;
        if (tried) {
          holdThose(made);
        }
        return made;
      });
    } catch (RuntimeException e) {
      loop.post(() -> closeLate(late[0]));
      throw e;
    }
  }

  /** Closes services that the loop has made when nobody waited for them any more. On the loop. */
  private void closeLate(@Nullable NetworkServices made) {
    if (made != null) {
      services = null;
      made.close();
    }
  }

  /** Whether there is a gateway now. Thread: any. */
  boolean isThere() {
    return services != null;
  }

  /**
   * The services; null while there is no gateway. Thread: any, but what they have is the loop's.
   */
  @Nullable NetworkServices services() {
    return services;
  }

  /** How many leases are bound. Thread: any. */
  int boundLeases() {
    NetworkServices offered = services;
    return offered == null ? 0 : offered.boundLeases();
  }

  /** How many flows go through the NAT; a flow or two late. Thread: any. */
  int flowCount() {
    NetworkServices offered = services;
    return offered == null ? 0 : offered.flowCount();
  }

  /** Takes over other settings. On the loop. */
  void configure(NetworkConfig next, Map<String, GuestConfig> declared) {
    NetworkServices offered = services;
    if (offered != null) {
      offered.configure(next, declared, metrics);
    }
  }

  /** Keeps the failures of forwards that are added from now on out of the log. */
  void holdFailures() {
    loop.post(() -> {
      tried = true;
      holdThose(services);
    });
  }

  private static void holdThose(@Nullable NetworkServices made) {
    if (made != null) {
      made.nat().forwards().holdFailures();
    }
  }

  /** Logs the failures that were kept back, of forwards that are still there. */
  void tellFailures() {
    loop.post(() -> {
      tried = false;
      NetworkServices offered = services;
      if (offered != null) {
        offered.nat().forwards().tellFailures();
      }
    });
  }

  /** Opens a forward, and answers why it does not listen; an empty text if it does. */
  String addForward(ForwardConfig forward) {
    return loop.await(() -> {
      NetworkServices offered = services;
      return offered == null
          ? CompletableFuture.completedFuture(
              "network " + network + " has no gateway at present; its problems say why")
          : offered.addForward(forward, metrics);
    });
  }

  void removeForward(ForwardConfig forward) {
    change(gateway -> gateway.removeForward(forward, metrics));
  }

  void changeForward(ForwardConfig before, ForwardConfig after) {
    change(gateway -> gateway.changeForward(before, after, metrics));
  }

  /** Does something to the gateway, unless there is none. */
  private void change(Consumer<NetworkServices> what) {
    loop.call(() -> {
      NetworkServices offered = services;
      if (offered != null) {
        what.accept(offered);
      }
      return true;
    });
  }

  /** The address that a NIC's lease gives it, as text; empty for none. */
  String addressOf(long mac) {
    return loop.call(() -> {
      NetworkServices offered = services;
      Address address = offered == null ? null : offered.addressOf(mac);
      return address == null ? "" : address.toString();
    });
  }

  /** The prefixes of translators that egress goes by, beside those that all have. On the loop. */
  List<String> nat64Prefixes() {
    NetworkServices offered = services;
    return offered == null
        ? List.of()
        : offered.nat().egress().translators().stream().map(Subnet::toString).toList();
  }

  /** The flows through the NAT that a condition holds for. On the loop. */
  List<FlowRecord> flows(Predicate<Flow> which) {
    NetworkServices offered = services;
    return offered == null ? List.of() : offered.nat().flows().list(which);
  }

  /** Counts flows through the NAT. On the loop. */
  int countFlows(Predicate<Flow> which) {
    NetworkServices offered = services;
    return offered == null ? 0 : offered.nat().flows().count(which);
  }

  /**
   * How many flows another configuration of the network would forbid.
   *
   * @param ports the egress of ports and port groups as it would be, asked for on the loop
   */
  long flowsEndedBy(NetworkConfig next, Supplier<PortEgress> ports) {
    return loop.call(() -> {
      NetworkServices offered = services;
      return offered == null ? 0 : offered.nat().endedBy(next, ports.get()).size();
    });
  }

  /** Answers what would become of a guest's flow; nothing where there is no gateway. */
  List<EgressTestInfo> testEgress(Switch ethernet, String port, EgressQuestion question) {
    return loop.await(() -> {
      NetworkServices offered = services;
      return offered == null
          ? CompletableFuture.completedFuture(List.of())
          : new EgressInquiry(offered, ethernet, network, port, question).run();
    });
  }

  /** Ends a flow; false if there is no such flow any more. */
  boolean endFlow(long id) {
    return loop.call(() -> {
      NetworkServices offered = services;
      return offered != null && offered.nat().end(id);
    });
  }

  /** The leases that are held. On the loop. */
  List<LeaseInfo> leases() {
    NetworkServices offered = services;
    return offered == null
        ? List.of()
        : offered.leases().stream()
            .map(lease -> ServiceStatus.lease(network, lease, offered.expires(lease)))
            .toList();
  }

  /** Ends a lease; false if nobody has the address. */
  boolean release(Address address) {
    return loop.await(() -> {
      NetworkServices offered = services;
      return offered == null ? CompletableFuture.completedFuture(false) : offered.release(address);
    });
  }

  /** The forwards. On the loop. */
  List<ForwardStatus> forwards() {
    NetworkServices offered = services;
    return offered == null ? List.of() : offered.nat().forwards().list();
  }

  /** The present problems of forwards and services. On the loop. */
  List<String> problems() {
    List<String> all = new ArrayList<>();
    for (ForwardStatus status : forwards()) {
      status
          .problems()
          .forEach(problem -> all.add("forward " + status.forward().label() + ": " + problem));
    }
    NetworkServices offered = services;
    if (offered != null) {
      all.addAll(offered.problems());
    }
    return all;
  }

  /** The present problems of one port. On the loop. */
  List<String> problems(Port port) {
    NetworkServices offered = services;
    return offered == null ? List.of() : offered.problems(port);
  }

  /** Adds the gateway's part of the network's tree. On the loop. */
  void dump(DumpNode.Builder node) {
    NetworkServices offered = services;
    if (offered != null) {
      offered.dump(node);
    }
  }

  /** Ends the services. On the loop. */
  void close() {
    NetworkServices offered = services;
    if (offered != null) {
      offered.close();
    }
  }
}
