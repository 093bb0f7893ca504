package io.lanyard.cli;

import io.lanyard.config.DocumentPath;
import java.util.List;

/**
 * A thing of the configuration that a command changes.
 *
 * @param what the thing in words, for messages: {@code port q on network vmnet8}
 * @param path where it is
 */
record Target(String what, DocumentPath path) {
  static Target network(String network) {
    return new Target("network " + network, DocumentPath.of("networks", network));
  }

  static Target port(String network, String port) {
    return new Target(
        "port " + port + " on network " + network,
        DocumentPath.of("networks", network, "ports", port));
  }

  static Target portGroup(String network, String group) {
    return new Target(
        "port group " + group + " on network " + network,
        DocumentPath.of("networks", network, "port-groups", group));
  }

  static Target forward(String network, String forward) {
    return new Target(
        "forward " + forward + " on network " + network,
        DocumentPath.of("networks", network, "forwards", forward));
  }

  static Target reservation(String network, String mac) {
    return new Target(
        "reservation for " + mac + " on network " + network,
        DocumentPath.of("networks", network, "dhcp", "reservations", mac));
  }

  static Target dnsName(String network, String name) {
    return new Target(
        "DNS name " + name + " on network " + network,
        DocumentPath.of("networks", network, "dns", "hosts", name));
  }

  /** A record of a network's DNS, as {@code www/cname/web}. */
  static Target dnsRecord(String network, String record) {
    return new Target(
        "DNS record " + record + " on network " + network,
        DocumentPath.of("networks", network, "dns", "records", record));
  }

  /** The advice for a caller who has named one that is not there. */
  String whereToLook() {
    List<String> steps = path.steps();
    if (steps.getFirst().equals("guests")) {
      return "\"lanyard guest ls\" lists the guests";
    }
    String network = steps.get(1);
    return switch (steps.size() > 2 ? steps.get(2) : "") {
      case "ports" -> "\"lanyard port ls " + network + "\" lists the ports";
      case "port-groups" -> "\"lanyard group ls " + network + "\" lists the port groups";
      case "forwards" -> "\"lanyard forward ls " + network + "\" lists the forwards";
      case "dhcp" ->
          "a reservation is known by its MAC address: \"lanyard reservation ls "
              + network
              + "\" lists them";
      case "dns" -> "\"lanyard dns ls " + network + "\" lists names and records";
      default -> "\"lanyard network ls\" lists the networks";
    };
  }

  static Target guest(String guest) {
    return new Target("guest " + guest, DocumentPath.of("guests", guest));
  }
}
