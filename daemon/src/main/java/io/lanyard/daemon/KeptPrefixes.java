package io.lanyard.daemon;

import io.lanyard.net.UniqueLocal;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;

/**
 * The seed of the networks' unique local prefixes, which is drawn once and kept in the state
 * directory: a network keeps its IPv6 addresses, and two hosts have different ones (RFC 4193).
 */
final class KeptPrefixes {
  private static final String NAME = "ipv6-prefix-seed";

  private KeptPrefixes() {}

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

  /** A file of another length is what a crash or a full disk has left: it is drawn anew. */
  private static byte[] read(Path file) throws IOException {
    try {
      byte[] kept = Files.readAllBytes(file);
      if (kept.length == UniqueLocal.SEED_LENGTH) {
        return kept;
      }
    } catch (NoSuchFileException e) {
      // The first start.
    }
    byte[] seed = new byte[UniqueLocal.SEED_LENGTH];
    new SecureRandom().nextBytes(seed);
    Path whole = file.resolveSibling(NAME + ".new");
    Files.write(whole, seed);
    try {
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return seed;
  }
}
