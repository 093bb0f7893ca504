package io.lanyard.net;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * Makes unique local IPv6 prefixes (RFC 4193), MAC addresses and identifiers: each name has one of
 * its own, and it is another one on every host.
 *
 * <p>56 bits of a hash of the seed and the name are the global ID and the subnet ID. The seed takes
 * the place of the time and the interface identifier in the sample algorithm (section 3.2.2): it is
 * drawn once and kept, so that a network has the same addresses after a restart.
 *
 * <p>Immutable.
 */
public final class UniqueLocal {
  /** Bytes of a seed: more than the 40 bits that are to be unpredictable. */
  public static final int SEED_LENGTH = 16;

  /** RFC 4193 section 3.1: fc00::/7 with the L bit set. */
  private static final long PREFIX = 0xfdL << 56;

  private static final int PREFIX_LENGTH = 64;

  private final byte[] seed;

  /**
   * Makes prefixes from a seed.
   *
   * @param seed {@link #SEED_LENGTH} random bytes that are kept; copied
   */
  public UniqueLocal(byte[] seed) {
    if (seed.length != SEED_LENGTH) {
      throw new IllegalArgumentException(
          "a seed has " + SEED_LENGTH + " bytes, not " + seed.length);
    }
    this.seed = seed.clone();
  }

  /**
   * The prefix of a name.
   *
   * @param name such as a network's name
   * @return a subnet of 64 bits, the same at every call
   */
  public Subnet subnet(String name) {
    byte[] hash = hash(name);
    long high = PREFIX;
    for (int i = 0; i < 7; i++) {
      high |= (hash[i] & 0xffL) << (48 - 8 * i);
    }
    return new Subnet(new Address(high, 0), PREFIX_LENGTH);
  }

  /**
   * The identifier of a name: a UUID of version 8, whose bits are the maker's (RFC 9562 section
   * 5.8).
   *
   * @param name such as a service's name
   * @return the same at every call
   */
  public UUID identifier(String name) {
    ByteBuffer hash = ByteBuffer.wrap(hash(name));
    long high = (hash.getLong() & ~0xf000L) | 0x8000L;
    long low = (hash.getLong() & ~(0b11L << 62)) | 1L << 63;
    return new UUID(high, low);
  }

  /**
   * The MAC address of a name. Leases and reservations of it hold over a restart, and stations of
   * the same name on two hosts may meet in a LAN or by VXLAN.
   *
   * @param name such as a port's name with its network's
   * @return the same at every call
   */
  public MacAddress macAddress(String name) {
    return MacAddress.derivedFrom(identifier(name).toString());
  }

  private byte[] hash(String name) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(seed);
      return digest.digest(name.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
