package io.lanyard.vswitch;

import io.lanyard.base.DumpNode;
import io.lanyard.base.EnumText;

/**
 * A port's counters, seen from the switch: <em>received</em> came in by the port,
 * <em>transmitted</em> left by it.
 *
 * <p>Frames and bytes are wire frames: a super-frame counts as the segments it stands for.
 *
 * <p>The switch counts what passes, and what it drops itself; a port counts only what it drops. A
 * frame that a port refuses in {@link Port#transmit} is not counted as transmitted; one that it
 * took and loses later is counted as both.
 *
 * <p>Thread: written by the network's loop; read there too, or elsewhere for a rough value.
 */
public final class PortCounters {
  private final long[] receiveDrops = new long[DropCause.values().length];
  private final long[] transmitDrops = new long[DropCause.values().length];
  private long allReceiveDrops;
  private long allTransmitDrops;
  private long receivedFrames;
  private long receivedBytes;
  private long transmittedFrames;
  private long transmittedBytes;
  private long softwareChecksums;
  private long softwareSegmentations;
  private long loopNanos;
  private long loopWaitNanos;

  /** Makes counters that stand at zero. */
  public PortCounters() {}

  /**
   * Counts what came in.
   *
   * @param frames wire frames
   * @param bytes their bytes, Ethernet headers included
   */
  public void received(long frames, long bytes) {
    receivedFrames += frames;
    receivedBytes += bytes;
  }

  /**
   * Counts what left.
   *
   * @param frames wire frames
   * @param bytes their bytes, Ethernet headers included
   */
  public void transmitted(long frames, long bytes) {
    transmittedFrames += frames;
    transmittedBytes += bytes;
  }

  /**
   * Counts a frame that came in and was dropped.
   *
   * @param cause why
   */
  public void receiveDropped(DropCause cause) {
    receiveDrops[cause.ordinal()]++;
    allReceiveDrops++;
  }

  /**
   * Counts frames that came in and were dropped.
   *
   * @param cause why
   * @param frames how many
   */
  public void receiveDropped(DropCause cause, long frames) {
    receiveDrops[cause.ordinal()] += frames;
    allReceiveDrops += frames;
  }

  /**
   * Counts a frame that should have left and was dropped.
   *
   * @param cause why
   */
  public void transmitDropped(DropCause cause) {
    transmitDrops[cause.ordinal()]++;
    allTransmitDrops++;
  }

  /**
   * Counts frames that should have left and were dropped.
   *
   * @param cause why
   * @param frames how many
   */
  public void transmitDropped(DropCause cause, long frames) {
    transmitDrops[cause.ordinal()] += frames;
    allTransmitDrops += frames;
  }

  /** Counts a checksum that the switch had to finish for this port. */
  public void softwareChecksum() {
    softwareChecksums++;
  }

  /** Counts a super-frame that the switch had to segment for this port. */
  public void softwareSegmentation() {
    softwareSegmentations++;
  }

  /** Charges the port for the loop's time. */
  void loopTime(long nanos) {
    loopNanos += nanos;
  }

  /** Counts the loop's time that others got while the port waited. */
  void loopWait(long nanos) {
    loopWaitNanos += nanos;
  }

  /**
   * Time that the network's loop has spent on the port: on frames that came in by it, and on data
   * that came for its flows.
   *
   * @return nanoseconds since the port was made
   */
  public long loopNanos() {
    return loopNanos;
  }

  /**
   * Time that the network's loop has spent on other ports while this one had work in the queue. A
   * port that has work all the time has its fair share of the loop if this is at most so many times
   * its {@link #loopNanos} as there are others with work. One that is alone waits for nobody.
   *
   * @return nanoseconds since the port was made, up to its last turn
   */
  public long loopWaitNanos() {
    return loopWaitNanos;
  }

  /**
   * Frames that came in.
   *
   * @return wire frames since the port was made
   */
  public long receivedFrames() {
    return receivedFrames;
  }

  /**
   * Bytes that came in.
   *
   * @return bytes since the port was made
   */
  public long receivedBytes() {
    return receivedBytes;
  }

  /**
   * Frames that left.
   *
   * @return wire frames since the port was made
   */
  public long transmittedFrames() {
    return transmittedFrames;
  }

  /**
   * Bytes that left.
   *
   * @return bytes since the port was made
   */
  public long transmittedBytes() {
    return transmittedBytes;
  }

  /**
   * Frames that came in and were dropped.
   *
   * @param cause why
   * @return frames since the port was made
   */
  public long receiveDrops(DropCause cause) {
    return receiveDrops[cause.ordinal()];
  }

  /**
   * Frames that should have left and were dropped.
   *
   * @param cause why
   * @return frames since the port was made
   */
  public long transmitDrops(DropCause cause) {
    return transmitDrops[cause.ordinal()];
  }

  /**
   * Frames that came in and were dropped, for whatever cause.
   *
   * @return frames since the port was made
   */
  public long receiveDrops() {
    return allReceiveDrops;
  }

  /**
   * Frames that should have left and were dropped, for whatever cause.
   *
   * @return frames since the port was made
   */
  public long transmitDrops() {
    return allTransmitDrops;
  }

  /**
   * Checksums finished in software.
   *
   * @return how many
   */
  public long softwareChecksums() {
    return softwareChecksums;
  }

  /**
   * Super-frames segmented in software.
   *
   * @return how many
   */
  public long softwareSegmentations() {
    return softwareSegmentations;
  }

  /**
   * Adds the counters to a description; drops and software work only where there were any.
   *
   * @param node the node of the port
   */
  public void describe(DumpNode.Builder node) {
    node.with("receivedFrames", receivedFrames)
        .with("receivedBytes", receivedBytes)
        .with("transmittedFrames", transmittedFrames)
        .with("transmittedBytes", transmittedBytes)
        .withNonZero("loopNanos", loopNanos)
        .withNonZero("softwareChecksums", softwareChecksums)
        .withNonZero("softwareSegmentations", softwareSegmentations);
    for (DropCause cause : DropCause.values()) {
      node.withNonZero(EnumText.key("receiveDrops", cause), receiveDrops(cause))
          .withNonZero(EnumText.key("transmitDrops", cause), transmitDrops(cause));
    }
  }
}
