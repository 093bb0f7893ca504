package io.lanyard.vswitch.vhost;

import io.lanyard.virtio.Features;

/** Feature bits of a NIC (VIRTIO 1.2 section 5.1.3), and of the protocol (vhost-user.rst). */
public final class VhostFeatures {
  /** VHOST_USER_F_PROTOCOL_FEATURES. */
  public static final long PROTOCOL_FEATURES = 1L << 30;

  /** VIRTIO_NET_F_CSUM: frames from the guest may have unfinished checksums. */
  static final long CSUM = 1L;

  /** VIRTIO_NET_F_GUEST_CSUM: frames to the guest may. */
  public static final long GUEST_CSUM = 1L << 1;

  /** VIRTIO_NET_F_GUEST_TSO4. */
  public static final long GUEST_TSO4 = 1L << 7;

  /** VIRTIO_NET_F_GUEST_TSO6. */
  public static final long GUEST_TSO6 = 1L << 8;

  /** VIRTIO_NET_F_MRG_RXBUF. */
  public static final long MRG_RXBUF = 1L << 15;

  /** VIRTIO_NET_F_GUEST_USO4 and VIRTIO_NET_F_GUEST_USO6. */
  public static final long GUEST_USO = 1L << 54 | 1L << 55;

  static final long MQ = 1L << 22;

  private static final long MTU = 1L << 3;
  private static final long MAC = 1L << 5;
  private static final long GUEST_ECN = 1L << 9;
  private static final long HOST_TSO4 = 1L << 11;
  private static final long HOST_TSO6 = 1L << 12;
  private static final long HOST_ECN = 1L << 13;
  private static final long STATUS = 1L << 16;

  /** The front end announces a guest that has moved, by its control queue. */
  private static final long GUEST_ANNOUNCE = 1L << 21;

  private static final long HOST_USO = 1L << 56;

  private static final long OFFERED =
      Features.COMMON
          | PROTOCOL_FEATURES
          | CSUM
          | GUEST_CSUM
          | MTU
          | MAC
          | GUEST_TSO4
          | GUEST_TSO6
          | GUEST_ECN
          | HOST_TSO4
          | HOST_TSO6
          | HOST_ECN
          | MRG_RXBUF
          | STATUS
          | GUEST_ANNOUNCE
          | GUEST_USO
          | HOST_USO;

  static final long P_MQ = 1;

  /** VHOST_USER_PROTOCOL_F_REPLY_ACK. */
  public static final long P_REPLY_ACK = 1L << 3;

  static final long P_MTU = 1L << 4;
  static final long P_CONFIG = 1L << 9;
  static final long P_INFLIGHT_SHMFD = 1L << 12;
  static final long P_RESET_DEVICE = 1L << 13;
  static final long P_CONFIGURE_MEM_SLOTS = 1L << 15;

  /**
   * The protocol features. Not among them: LOG_SHMFD, so that a front end does not migrate the
   * guest away; those that need a channel back to the front end; PAGEFAULT.
   */
  static final long PROTOCOL =
      P_MQ
          | P_REPLY_ACK
          | P_MTU
          | P_CONFIG
          | P_INFLIGHT_SHMFD
          | P_RESET_DEVICE
          | P_CONFIGURE_MEM_SLOTS;

  private VhostFeatures() {}

  /** The features that a NIC of some pairs of queues has. */
  static long offered(int pairs) {
    return pairs > 1 ? OFFERED | MQ : OFFERED;
  }

  /**
   * The length of the header before each frame in the rings (VIRTIO 1.2 section 5.1.6.1).
   *
   * @param features as acknowledged
   * @return 12 bytes; 10 for a legacy driver that does not merge buffers
   */
  public static int headerLength(long features) {
    return (features & (MRG_RXBUF | Features.VERSION_1)) != 0 ? 12 : 10;
  }
}
