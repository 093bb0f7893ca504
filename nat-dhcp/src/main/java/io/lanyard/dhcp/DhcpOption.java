package io.lanyard.dhcp;

/** Codes of the options that the server reads or writes (RFC 2132 unless said). */
final class DhcpOption {
  static final int PAD = 0;
  static final int SUBNET_MASK = 1;
  static final int ROUTER = 3;
  static final int DNS_SERVERS = 6;
  static final int HOST_NAME = 12;
  static final int DOMAIN_NAME = 15;
  static final int INTERFACE_MTU = 26;
  static final int BROADCAST_ADDRESS = 28;
  static final int NTP_SERVERS = 42;
  static final int REQUESTED_ADDRESS = 50;
  static final int LEASE_TIME = 51;
  static final int OVERLOAD = 52;
  static final int MESSAGE_TYPE = 53;
  static final int SERVER_ID = 54;
  static final int PARAMETER_LIST = 55;
  static final int MESSAGE = 56;
  static final int MAX_MESSAGE_SIZE = 57;
  static final int RENEWAL_TIME = 58;
  static final int REBINDING_TIME = 59;
  static final int CLIENT_ID = 61;
  static final int TFTP_SERVER_NAME = 66;
  static final int BOOT_FILE = 67;

  /** RFC 4702. */
  static final int CLIENT_FQDN = 81;

  /** RFC 3046. */
  static final int RELAY_AGENT_INFORMATION = 82;

  /** RFC 3397. */
  static final int DOMAIN_SEARCH = 119;

  static final int END = 255;

  private DhcpOption() {}

  /**
   * Whether an option can have a length: RFC 2132, by the sections of each option. What the server
   * only hands back (option 82) can have any.
   */
  static boolean fits(int code, int length) {
    return switch (code) {
      case REQUESTED_ADDRESS, LEASE_TIME, SERVER_ID -> length == 4;
      case OVERLOAD, MESSAGE_TYPE -> length == 1;
      case MAX_MESSAGE_SIZE -> length == 2;
      case PARAMETER_LIST, HOST_NAME -> length >= 1;
      case CLIENT_ID -> length >= 2 && length <= 255;
      case CLIENT_FQDN -> length >= 3; // RFC 4702 section 2
      default -> true;
    };
  }
}
