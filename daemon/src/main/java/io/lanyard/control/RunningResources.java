package io.lanyard.control;

import io.lanyard.control.api.DescriptorInfo;
import io.lanyard.control.api.Role;
import io.lanyard.control.http.HttpServer;
import io.lanyard.control.http.Json;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import io.lanyard.control.json.JsonText;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.change.LentForward;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.UplinkChoices;
import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.net.Address;
import io.lanyard.vswitch.port.Framing;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Changes of leases, flows and links, which are no part of the configuration. */
final class RunningResources {
  /** A name of a file in a directory. */
  private static final Pattern NETNS = Pattern.compile("(?!\\.{1,2}$)[^/\\x00]*");

  /** The protocol in which a descriptor comes. */
  private static final String DESCRIPTOR_PROTOCOL = "lanyard-descriptor";

  private final Daemon daemon;

  private RunningResources(Daemon daemon) {
    this.daemon = daemon;
  }

  static void add(Routes routes, Daemon daemon) {
    RunningResources running = new RunningResources(daemon);
    routes
        .add("GET", "/v1/networks/{network}/leases/{address}", running::lease)
        .add(
            Role.OPERATOR,
            "DELETE",
            "/v1/networks/{network}/leases/{address}",
            running::releaseLease)
        .add("GET", "/v1/networks/{network}/flows/{flow}", running::flow)
        .add(Role.OPERATOR, "DELETE", "/v1/networks/{network}/flows/{flow}", running::endFlow)
        .add(Role.OPERATOR, "PUT", "/v1/networks/{network}/ports/{port}/link", running::link)
        .add(Role.OPERATOR, "POST", "/v1/networks/{network}/port-forward", running::portForward)
        .add(Role.OPERATOR, "POST", HttpServer.HAND_OVER, running::connect)
        .taking("network")
        .add(Role.OPERATOR, "POST", "/v1/networks/{network}/descriptors", running::takeDescriptor)
        .taking("framing")
        .add("GET", "/v1/uplinks", running::uplinks)
        .taking("netns")
        .add("GET", "/v1/vmms", request -> Json.response(daemon.vmms()));
  }

  private Network network(Request request) {
    return ControlServer.network(daemon, request.parameter("network"));
  }

  /** The caller's own connection becomes a guest's link, as gvproxy does it. */
  private Response connect(Request request) {
    String name = request.query("network", "");
    List<Network> running =
        daemon.networks().stream()
            .filter(network -> !network.isStopped())
            .filter(network -> name.isEmpty() || network.name().equals(name))
            .toList();
    if (running.isEmpty()) {
      throw Problem.notFound("running network", name, "\"lanyard network ls\" lists the networks");
    }
    if (running.size() > 1) {
      throw new Problem(
          400,
          "it is not said to which network",
          request.path(),
          "ask for "
              + HttpServer.HAND_OVER
              + "?network=NAME, with one of "
              + String.join(", ", running.stream().map(Network::name).toList()));
    }
    return new Response.HandOver(running.getFirst()::take);
  }

  /** A socket of the caller's becomes a guest's link; it comes when the protocol is changed. */
  private Response takeDescriptor(Request request) {
    Network network = network(request);
    if (network.isStopped()) {
      throw new Problem(
          409,
          "network " + network.name() + " is stopped",
          network.name(),
          "start it: lanyard network start " + network.name());
    }
    String word = request.query("framing", "qemu");
    Framing framing =
        switch (word) {
          case "qemu" -> Framing.QEMU;
          case "gvproxy" -> Framing.GVPROXY;
          default -> throw new Problem(400, "there is no framing " + word, word, "qemu or gvproxy");
        };
    if (!request.header("upgrade").equalsIgnoreCase(DESCRIPTOR_PROTOCOL)) {
      throw new Problem(
          426,
          "a descriptor needs another protocol than HTTP",
          request.path(),
          "send the headers \"Connection: upgrade\" and \"Upgrade: " + DESCRIPTOR_PROTOCOL + "\"",
          Map.of("Upgrade", DESCRIPTOR_PROTOCOL));
    }
    return new Response.Descriptor(
        DESCRIPTOR_PROTOCOL,
        descriptor -> {
          try {
            return new DescriptorInfo(network.name(), network.take(descriptor, framing));
          } catch (IllegalArgumentException e) {
            throw new Problem(400, String.valueOf(e.getMessage()), "", "");
          } catch (IllegalStateException e) {
            throw new Problem(409, String.valueOf(e.getMessage()), network.name(), "");
          }
        });
  }

