package io.lanyard.nat.tcp;

import java.util.random.RandomGenerator;

/**
 * Initial sequence numbers (RFC 6528 section 3): a clock that ticks every 4 microseconds, moved for
 * each pair of endpoints by a keyed hash (SipHash-2-4), so that they rise from one connection of a
 * pair to the next and nobody can guess those of another pair.
 */
final class InitialSequence {
  private final long key0;
  private final long key1;

  InitialSequence(RandomGenerator random) {
    key0 = random.nextLong();
    key1 = random.nextLong();
  }

  int next(long nanoTime, int local, int localPort, int guest, int guestPort) {
    return (int) (nanoTime >> 12) + (int) hash(local, localPort, guest, guestPort);
  }

  /** The offset of a pair's timestamps (RFC 7323 section 5.4): they must not tell the uptime. */
  int timestampOffset(int local, int localPort, int guest, int guestPort) {
    return (int) (hash(local, localPort, guest, guestPort) >>> 32);
  }

  private long hash(int local, int localPort, int guest, int guestPort) {
    long v0 = key0 ^ 0x736f6d6570736575L;
    long v1 = key1 ^ 0x646f72616e646f6dL;
    long v2 = key0 ^ 0x6c7967656e657261L;
    long v3 = key1 ^ 0x7465646279746573L;
    long addresses = (long) local << 32 | (guest & 0xffffffffL);
    long ports = 12L << 56 | (long) localPort << 16 | guestPort;
    // Two words with two rounds each, then four rounds to finish.
    for (int i = 0; i < 8; i++) {
      long word = i < 2 ? addresses : ports;
      if (i == 0 || i == 2) {
        v3 ^= word;
      } else if (i == 4) {
        v2 ^= 0xff;
      }
      v0 += v1;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v3;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 += v3;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 += v1;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v2 = Long.rotateLeft(v2, 32);
      if (i == 1 || i == 3) {
        v0 ^= word;
      }
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }
}
