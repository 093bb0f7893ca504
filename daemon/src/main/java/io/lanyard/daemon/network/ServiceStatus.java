package io.lanyard.daemon.network;

import io.lanyard.base.EnumText;
import io.lanyard.config.ForwardConfig;
import io.lanyard.control.api.FlowInfo;
import io.lanyard.control.api.ForwardInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.dhcp.Lease;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.forward.ForwardStatus;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.frame.Ethernet;
import java.util.AbstractList;
import java.util.List;
import java.util.Objects;

/** Leases, flows and forwards as the API shows them. */
final class ServiceStatus {
  private ServiceStatus() {}

  static LeaseInfo lease(String network, Lease lease, String expires) {
    return new LeaseInfo(
        network,
        lease.address().toString(),
        Ethernet.format(lease.mac()),
        Objects.requireNonNullElse(lease.hostname(), ""),
        expires,
        EnumText.word(lease.state()));
  }

  /**
   * Flows as they stand. What the API says of each is made when it is asked for, as there may be a
   * hundred thousand.
   */
  static List<FlowInfo> flows(String network, List<FlowRecord> flows) {
    return new AbstractList<>() {
      @Override
      public FlowInfo get(int index) {
        return flow(network, flows.get(index));
      }

      @Override
      public int size() {
        return flows.size();
      }
    };
  }

  private static FlowInfo flow(String network, FlowRecord flow) {
    String forward = flow.forward();
    return new FlowInfo(
        network,
        flow.id(),
        Objects.requireNonNullElse(forward, ""),
        flow.port(),
        flow.protocol(),
        forward == null ? "out" : "in",
        flow.guest().toString(),
        flow.remote().toString(),
        client(flow),
        flow.state(),
        flow.bytesFromGuest(),
        flow.bytesToGuest(),
        flow.ageNanos() / 1_000_000_000,
        flow.idleNanos() / 1_000_000_000);
  }

  /** The end outside of a flow that the guest did not begin; empty for others. */
  static String client(FlowRecord flow) {
    Endpoint client = flow.client();
    return client == null ? "" : client.toString();
  }

  static ForwardInfo forward(String network, ForwardStatus status) {
    return forward(
        network,
        status.forward(),
        status.listening() ? "listening" : "failed",
        String.join("; ", status.problems()),
        status.accepted());
  }

  /** A forward of a network that is stopped. */
  static ForwardInfo stopped(String network, ForwardConfig forward) {
    return forward(network, forward, Network.STOPPED, "", 0);
  }

  private static ForwardInfo forward(
      String network, ForwardConfig forward, String state, String problem, long connections) {
    return new ForwardInfo(
        network,
        Objects.requireNonNullElse(forward.name(), ""),
        EnumText.word(forward.protocol()),
        forward.listenText(),
        forward.toText(),
        state,
        problem,
        connections);
  }
}