  private Response uplinks(Request request) throws IOException {
    String netns = request.query("netns", "");
    if (!NETNS.matcher(netns).matches()) {
      throw new Problem(
          400, "a network namespace is asked for by its name", netns, "`ip netns` lists them");
    }
    try {
      return Json.response(
          UplinkChoices.list(
              netns.isEmpty() ? null : netns,
              daemon.networks().stream().map(Network::config).toList()));
    } catch (ErrnoException e) {
      if (e.number() == Errno.ENOENT) {
        throw Problem.notFound("network namespace", netns, "`ip netns` lists them");
      }
      throw new Problem(
          409,
          "the interfaces"
              + (netns.isEmpty() ? "" : " of " + netns)
              + " cannot be listed: "
              + e.getMessage(),
          netns,
          "the daemon needs CAP_SYS_ADMIN to enter a network namespace");
    }
  }

  private Response lease(Request request) {
    Address address = address(request);
    return network(request).report().leases().stream()
        .filter(lease -> lease.address().equals(address.toString()))
        .findAny()
        .map(lease -> Json.tagged(lease, ""))
        .orElseThrow(() -> noLease(address));
  }

  private Response releaseLease(Request request) {
    Address address = address(request);
    if (!network(request).release(address)) {
      throw noLease(address);
    }
    return Response.empty();
  }

  private static Address address(Request request) {
    String text = request.parameter("address");
    try {
      return Address.parse(text);
    } catch (IllegalArgumentException e) {
      throw new Problem(400, "expected an address, found " + text, text, "");
    }
  }

  private static Problem noLease(Address address) {
    return Problem.notFound("lease", address.toString(), "\"lanyard lease ls\" lists the leases");
  }

  private Response flow(Request request) {
    long id = flowId(request);
    return network(request)
        .report()
        .flow(id)
        .map(flow -> Json.tagged(flow, ""))
        .orElseThrow(() -> noFlow(id));
  }

  private Response endFlow(Request request) {
    long id = flowId(request);
    if (!network(request).endFlow(id)) {
      throw noFlow(id);
    }
    return Response.empty();
  }

  private static long flowId(Request request) {
    String text = request.parameter("flow");
    if (!text.matches("[0-9]{1,18}")) {
      throw new Problem(400, "a flow's id is a number, not " + text, text, "");
    }
    return Long.parseLong(text);
  }

  private static Problem noFlow(long id) {
    return Problem.notFound(
        "flow", Long.toString(id), "it may have ended; \"lanyard flow ls\" lists the flows");
  }

  private Response portForward(Request request) {
    String network = network(request).name();
    LentForward lent =
        RequestedChanges.await(
            daemon
                .conductor()
                .lend(network, JsonText.text(request.json()), request.caller().name()));
    return new Response.Stream("application/x-ndjson", new Lending(lent));
  }

  /** Says what was lent, then waits for the client to leave. */
  private record Lending(LentForward lent) implements Response.Conversation {
    @Override
    public void speak(InputStream in, OutputStream out) throws IOException {
      try (lent) {
        out.write((JsonText.text(lent.info()) + "\n").getBytes(StandardCharsets.UTF_8));
        in.transferTo(OutputStream.nullOutputStream());
      }
    }

    @Override
    public void abandon() {
      lent.close();
    }
  }

  private Response link(Request request) {
    if (!(request.json().get("up") instanceof Boolean up)) {
      throw new Problem(
          400, "the request does not say whether the link is up", "", "send {\"up\": true}");
    }
    String port = request.parameter("port");
    if (!network(request).link(port, up)) {
      throw Problem.notFound("port", port, "\"lanyard port ls\" lists the ports");
    }
    return Response.empty();
  }
}
