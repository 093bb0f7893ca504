package io.lanyard.daemon;

import io.lanyard.net.UniqueLocal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;

/**
 * The seed of the networks' unique local prefixes and of MAC addresses, which is drawn once and
 * kept in the state directory: a network keeps its IPv6 addresses, and two hosts have different
 * ones (RFC 4193).
 */
final class KeptPrefixes {
  private static final String NAME = "ipv6-prefix-seed";

  private KeptPrefixes() {}

  /**
   * Whether a seed was drawn already, because a daemon has used the state directory.
   *
   * @param directory the state directory
   * @return false at the first start
   */
  static boolean exist(Path directory) {
    return Files.exists(directory.resolve(NAME));
  }

  /**
   * Reads the seed, or draws it.
   *
   * @param directory the state directory, which this daemon has alone
   * @return the prefixes
   * @throws StartException if it can be neither read nor kept
   */
  static UniqueLocal open(Path directory) throws StartException {
    Path file = directory.resolve(NAME);
    try {
      return new UniqueLocal(read(file));
    } catch (IOException e) {
      throw new StartException(
          "the seed of the IPv6 prefixes, " + file + ", can be neither read nor written: " + e,
          "make the state directory writable for this user",
          e);
    }
  }

  /** Where there is none, or a file of another length, which a crash has left, it is drawn anew. */
  private static byte[] read(Path file) throws IOException {
    if (Files.isRegularFile(file) && Files.size(file) == UniqueLocal.SEED_LENGTH) {
      return Files.readAllBytes(file);
    }
    byte[] seed = new byte[UniqueLocal.SEED_LENGTH];
    new SecureRandom().nextBytes(seed);
    StateFile.write(file, seed);
    return seed;
  }
}
