package io.lanyard.control;

import io.lanyard.config.NamePattern;
import io.lanyard.control.http.Json;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.network.EgressQuestion;
import io.lanyard.daemon.network.Network;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import java.util.regex.Pattern;

/** Tells what would become of a guest's flow. */
final class EgressResource {
  /** The service that people mean who say none: HTTPS. */
  private static final int USUAL_SERVICE = 443;

  private static final int LAST_PORT = 65_535;
  private static final Pattern LOOKS_LIKE_IPV4 = Pattern.compile("[0-9.]+");

  private final Daemon daemon;

  private EgressResource(Daemon daemon) {
    this.daemon = daemon;
  }

  static void add(Routes routes, Daemon daemon) {
    routes
        .add(
            "GET",
            "/v1/networks/{network}/ports/{port}/egress/{destination}",
            new EgressResource(daemon)::test)
        .taking("protocol", "direction");
  }

  private Response test(Request request) {
    Network network = ControlServer.network(daemon, request.parameter("network"));
    String port = request.parameter("port");
    EgressQuestion question =
        question(
            request.parameter("destination"),
            request.query("protocol", "tcp"),
            isInward(request.query("direction", "out")));
    if (network.report().ports().stream().noneMatch(each -> each.name().equals(port))) {
      throw Problem.notFound("port", port, "\"lanyard port ls\" lists the ports");
    }
    return Json.response(network.testEgress(port, question));
  }

  private static boolean isInward(String direction) {
    return switch (direction) {
      case "out" -> false;
      case "in" -> true;
      default -> throw new Problem(400, "expected out or in, found " + direction, direction, "");
    };
  }

  private static EgressQuestion question(String to, String protocol, boolean inward) {
    int number =
        switch (protocol) {
          case "tcp" -> FlowKey.TCP;
          case "udp" -> FlowKey.UDP;
          case "icmp" -> FlowKey.ICMP;
          default ->
              throw new Problem(400, "expected tcp, udp or icmp, found " + protocol, protocol, "");
        };
    String host = to;
    String service = "";
    int end = to.indexOf(']');
    int colon = to.indexOf(':');
    if (to.startsWith("[") && end > 0) {
      host = to.substring(1, end);
      service = to.substring(end + 1);
    } else if (colon >= 0 && to.indexOf(':', colon + 1) < 0) {
      host = to.substring(0, colon);
      service = to.substring(colon);
    }
    if (inward && number == FlowKey.ICMP) {
      throw new Problem(400, "nothing comes in by ICMP", protocol, "ask about tcp or udp");
    }
    int port = service.isEmpty() ? USUAL_SERVICE : port(service, to);
    if (number == FlowKey.ICMP) {
      if (!service.isEmpty()) {
        throw new Problem(400, "ICMP has no ports", to, "leave out " + service);
      }
      port = 0;
    }
    try {
      if (LOOKS_LIKE_IPV4.matcher(host).matches() || host.indexOf(':') >= 0) {
        return new EgressQuestion(inward, "", Address.parse(host), number, port);
      }
      if (inward) {
        throw new IllegalArgumentException("who comes in has an address and no name");
      }
      NamePattern name = NamePattern.parse(host);
      if (name.below()) {
        throw new IllegalArgumentException("a guest asks for one name, not for all below it");
      }
      return new EgressQuestion(false, name.name(), null, number, port);
    } catch (IllegalArgumentException e) {
      throw new Problem(
          400,
          "expected a name or an address, found \"" + to + "\": " + e.getMessage(),
          to,
          "write NAME, NAME:PORT, ADDRESS, ADDRESS:PORT or [IPV6]:PORT");
    }
  }

  private static int port(String service, String to) {
    String digits = service.substring(1);
    int port = service.matches(":[0-9]{1,5}") ? Integer.parseInt(digits) : 0;
    if (port == 0 || port > LAST_PORT) {
      throw new Problem(
          400,
          "expected a port from 1 to " + LAST_PORT + ", found \"" + digits + "\"",
          to,
          "write NAME:PORT, ADDRESS:PORT or [IPV6]:PORT");
    }
    return port;
  }
}
