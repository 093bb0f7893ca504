package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Datagrams that leave together: one {@code sendmmsg} sends as many as the socket takes.
 *
 * <p>Thread: one at a time.
 */
public final class SendBatch implements AutoCloseable {
  // struct mmsghdr and struct iovec of the 64-bit ABIs (sendmmsg(2)).
  private static final int HEADER = DatagramBatch.HEADER;
  private static final int IOVEC = 16;
  private static final int NAME_LENGTH_AT = 8;
  private static final int IOV_AT = 16;
  private static final int IOV_COUNT_AT = 24;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private final Arena arena = Arena.ofShared();
  private final @Nullable SocketName[] receivers;
  private final MemorySegment headers;
  private final MemorySegment vectors;

  /**
   * Makes an empty batch.
   *
   * @param slots the most datagrams
   */
  public SendBatch(int slots) {
    receivers = new @Nullable SocketName[slots];
    headers = arena.allocate((long) HEADER * slots, 8);
    vectors = arena.allocate((long) IOVEC * slots, 8);
    for (int i = 0; i < slots; i++) {
      headers.set(LONG, (long) HEADER * i + IOV_AT, vectors.address() + (long) IOVEC * i);
      headers.set(LONG, (long) HEADER * i + IOV_COUNT_AT, 1);
    }
  }

  /**
   * Fills a slot.
   *
   * @param slot which slot
   * @param address where the datagram's bytes begin; they must be there until it is sent
   * @param length how many, at least 1
   * @param receiver whom it is for; null for the peer of a socket that is connected
   */
  public void set(int slot, long address, int length, @Nullable SocketName receiver) {
    long vector = (long) IOVEC * slot;
    vectors.set(LONG, vector, address);
    vectors.set(LONG, vector + 8, length);
    receivers[slot] = receiver;
    long header = (long) HEADER * slot;
    headers.set(LONG, header, receiver == null ? 0 : receiver.address());
    headers.set(INT, header + NAME_LENGTH_AT, receiver == null ? 0 : receiver.length());
  }

  /**
   * Whom a slot's datagram is for.
   *
   * @param slot which slot
   * @return the receiver that was given to {@link #set}
   */
  public @Nullable SocketName receiver(int slot) {
    return receivers[slot];
  }

  long header(int slot) {
    return headers.address() + (long) HEADER * slot;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
