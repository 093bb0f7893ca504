package io.lanyard.daemon;

import io.lanyard.net.UniqueLocal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A seed that a test knows, and so the MAC addresses that its daemon makes. */
public final class KnownSeed {
  private static final UniqueLocal SEED = new UniqueLocal(new byte[UniqueLocal.SEED_LENGTH]);

  private KnownSeed() {}

  /**
   * Gives a daemon this seed, as if it had drawn it at an earlier start.
   *
   * @param state its state directory; made if there is none
   */
  public static void plant(Path state) throws IOException {
    Files.createDirectories(state);
    Files.write(state.resolve("nics-addressed-by-name"), new byte[0]);
    Files.write(state.resolve("ipv6-prefix-seed"), new byte[UniqueLocal.SEED_LENGTH]);
  }

  /**
   * The MAC address of a network's gateway.
   *
   * @param network the network's name
   * @return the address in the low 48 bits
   */
  public static long gatewayOf(String network) {
    return SEED.macAddress("gateway of " + network).bits();
  }
}
