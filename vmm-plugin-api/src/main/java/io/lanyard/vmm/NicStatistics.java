package io.lanyard.vmm;

/**
 * A NIC's counters since its guest was made, seen from the guest, each -1 where the VMM does not
 * know. A super-frame counts as one.
 *
 * @param receivedFrames frames given to the guest
 * @param receivedBytes their bytes, without the offload header
 * @param receiveDrops frames refused: no buffer, not running, link down
 * @param transmittedFrames frames that the guest sent
 * @param transmittedBytes their bytes, without the offload header
 * @param transmitDrops frames that the guest sent and that were malformed or found no network
 */
public record NicStatistics(
    long receivedFrames,
    long receivedBytes,
    long receiveDrops,
    long transmittedFrames,
    long transmittedBytes,
    long transmitDrops) {
  /** The counters of a NIC whose frames do not pass through the plug-in: the port has its own. */
  public static final NicStatistics UNKNOWN = new NicStatistics(-1, -1, -1, -1, -1, -1);
}
