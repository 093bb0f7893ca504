package io.lanyard.dhcp;

import org.jspecify.annotations.Nullable;

/** The DHCP message types, in the order of their codes from 1 (RFC 2132 section 9.6). */
enum MessageType {
  DISCOVER,
  OFFER,
  REQUEST,
  DECLINE,
  ACK,
  NAK,
  RELEASE,
  INFORM;

  private static final MessageType[] VALUES = values();

  int code() {
    return ordinal() + 1;
  }

  static @Nullable MessageType of(int code) {
    return code >= 1 && code <= VALUES.length ? VALUES[code - 1] : null;
  }
}
