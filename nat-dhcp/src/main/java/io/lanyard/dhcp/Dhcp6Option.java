package io.lanyard.dhcp;

/** The numbers of DHCPv6 (RFC 8415 sections 21.1 and 21.13, unless said). */
final class Dhcp6Option {
  static final int CLIENT_ID = 1;
  static final int SERVER_ID = 2;
  static final int IA_NA = 3;
  static final int IA_TA = 4;
  static final int IA_ADDRESS = 5;
  static final int REQUESTED = 6;
  static final int RELAY_MESSAGE = 9;
  static final int STATUS = 13;
  static final int RAPID_COMMIT = 14;
  static final int INTERFACE_ID = 18;

  /** RFC 3646. */
  static final int DNS_SERVERS = 23;

  /** RFC 3646. */
  static final int DOMAIN_LIST = 24;

  static final int IA_PD = 25;
  static final int REFRESH_TIME = 32;

  /** RFC 4704. */
  static final int CLIENT_FQDN = 39;

  /** RFC 5908. */
  static final int NTP_SERVERS = 56;

  /** RFC 5908 section 4.1, a suboption: the address of one server. */
  static final int NTP_SERVER_ADDRESS = 1;

  /** RFC 6939. */
  static final int CLIENT_LINK_LAYER = 79;

  static final int SUCCESS = 0;
  static final int NO_ADDRESSES = 2;
  static final int NO_BINDING = 3;
  static final int NOT_ON_LINK = 4;
  static final int USE_MULTICAST = 5;
  static final int NO_PREFIX = 6;

  private Dhcp6Option() {}
}
