package io.lanyard.virtio;

/** Feature bits that belong to no device type (VIRTIO 1.2 section 6). */
public final class Features {
  /** VIRTIO_F_INDIRECT_DESC. */
  public static final long INDIRECT = 1L << 28;

  /** VIRTIO_F_EVENT_IDX. */
  public static final long EVENT_IDX = 1L << 29;

  /** VIRTIO_F_VERSION_1. */
  public static final long VERSION_1 = 1L << 32;

  /** The features of every device in the bundled machine. */
  public static final long COMMON = INDIRECT | EVENT_IDX | VERSION_1;

  private Features() {}
}
