package io.lanyard.config;

import java.util.HexFormat;

/**
 * A DHCP option that the server sends to every client.
 *
 * @param code the option's number (RFC 2132), 1 to 254
 * @param hex the option's bytes in hexadecimal, 1 to 255 of them
 */
public record DhcpOptionConfig(int code, String hex) {
  /**
   * The option's bytes.
   *
   * @return a new array
   */
  public byte[] data() {
    return HexFormat.of().parseHex(hex);
  }
}
