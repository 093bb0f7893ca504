package io.lanyard.dhcp;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * A client's identity for a DHCP server: its client identifier (option 61), or else its hardware
 * type and address (RFC 2131 section 4.2).
 *
 * <p>A client that sends its hardware address as an identifier of type 1, and later sends none (as
 * boot loaders do), is the same client: both forms have the same bytes.
 *
 * <p>Thread: any; immutable.
 */
public final class ClientId implements Comparable<ClientId> {
  private static final int ETHERNET = 1;

  private final byte[] bytes;
  private final int hash;

  private ClientId(byte[] bytes) {
    this.bytes = bytes;
    this.hash = Arrays.hashCode(bytes);
  }

  /**
   * A client that sent option 61.
   *
   * @param option the option's value, two bytes at least (RFC 2132 section 9.14); copied
   * @return the identity
   */
  public static ClientId of(byte[] option) {
    return new ClientId(option.clone());
  }

  /**
   * A client that is known by its Ethernet address.
   *
   * @param mac the address in the low 48 bits
   * @return the identity
   */
  public static ClientId ofMac(long mac) {
    byte[] bytes = new byte[7];
    bytes[0] = ETHERNET;
    for (int i = 0; i < 6; i++) {
      bytes[i + 1] = (byte) (mac >>> (40 - 8 * i));
    }
    return new ClientId(bytes);
  }

  /**
   * The identifier's bytes.
   *
   * @return a copy
   */
  public byte[] toBytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ClientId that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  /**
   * {@inheritDoc} By its bytes. Clients choose them, and so their hash: a map finds one among many
   * of a hash by order.
   */
  @Override
  public int compareTo(ClientId other) {
    return Arrays.compare(bytes, other.bytes);
  }

  @Override
  public String toString() {
    return HexFormat.ofDelimiter(":").formatHex(bytes);
  }
}
