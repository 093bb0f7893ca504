package io.lanyard.nat.udp;

import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.InetDatagram;
import io.lanyard.linux.SocketError;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.IpHeader;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Reads bursts of datagrams from the host's sockets into frames, with the headers' room before the
 * payload. One serves all sockets of a network.
 *
 * <p>Thread: the network's loop only.
 */
public final class HostReader {
  /** As many as make the system call cheap; 64 KiB of frames stay in the processor's cache. */
  private static final int SLOTS = 32;

  /** After so many datagrams a socket yields to the others. */
  private static final int MOST = 128;

  /** Where a datagram's payload lies in a frame, from index 0. */
  public static final int PAYLOAD = GuestLink.LINK_HEADROOM + IpHeader.LONGEST + Udp.HEADER_LENGTH;

  /** Nearly all datagrams fit; a larger one takes a copy. */
  private static final int LARGEST_HEAD = 4096;

  /**
   * The most bytes that the kernel hands over as one: a datagram, or several coalesced (udp(7)).
   */
  private static final int LARGEST = 65536;

  /** Takes the datagrams of a socket. */
  public interface Receiver {
    /**
     * The part of the loop's time that reading is charged to. Asked each time that something has
     * come.
     *
     * @return the turn of the port that has to answer for it, or of none while that is not known
     */
    Turn turn();

    /**
     * Takes a datagram, or a batch of them from one sender.
     *
     * @param frame lent for the length of the call: the payload between {@link #PAYLOAD} and the
     *     writer index, free room before it; reader index 0
     * @param size where the payload has more bytes than this: those of each datagram, of which the
     *     last may have fewer
     * @param ends lent for the length of the call: the sender's endpoint, and of a socket that
     *     listens the address that was asked
     */
    void datagrams(ByteBuf frame, int size, DatagramEnds ends);

    /**
     * Takes an error about a datagram that was sent before.
     *
     * @param error what the host knows
     * @param head lent: the beginning of that datagram's payload from {@link #PAYLOAD} on
     */
    void error(SocketError error, ByteBuf head);
  }

  private final ByteBufAllocator allocator;
  private final DatagramBatch batch = new DatagramBatch(SLOTS);
  private final ByteBuf[] frames = new ByteBuf[SLOTS];
  private final DatagramEnds ends = new DatagramEnds();

  // Errors are read in the middle of a burst, too, when a guest's datagram meets one.
  private final DatagramBatch errorBatch = new DatagramBatch(1);
  private final ByteBuf errorFrame;
  private final int head;
  private boolean kept;

  /** For whatever is larger than that, one after the other; made when the first one comes. */
  private @Nullable ByteBuf large;

  private boolean closed;

  /**
   * Makes a reader with its frames.
   *
   * @param allocator where frames come from
   * @param mtu the network's MTU
   */
  public HostReader(ByteBufAllocator allocator, int mtu) {
    this.allocator = allocator;
    head = Math.min(mtu, LARGEST_HEAD);
    for (int i = 0; i < SLOTS; i++) {
      frames[i] = fresh(i);
    }
    errorFrame = allocator.directBuffer(PAYLOAD + head);
    errorBatch.buffer(0, errorFrame.memoryAddress() + PAYLOAD, head);
  }

  private ByteBuf fresh(int slot) {
    ByteBuf frame = allocator.directBuffer(PAYLOAD + head);
    batch.buffer(slot, frame.memoryAddress() + PAYLOAD, head);
    return frame;
  }

  /**
   * Reads what waits in a socket, up to a few bursts.
   *
   * @param socket the socket
   * @param receiver takes what was read; it may close the socket
   * @return whether there may be more
   */
  public boolean read(InetDatagram socket, Receiver receiver) {
    for (int datagrams = 0; datagrams < MOST && !closed; ) {
      renew();
      int count = socket.receive(batch);
      for (int i = 0; i < count && !closed; i++) {
        datagrams += DatagramFlow.datagrams(batch.length(i), size(i));
        deliver(i, receiver);
      }
      if (count < SLOTS) {
        return false;
      }
    }
    return !closed;
  }

