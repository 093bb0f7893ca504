package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;

/**
 * Libraries of the host that somebody else loads.
 *
 * <p>Thread: any.
 */
public final class SharedLibrary {
  private SharedLibrary() {}

  /**
   * Whether the dynamic linker finds a library (dlopen(3)).
   *
   * @param names the names that it has in distributions, as {@code libz.so.1}
   * @return whether it finds one of them
   */
  @SuppressWarnings("restricted") // the program is given native access on its command line
  public static boolean isThere(List<String> names) {
    for (String name : names) {
      try (Arena arena = Arena.ofConfined()) {
        var _ = SymbolLookup.libraryLookup(name, arena);
        return true;
      } catch (IllegalArgumentException e) {
        // Another one may be there.
      }
    }
    return false;
  }
}
