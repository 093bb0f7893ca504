package io.lanyard.control.client;

import java.util.List;

/**
 * A thing of the configuration that has a path of its own in the API: it is put and deleted there.
 *
 * @param segments the path's segments, which may hold anything
 */
public record ConfigItem(List<String> segments) {
  private static final String NETWORKS = "networks";

  /** Copies the segments. */
  public ConfigItem {
    segments = List.copyOf(segments);
  }

  private static ConfigItem of(String... segments) {
    return new ConfigItem(List.of(segments));
  }

  /**
   * A network, with all that belongs to it.
   *
   * @param network its name
   * @return {@code /v1/networks/NETWORK}
   */
  public static ConfigItem network(String network) {
    return of(NETWORKS, network);
  }

  /**
   * Whether a network runs.
   *
   * @param network its name
   * @return {@code /v1/networks/NETWORK/enabled}, which is true or false and cannot be deleted
   */
  public static ConfigItem enabled(String network) {
    return of(NETWORKS, network, "enabled");
  }

  /**
   * A port.
   *
   * @param network its network
   * @param port its name
   * @return {@code /v1/networks/NETWORK/ports/PORT}
   */
  public static ConfigItem port(String network, String port) {
    return of(NETWORKS, network, "ports", port);
  }

  /**
   * A port group.
   *
   * @param network its network
   * @param group its name
   * @return {@code /v1/networks/NETWORK/port-groups/GROUP}
   */
  public static ConfigItem portGroup(String network, String group) {
    return of(NETWORKS, network, "port-groups", group);
  }

  /**
   * A forward.
   *
   * @param network its network
   * @param forward its name; its protocol and address, as {@code tcp/127.0.0.1:8080}, where it has
   *     none
   * @return {@code /v1/networks/NETWORK/forwards/FORWARD}
   */
  public static ConfigItem forward(String network, String forward) {
    return of(NETWORKS, network, "forwards", forward);
  }

  /**
   * A reservation.
   *
   * @param network its network
   * @param mac the MAC address that it is for
   * @return {@code /v1/networks/NETWORK/reservations/MAC}
   */
  public static ConfigItem reservation(String network, String mac) {
    return of(NETWORKS, network, "reservations", mac);
  }

  /**
   * A name that a network's DNS knows.
   *
   * @param network the network
   * @param name the name
   * @return {@code /v1/networks/NETWORK/dns/NAME}
   */
  public static ConfigItem dnsName(String network, String name) {
    return of(NETWORKS, network, "dns", name);
  }

  /**
   * A record of a network's DNS.
   *
   * @param network the network
   * @param record all that it says: name, type and value, as {@code www/cname/web}
   * @return {@code /v1/networks/NETWORK/dns-records/RECORD}
   */
  public static ConfigItem dnsRecord(String network, String record) {
    return of(NETWORKS, network, "dns-records", record);
  }

  /**
   * Where a network's guests may go.
   *
   * @param network the network
   * @return {@code /v1/networks/NETWORK/egress}
   */
  public static ConfigItem egress(String network) {
    return of(NETWORKS, network, "egress");
  }

  /**
   * A network's NAT.
   *
   * @param network the network
   * @return {@code /v1/networks/NETWORK/nat}
   */
  public static ConfigItem nat(String network) {
    return of(NETWORKS, network, "nat");
  }

  /**
   * A network's DHCP.
   *
   * @param network the network
   * @return {@code /v1/networks/NETWORK/dhcp}
   */
  public static ConfigItem dhcp(String network) {
    return of(NETWORKS, network, "dhcp");
  }

  /**
   * A guest.
   *
   * @param guest its name
   * @return {@code /v1/guests/GUEST}
   */
  public static ConfigItem guest(String guest) {
    return of("guests", guest);
  }

  /**
   * The least severe level that is logged.
   *
   * @return {@code /v1/log-level}, which cannot be deleted
   */
  public static ConfigItem logLevel() {
    return of("log-level");
  }

  /** The path, percent-encoded. */
  String path() {
    return Query.path(segments.toArray(String[]::new));
  }
}
