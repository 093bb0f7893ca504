package io.lanyard.nat.gateway;

import io.lanyard.net.Subnet;
import java.util.List;

/**
 * The search for the prefixes by which translators of the host's network (NAT64) stand for IPv4
 * addresses, as who goes by them sees it.
 *
 * <p>Thread: the network's loop only.
 */
public interface TranslatorSearch {
  /** Nobody wants to know. */
  TranslatorSearch NONE =
      new TranslatorSearch() {
        @Override
        public boolean isWanted() {
          return false;
        }

        @Override
        public boolean hasRoute() {
          return false;
        }

        @Override
        public boolean found(List<Subnet> prefixes) {
          return false;
        }

        @Override
        public void listen(Runnable changed) {
          // Nothing changes.
        }
      };

  /**
   * Whether there is something to search for.
   *
   * @return false where guests have no IPv6 or lead nowhere, and where the configuration says the
   *     prefixes
   */
  boolean isWanted();

  /**
   * Whether the host has an IPv6 route, without which no translator is reached.
   *
   * @return true if it has one now that leads off its own networks
   */
  boolean hasRoute();

  /**
   * Takes what was found in place of what was found before.
   *
   * @param prefixes the prefixes; none where there is no translator
   * @return whether they are others than before
   */
  boolean found(List<Subnet> prefixes);

  /**
   * Has changes told by which the host may have come to another network.
   *
   * @param changed told when the host's IPv6 addresses are others, without the link-local ones; a
   *     listener that was given before hears no more
   */
  void listen(Runnable changed);
}
