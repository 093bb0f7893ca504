package io.lanyard.config;

/**
 * Frames to reserved group addresses (IEEE 802.1Q table 8-1) that a network may be told to forward.
 */
public enum ReservedFrames {
  /** Spanning tree protocols. */
  STP,
  /** Link aggregation, and other slow protocols. */
  LACP,
  /** Port authentication (IEEE 802.1X). */
  EAPOL,
  /** Ethernet local management interface (MEF 16). */
  E_LMI,
  /** Spanning tree of provider bridges. */
  PROVIDER_STP,
  /** Registration of VLANs among provider bridges. */
  PROVIDER_MVRP,
  /** Link layer discovery (IEEE 802.1AB). */
  LLDP
}
