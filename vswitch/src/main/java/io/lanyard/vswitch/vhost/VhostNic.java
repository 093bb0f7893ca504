package io.lanyard.vswitch.vhost;

/**
 * The NIC that a front end asks about.
 *
 * @param mac its address, in the low 48 bits, for a front end that has none of its own
 * @param mtu the largest IP packet, in bytes
 * @param pairs how many pairs of queues it has
 */
public record VhostNic(long mac, int mtu, int pairs) {
  /** The smallest MTU that a guest may be told of (VIRTIO 1.2 section 5.1.4). */
  private static final int LEAST_MTU = 68;

  private static final int STATUS_UP = 1;

  /**
   * The answer to how many queues there are. QEMU and DPDK count pairs, cloud-hypervisor counts
   * rings: the larger number satisfies both, and a front end that takes twice as many pairs has
   * them.
   */
  int queueNumber() {
    return 2 * pairs;
  }

  /** A byte of the configuration space (VIRTIO 1.2 section 5.1.4); 0 behind its end. */
  byte config(int offset) {
    long value =
        switch (offset) {
          case 0, 1, 2, 3, 4, 5 -> mac >>> (40 - 8 * offset);
          case 6 -> STATUS_UP;
          case 8, 9 -> pairs >>> (8 * (offset - 8));
          case 10, 11 -> mtu >>> (8 * (offset - 10));
          default -> 0;
        };
    return (byte) value;
  }

  void checkMtu(long wanted) throws VhostException {
    if (wanted < LEAST_MTU || wanted > mtu) {
      throw new VhostException("the port's MTU is " + mtu + ", not " + wanted);
    }
  }
}
