package io.lanyard.config;

import io.lanyard.net.MacAddress;

/**
 * The MAC addresses of guests' NICs for which a configuration says none. The model knows nothing of
 * the host: a daemon has addresses that no other host has, and gives them to its documents.
 *
 * <p>Thread: any.
 */
@FunctionalInterface
public interface NicAddresses {
  /** Those that follow from the names alone, and are the same on every host. */
  NicAddresses OF_NAMES = (guest, nic) -> MacAddress.derivedFrom(guest + "/" + nic);

  /**
   * The address of a NIC.
   *
   * @param guest the guest's name
   * @param nic the NIC's name, unique in its guest
   * @return the same at every call
   */
  MacAddress of(String guest, String nic);
}
