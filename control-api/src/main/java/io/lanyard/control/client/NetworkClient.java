package io.lanyard.control.client;

import io.lanyard.control.api.EgressTestInfo;
import io.lanyard.control.api.FlowInfo;
import io.lanyard.control.api.ForwardInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.api.MacInfo;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PortGroupInfo;
import io.lanyard.control.api.PortInfo;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Networks and what is on them: ports, addresses, leases, flows, forwards and frames.
 *
 * <p>Errors and thread: as {@link LanyardClient} says.
 */
public final class NetworkClient {
  private final Requests requests;

  NetworkClient(Requests requests) {
    this.requests = requests;
  }

  /** A list of all networks' things of a kind, or of one network's. */
  private static String of(String resource, String network) {
    return Query.path(resource) + new Query().add("network", network);
  }

  /**
   * The networks.
   *
   * @return {@code GET /v1/networks}
   * @throws IOException as the class says
   */
  public Reply<List<NetworkInfo>> list() throws IOException {
    return requests.list(NetworkInfo.class, Query.path("networks"));
  }

  /**
   * A network.
   *
   * @param network its name
   * @return {@code GET /v1/networks/NETWORK}
   * @throws IOException as the class says
   */
  public Reply<NetworkInfo> get(String network) throws IOException {
    return requests.one(NetworkInfo.class, "GET", Query.path("networks", network));
  }

  /**
   * The ports of the switches.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/ports}
   * @throws IOException as the class says
   */
  public Reply<List<PortInfo>> ports(String network) throws IOException {
    return requests.list(PortInfo.class, of("ports", network));
  }

  /**
   * The port groups.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/port-groups}
   * @throws IOException as the class says
   */
  public Reply<List<PortGroupInfo>> portGroups(String network) throws IOException {
    return requests.list(PortGroupInfo.class, of("port-groups", network));
  }

  /**
   * The MAC addresses that the switches know.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/macs}
   * @throws IOException as the class says
   */
  public Reply<List<MacInfo>> macs(String network) throws IOException {
    return requests.list(MacInfo.class, of("macs", network));
  }

  /**
   * The DHCP leases.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/leases}
   * @throws IOException as the class says
   */
  public Reply<List<LeaseInfo>> leases(String network) throws IOException {
    return requests.list(LeaseInfo.class, of("leases", network));
  }

  /**
   * A lease.
   *
   * @param network its network
   * @param address its address
   * @return {@code GET /v1/networks/NETWORK/leases/ADDRESS}
   * @throws IOException as the class says; refused with status 404 if there is none
   */
  public Reply<LeaseInfo> lease(String network, String address) throws IOException {
    return requests.one(LeaseInfo.class, "GET", Query.path("networks", network, "leases", address));
  }

  /**
   * Ends a lease.
   *
   * @param network its network
   * @param address its address
   * @throws IOException as the class says
   */
  public void releaseLease(String network, String address) throws IOException {
    requests.act("DELETE", Query.path("networks", network, "leases", address));
  }

  /**
   * The flows through the NAT.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/flows}
   * @throws IOException as the class says
   */
  public Reply<List<FlowInfo>> flows(String network) throws IOException {
    return requests.list(FlowInfo.class, of("flows", network));
  }

  /**
   * A flow.
   *
   * @param network its network
   * @param id its number
   * @return {@code GET /v1/networks/NETWORK/flows/ID}
   * @throws IOException as the class says; refused with status 404 if it has ended
   */
  public Reply<FlowInfo> flow(String network, String id) throws IOException {
    return requests.one(FlowInfo.class, "GET", Query.path("networks", network, "flows", id));
  }

  /**
   * Ends a flow.
   *
   * @param network its network
   * @param id its number
   * @throws IOException as the class says
   */
  public void endFlow(String network, String id) throws IOException {
    requests.act("DELETE", Query.path("networks", network, "flows", id));
  }

  /**
   * The port forwards.
   *
   * @param network only of this network; empty for all
   * @return {@code GET /v1/forwards}
   * @throws IOException as the class says
   */
  public Reply<List<ForwardInfo>> forwards(String network) throws IOException {
    return requests.list(ForwardInfo.class, of("forwards", network));
  }

  /**
   * Asks what would become of a guest's flow, by the decision that its first packet would get.
   *
   * @param network the network
   * @param port the port that the guest is behind
   * @param to a name or an address, and if wanted a colon and a port
   * @param protocol tcp, udp or icmp; empty for tcp
   * @param direction out, or in for a flow that comes in by a forward: then the address is the
   *     client's and the port the guest's; empty for out
   * @return {@code GET /v1/networks/{network}/ports/{port}/egress/{destination}}
   * @throws IOException as the class says
   */
  public Reply<List<EgressTestInfo>> testEgress(
      String network, String port, String to, String protocol, String direction)
      throws IOException {
    return requests.list(
        EgressTestInfo.class,
        Query.path("networks", network, "ports", port, "egress", to)
            + new Query().add("protocol", protocol).add("direction", direction));
  }

  /**
   * Sets the link of a port up or down.
   *
   * @param network its network
   * @param port its name
   * @param isUp whether frames pass
   * @throws IOException as the class says
   */
  public void setLink(String network, String port, boolean isUp) throws IOException {
    requests.put(Query.path("networks", network, "ports", port, "link"), Map.of("up", isUp));
  }

  /**
   * Opens a forward that lives as long as its connection.
   *
   * @param network its network
   * @param protocol tcp or udp
   * @param listen where the host listens
   * @param to the guest's end
   * @return the forward, to be closed
   * @throws IOException as the class says
   */
  public LentForward lendForward(String network, String protocol, String listen, String to)
      throws IOException {
    Map<String, String> body = new LinkedHashMap<>();
    body.put("protocol", protocol);
    body.put("listen", listen);
    body.put("to", to);
    HttpClient.Answer answer =
        requests.open(
            "POST",
            Query.path("networks", network, "port-forward"),
            Requests.AS_JSON,
            Requests.bytes(body));
    try {
      return new LentForward(answer);
    } catch (IOException | RuntimeException e) {
      answer.close();
      throw e;
    }
  }

  /**
   * Captures what passes a network or one of its ports.
   *
   * @param network its name
   * @param port only this port; empty for the whole network
   * @param filter the frames that are taken, such as {@code tcp port 80}; empty for all
   * @return pcapng, until {@link ByteStream#finish}; to be closed
   * @throws IOException as the class says
   */
  public ByteStream capture(String network, String port, String filter) throws IOException {
    Query query = new Query().add("port", port).add("filter", filter);
    String target = Query.path("networks", network, "capture") + query;
    return new ByteStream(requests.open(target));
  }

  /**
   * The last frames of a port, where its network keeps them.
   *
   * @param network its name
   * @param port its port
   * @param last how far back, such as {@code 30s}
   * @param filter the frames that are taken; empty for all
   * @return pcapng, with an end; to be closed
   * @throws IOException as the class says
   */
  public ByteStream lastFrames(String network, String port, String last, String filter)
      throws IOException {
    Query query = new Query().add("port", port).add("last", last).add("filter", filter);
    String target = Query.path("networks", network, "capture") + query;
    return new ByteStream(requests.open(target));
  }
}