  private int size(int slot) {
    int segment = batch.segment(slot);
    return segment > 0 ? segment : batch.length(slot);
  }

  private void deliver(int slot, Receiver receiver) {
    int length = batch.length(slot);
    int size = size(slot);
    batch.ends(slot, ends);
    ByteBuf frame = frames[slot];
    if (length > head) {
      ByteBuf into = large();
      into.setBytes(PAYLOAD, frame, PAYLOAD, head);
      into.setBytes(PAYLOAD + head, batch.overflow(slot, length - head));
      receiver.datagrams(into.setIndex(0, PAYLOAD + length), size, ends);
      renewLarge(into);
      return;
    }
    receiver.datagrams(frame.setIndex(0, PAYLOAD + length), size, ends);
    kept |= frame.refCnt() > 1;
  }

  /** A frame for whatever is larger than a slot's. */
  private ByteBuf large() {
    ByteBuf present = large;
    if (present == null) {
      present = allocator.directBuffer(PAYLOAD + LARGEST, PAYLOAD + LARGEST);
      large = present;
    }
    return present;
  }

  private void renewLarge(ByteBuf frame) {
    if (!closed && frame.refCnt() > 1) {
      frame.release();
      large = null;
    }
  }

  /**
   * Gives slots whose frames somebody keeps, a port that queues them, other frames. Done before the
   * next burst, and not sooner: if there is no memory for them, no datagram is lost, and no frame
   * that is still held is written over.
   */
  private void renew() {
    if (!kept) {
      return;
    }
    for (int slot = 0; slot < SLOTS; slot++) {
      ByteBuf frame = frames[slot];
      if (frame.refCnt() > 1) {
        frames[slot] = fresh(slot);
        frame.release();
      }
    }
    kept = false;
  }

  /**
   * Takes the errors that the host keeps for a socket.
   *
   * @param socket the socket
   * @param receiver told of each
   */
  public void readErrors(InetDatagram socket, Receiver receiver) {
    for (int i = 0; i < SLOTS && !closed; i++) {
      SocketError error = socket.receiveError(errorBatch);
      if (error == null) {
        return;
      }
      errorFrame.setIndex(0, PAYLOAD + Math.min(head, errorBatch.length(0)));
      receiver.error(error, errorFrame);
    }
  }

  /**
   * Sends bytes of a frame from where they lie.
   *
   * @param socket the socket
   * @param frame the frame
   * @param at index of the first byte
   * @param length how many
   * @param to the destination
   * @return bytes sent, or an error number negated
   */
  public int send(InetDatagram socket, ByteBuf frame, int at, int length, DatagramEnds to) {
    if (frame.hasMemoryAddress()) {
      return socket.send(frame.memoryAddress() + at, length, to);
    }
    ByteBuf copy = allocator.directBuffer(Math.max(1, length));
    try {
      copy.setBytes(0, frame, at, length);
      return socket.send(copy.memoryAddress(), length, to);
    } finally {
      copy.release();
    }
  }

  /**
   * Writes offload and IP headers before a transport packet that ends at the writer index, and
   * moves the reader index to the offload header.
   *
   * @param frame the frame
   * @param at index of the transport header
   * @param header the IP header
   */
  public static void writeIp(ByteBuf frame, int at, IpHeader header) {
    int ip = at - header.length();
    frame.readerIndex(ip - GuestLink.LINK_HEADROOM);
    OffloadHeader.clear(frame, ip - GuestLink.LINK_HEADROOM);
    header.write(frame, ip, frame.writerIndex() - at);
  }

  /** Gives back frames and memory. */
  public void close() {
    if (!closed) {
      closed = true;
      for (ByteBuf frame : frames) {
        frame.release();
      }
      ByteBuf held = large;
      large = null;
      if (held != null) {
        held.release();
      }
      errorFrame.release();
      errorBatch.close();
      batch.close();
    }
  }
}
