package io.lanyard.virtio;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The receive queue of a NIC (VIRTIO 1.2 section 5.1.6.4): puts frames into the driver's buffers.
 *
 * <p>A frame comes with a 12-byte {@code virtio_net_hdr_v1} in front. Where the driver merges
 * buffers, a frame fills as many as it needs, and the header says how many.
 *
 * <p>Thread: the queue's.
 */
public final class ReceiveQueue {
  /** Length of the header before each frame that is put. */
  private static final int HEADER = 12;

  private static final int NUM_BUFFERS = 10;
  private static final int CHECKSUM_FLAGS = 3;

  /** Most descriptors of one chain; a guest may name single bytes, and each costs 6 ns. */
  private static final int MOST_OF_A_CHAIN = 64;

  /**
   * Most descriptors that a frame is spread over: 64 KiB in buffers of 1,526 bytes, the smallest
   * that Linux merges, are 43 of one or two each.
   */
  private static final int MOST_DESCRIPTORS = 128;

  private final VirtQueue queue;
  private final Chain first;
  private final Chain more;
  private final boolean mergeable;
  private final int header;

  /**
   * Makes one.
   *
   * @param queue the driver's buffers
   * @param mergeable whether a frame may fill several (VIRTIO_NET_F_MRG_RXBUF)
   * @param header the length of the header that the driver expects: 12, or 10 of a legacy one
   */
  public ReceiveQueue(VirtQueue queue, boolean mergeable, int header) {
    this.queue = queue;
    this.mergeable = mergeable;
    this.header = header;
    this.first = queue.newChain(MOST_OF_A_CHAIN);
    this.more = queue.newChain(MOST_OF_A_CHAIN);
  }

  /**
   * The queue beneath.
   *
   * @return what shows the driver the frames that were put
   */
  public VirtQueue queue() {
    return queue;
  }

  /**
   * Puts a frame into the driver's next buffers, not yet visible to it.
   *
   * @param frame has the header and the frame
   * @param at where in it the header begins
   * @param length bytes of both
   * @param trusts whether the driver has agreed to flags about checksums
   * @return false if the buffers were too few or too small, or had too many descriptors: then none
   *     was taken
   */
  public boolean put(MemorySegment frame, long at, long length, boolean trusts) {
    int cut = HEADER - header;
    long whole = length - cut;
    long done = 0;
    int count = 0;
    int descriptors = 0;
    while (done < whole) {
      Chain chain = count == 0 ? first : more;
      if (!queue.pop(chain)) {
        queue.rewind(count, count);
        return false;
      }
      descriptors += chain.descriptors();
      long n = descriptors > MOST_DESCRIPTORS ? 0 : Math.min(chain.writable(), whole - done);
      boolean tooSmall = count == 0 && (n < header || (!mergeable && n < whole));
      if (tooSmall || n == 0) {
        queue.rewind(count + 1, count);
        return false;
      }
      if (count > 0 || cut == 0) {
        chain.write(0, frame, at + cut + done, n);
      } else {
        chain.write(0, frame, at, header);
        chain.write(header, frame, at + HEADER, n - header);
      }
      queue.push(chain, n);
      done += n;
      count++;
    }
    int flags = frame.get(ValueLayout.JAVA_BYTE, at);
    first.writeByte(0, trusts ? flags & CHECKSUM_FLAGS : 0);
    if (cut == 0) {
      first.writeNumber(NUM_BUFFERS, 2, count);
    }
    return true;
  }
}
