package io.lanyard.nat.udp;

import io.lanyard.base.LongPairMap;
import io.lanyard.net.Address;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The mappings of a network, by the guest's address and port. */
final class Mappings {
  private final LongPairMap<IntObjectMap<Mapping>> byAddress;
  private int size;

  Mappings(long seed) {
    byAddress = new LongPairMap<>(seed);
  }

  @Nullable Mapping get(Address guest, int port) {
    IntObjectMap<Mapping> ports = byAddress.get(guest.high(), guest.low());
    return ports == null ? null : ports.get(port);
  }

  void put(Mapping mapping) {
    Address guest = mapping.guest.address();
    IntObjectMap<Mapping> ports = byAddress.get(guest.high(), guest.low());
    if (ports == null) {
      ports = new IntObjectHashMap<>();
      byAddress.put(guest.high(), guest.low(), ports);
    }
    if (ports.put(mapping.port, mapping) == null) {
      size++;
    }
  }

  /** Nothing happens if another mapping has its place. */
  void remove(Mapping mapping) {
    Address guest = mapping.guest.address();
    IntObjectMap<Mapping> ports = byAddress.get(guest.high(), guest.low());
    if (ports == null || !mapping.equals(ports.get(mapping.port))) {
      return;
    }
    ports.remove(mapping.port);
    size--;
    if (ports.isEmpty()) {
      byAddress.remove(guest.high(), guest.low());
    }
  }

  int size() {
    return size;
  }

  /** Closes the sockets of all mappings, and forgets them. */
  void close() {
    for (IntObjectMap<Mapping> ports : byAddress.values()) {
      for (Mapping mapping : List.copyOf(ports.values())) {
        mapping.close();
        remove(mapping);
      }
    }
  }
}
