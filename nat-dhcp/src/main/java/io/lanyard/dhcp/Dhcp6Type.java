package io.lanyard.dhcp;

import org.jspecify.annotations.Nullable;

/** The types of DHCPv6 messages (RFC 8415 section 7.3), in the order of their numbers from 1. */
enum Dhcp6Type {
  SOLICIT,
  ADVERTISE,
  REQUEST,
  CONFIRM,
  RENEW,
  REBIND,
  REPLY,
  RELEASE,
  DECLINE,
  RECONFIGURE,
  INFORMATION_REQUEST,
  RELAY_FORW,
  RELAY_REPL;

  private static final Dhcp6Type[] ALL = values();

  int code() {
    return ordinal() + 1;
  }

  /** The type with a number; null if there is none. */
  static @Nullable Dhcp6Type of(int code) {
    return code < 1 || code > ALL.length ? null : ALL[code - 1];
  }
}
