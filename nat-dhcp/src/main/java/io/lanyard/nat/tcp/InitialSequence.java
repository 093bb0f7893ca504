package io.lanyard.nat.tcp;

import io.lanyard.net.Endpoint;
import java.util.random.RandomGenerator;

/**
 * Initial sequence numbers (RFC 6528 section 3): a clock that ticks every 4 microseconds, moved for
 * each pair of endpoints by a keyed hash (SipHash-2-4), so that they rise from one connection of a
 * pair to the next and nobody can guess those of another pair.
 */
final class InitialSequence {
  /** Bytes of what is hashed: two addresses and two ports. */
  private static final long LENGTH = 36;

  private final long key0;
  private final long key1;

  // The state of a hash: one thread, and no object for each.
  private long v0;
  private long v1;
  private long v2;
  private long v3;

  InitialSequence(RandomGenerator random) {
    key0 = random.nextLong();
    key1 = random.nextLong();
  }

  int next(long nanoTime, Endpoint local, Endpoint guest) {
    return (int) (nanoTime >> 12) + (int) hash(local, guest);
  }

  /** The offset of a pair's timestamps (RFC 7323 section 5.4): they must not tell the uptime. */
  int timestampOffset(Endpoint local, Endpoint guest) {
    return (int) (hash(local, guest) >>> 32);
  }

  private long hash(Endpoint local, Endpoint guest) {
    v0 = key0 ^ 0x736f6d6570736575L;
    v1 = key1 ^ 0x646f72616e646f6dL;
    v2 = key0 ^ 0x6c7967656e657261L;
    v3 = key1 ^ 0x7465646279746573L;
    word(local.address().high());
    word(local.address().low());
    word(guest.address().high());
    word(guest.address().low());
    word(LENGTH << 56 | (long) local.port() << 16 | guest.port());
    v2 ^= 0xff;
    for (int i = 0; i < 4; i++) {
      round();
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }

  private void word(long word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }

  private void round() {
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
  }
}
