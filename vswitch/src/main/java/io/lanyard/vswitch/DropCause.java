package io.lanyard.vswitch;

import java.util.Locale;

/** Why a frame went no further. */
public enum DropCause {
  /** Shorter than an Ethernet header, or longer than the port or the network takes. */
  BAD_LENGTH,
  /** The offload header asks for the impossible. */
  BAD_OFFLOAD_HEADER,
  /** The source address is a group address, or all zeros. */
  BAD_SOURCE,
  /** The other side's queue is full. */
  QUEUE_FULL,
  /** The other side is not there: link down, nobody connected. */
  NO_CARRIER,
  /** The destination is on the port that the frame came from. */
  SAME_PORT,
  /** A port answered from inside an answer from inside an answer, and so on: a loop of ports. */
  NESTED,
  /** No buffer space in the host (ENOBUFS, ENOMEM). */
  NO_BUFFERS,
  /** The host refused the frame for another reason. */
  HOST_ERROR;

  private final String label = name().toLowerCase(Locale.ROOT).replace('_', '-');

  /**
   * The cause as metrics and dumps write it.
   *
   * @return lower case, with hyphens
   */
  public String label() {
    return label;
  }
}
