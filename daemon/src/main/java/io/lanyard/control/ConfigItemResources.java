package io.lanyard.control;

import io.lanyard.base.EnumText;
import io.lanyard.config.Configuration;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.control.http.Json;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Resource;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import io.lanyard.control.json.JsonText;
import io.lanyard.daemon.change.Conductor;
import io.lanyard.daemon.change.RunningConfiguration;
import java.util.List;

/**
 * The things of the configuration that have a path of their own in the API, where they are read,
 * put and deleted one by one. A put or a deletion is one edit of the document.
 */
final class ConfigItemResources {
  private static final String OF_NETWORK = "/v1/networks/{network}";

  /** The things: their routes, and where the file has them. */
  private enum Item {
    NETWORK(OF_NETWORK, "network"),
    PORT(OF_NETWORK + "/ports/{port}", "port"),
    PORT_GROUP(OF_NETWORK + "/port-groups/{group}", "port group"),
    FORWARD(OF_NETWORK + "/forwards/{forward}", "forward"),
    RESERVATION(OF_NETWORK + "/reservations/{mac}", "reservation"),
    DNS_NAME(OF_NETWORK + "/dns/{name}", "DNS name"),
    DNS_RECORD(OF_NETWORK + "/dns-records/{record}", "DNS record"),
    EGRESS(OF_NETWORK + "/egress", "egress"),
    NAT(OF_NETWORK + "/nat", "NAT"),
    DHCP(OF_NETWORK + "/dhcp", "DHCP"),
    ENABLED(OF_NETWORK + "/enabled", "network"),
    GUEST("/v1/guests/{guest}", "guest"),
    LOG_LEVEL("/v1/log-level", "log level");

    private final String route;
    private final String word;

    Item(String route, String word) {
      this.route = route;
      this.word = word;
    }

    DocumentPath path(Request request) {
      return switch (this) {
        case NETWORK -> path("networks", request.parameter("network"));
        case PORT ->
            path("networks", request.parameter("network"), "ports", request.parameter("port"));
        case PORT_GROUP ->
            path(
                "networks",
                request.parameter("network"),
                "port-groups",
                request.parameter("group"));
        case FORWARD ->
            path(
                "networks", request.parameter("network"), "forwards", request.parameter("forward"));
        case RESERVATION ->
            path(
                "networks",
                request.parameter("network"),
                "dhcp",
                "reservations",
                request.parameter("mac"));
        case DNS_NAME ->
            path(
                "networks",
                request.parameter("network"),
                "dns",
                "hosts",
                request.parameter("name"));
        case DNS_RECORD ->
            path(
                "networks",
                request.parameter("network"),
                "dns",
                "records",
                request.parameter("record"));
        case EGRESS -> path("networks", request.parameter("network"), "egress");
        case NAT -> path("networks", request.parameter("network"), "nat");
        case DHCP -> path("networks", request.parameter("network"), "dhcp");
        case ENABLED -> path("networks", request.parameter("network"), "enabled");
        case GUEST -> path("guests", request.parameter("guest"));
        case LOG_LEVEL -> path("log", "level");
      };
    }

    private static DocumentPath path(String... steps) {
      return new DocumentPath(List.of(steps));
    }
  }

  private final Conductor conductor;
  private final RequestedChanges changes;

  private ConfigItemResources(Conductor conductor, RequestedChanges changes) {
    this.conductor = conductor;
    this.changes = changes;
  }

  static void add(Routes routes, Conductor conductor, RequestedChanges changes) {
    ConfigItemResources items = new ConfigItemResources(conductor, changes);
    for (Item item : Item.values()) {
      if (item != Item.NETWORK && item != Item.GUEST) { // which say how they run
        routes.add("GET", item.route, items.getting(item));
      }
      routes.add("PUT", item.route, items.putting(item)).taking(RequestedChanges.OPTIONS);
      if (item != Item.LOG_LEVEL && item != Item.ENABLED) {
        routes.add("DELETE", item.route, items.deleting(item)).taking(RequestedChanges.OPTIONS);
      }
    }
  }

  private Resource putting(Item item) {
    return request -> {
      DocumentPath path = item.path(request);
      Edit edit =
          RequestedChanges.edit(request, true, path, request.value(), RequestedChanges.now());
      return changes.change(request, changes.of(List.of(edit)), "set " + item.word + " " + path);
    };
  }

  /** The value of a thing as the file would say it, without defaults: what PUT takes. */
  private Resource getting(Item item) {
    return request -> {
      RunningConfiguration present = conductor.present();
      DocumentPath path = item.path(request);
      String value =
          present
              .document()
              .value(path)
              .orElseGet(() -> unsaid(item, path, present.configuration()));
      return Response.text(Json.TYPE, value).with("ETag", RequestedChanges.tag(present.revision()));
    };
  }

  /** The value that counts where nothing is said. */
  private static String unsaid(Item item, DocumentPath path, Configuration present) {
    return switch (item) {
      case LOG_LEVEL -> JsonText.text(EnumText.word(present.log().level()));
      case ENABLED -> ofNetwork(path, present, "true");
      case EGRESS, NAT, DHCP -> ofNetwork(path, present, "{}");
      default ->
          throw Problem.notFound(
              item.word, path.steps().getLast(), "\"lanyard config show\" lists what there is");
    };
  }

  private static String ofNetwork(DocumentPath path, Configuration present, String value) {
    String network = path.steps().get(1);
    if (!present.networks().containsKey(network)) {
      throw Problem.notFound("network", network, "\"lanyard network ls\" lists the networks");
    }
    return value;
  }

  private Resource deleting(Item item) {
    return request -> {
      DocumentPath path = item.path(request);
      if (!isSaid(path)) {
        changes.requireKnown(request);
        throw Problem.notFound(
            item.word, path.steps().getLast(), "\"lanyard config show\" lists what there is");
      }
      Edit edit = RequestedChanges.edit(request, false, path, "", RequestedChanges.now());
      return changes.change(request, changes.of(List.of(edit)), "remove " + item.word + " " + path);
    };
  }

  /** Whether the file or a change says something there; who removes another thing is told later. */
  private boolean isSaid(DocumentPath path) {
    return conductor.present().document().says(path);
  }
}
