package io.lanyard.nat.tcp;

import io.netty.buffer.ByteBuf;

/**
 * The half of a connection that receives from the guest: the receive sequence space of RFC 9293
 * section 3.3.1, reassembly, and what is to be acknowledged when.
 *
 * <p>The window follows the host's side: its right edge is what the host has taken plus a bound,
 * and it never moves left (section 3.8.6).
 */
final class Receiver {
  /** Our window scale: a granularity of 256 bytes, windows up to 16 MiB. */
  static final int SHIFT = 8;

  /** The first bound on what is taken ahead of the host's side. */
  private static final int FIRST_LIMIT = 512 << 10;

  private static final int SCARCE_LIMIT = 64 << 10;
  private static final int EXHAUSTED_LIMIT = 4 << 10;

  /** The most bytes that the host's side holds of a connection when there is no memory. */
  private static final int EXHAUSTED_HELD = 8 << 10;

  /** A burst that brings more than this is acknowledged while it lasts, to keep the guest going. */
  private static final int ACK_WITHIN_BURST = 256 << 10;

  private final Connection connection;
  private final Engine engine;
  private final EngineMemory.Share share;
  private final ReceiveQueue queue;
  private int nxt;

  /** The right edge of the window: what has been promised, before rounding. */
  private int edge;

  /** The rightmost edge that any segment has shown: the edge, at most a unit of the scale more. */
  private int accepted;

  private int shift;
  private int limit;
  private int acknowledged;
  private int segmentSize = 536;
  private int segments;
  private boolean ackNow;
  private boolean finKnown;
  private int finSeq;
  private boolean finished;
  private int duplicateStart;
  private int duplicateEnd;
  private int held;

  Receiver(Connection connection, Engine engine, EngineMemory.Share share) {
    this.connection = connection;
    this.engine = engine;
    this.share = share;
    queue = new ReceiveQueue(engine.link().allocator(), share);
    limit = Math.min(FIRST_LIMIT, engine.buffers().receive());
  }

  /** The guest's SYN has this sequence number. */
  void start(int initial) {
    nxt = initial + 1;
    edge = nxt;
    accepted = nxt;
    acknowledged = nxt;
  }

  /** The handshake has said whether windows are scaled. */
  void negotiate(int windowShift) {
    shift = windowShift;
  }

  int nxt() {
    return nxt;
  }

  /** The last sequence number acknowledged, for RFC 7323 section 4.3. */
  int acknowledged() {
    return acknowledged;
  }

  boolean finished() {
    return finished;
  }

  /** Whether the guest waits for an acknowledgment. */
  boolean owes() {
    return ackNow || acknowledged != nxt;
  }

  void acknowledgeNow() {
    ackNow = true;
  }

  private int candidate() {
    int unsent = connection.host().unsent();
    book();
    int bound = limit;
    if (share.scarce()) {
      bound = Math.min(limit, share.exhausted() ? EXHAUSTED_LIMIT : SCARCE_LIMIT);
    }
    return nxt - unsent + bound;
  }

  /** Keeps the books on what the host's side holds of bytes that it has not sent yet. */
  void book() {
    int now = connection.host().memory();
    share.change(now - held);
    held = now;
  }

  /**
   * The window to write into a segment; moves the right edge when it is worth it (RFC 9293 section
   * 3.8.6.2.2).
   */
  int window() {
    int offer = candidate();
    if (offer - edge >= Math.min(limit / 2, segmentSize)) {
      edge = offer;
    }
    // Rounded up, so that what was promised stays promised. The edge itself does not move with the
    // rounding, or small segments would push it along without end; what the rounding promised on
    // top is accepted (RFC 7323 section 2.4).
    int open = Math.max(0, edge - nxt);
    int scaled = Math.min((open + (1 << shift) - 1) >> shift, 65535);
    accepted = Seq.max(accepted, nxt + (scaled << shift));
    return scaled;
  }

  /** The window of a SYN, which is never scaled. */
  int synWindow() {
    int open = Math.min(limit, 65535);
    edge = nxt + open;
    accepted = edge;
    return open;
  }

  /** Whether the window has opened so far that the guest should hear of it. */
  boolean windowNews() {
    return candidate() - edge >= Math.min(limit / 2, 2 * segmentSize) && edge - nxt < limit / 2;
  }

  /** The acceptability test of RFC 9293 section 3.10.7.4. */
  boolean acceptable(int seq, int span) {
    int open = accepted - nxt;
    if (span == 0) {
      return open == 0 ? seq == nxt : Seq.within(seq, nxt, accepted);
    }
    return open > 0
        && (Seq.within(seq, nxt, accepted) || Seq.within(seq + span - 1, nxt, accepted));
  }

  /** Cuts a segment to the window; false if nothing of it is left. */
  boolean trim(Segment s) {
    int old = nxt - s.seq;
    if (old > 0) {
      duplicate(s.seq, Seq.min(nxt, s.end()));
      s.trimFront(Math.min(old, s.span()));
    }
    s.trimBack(accepted);
    if (s.length > 0 && share.exhausted()) {
      cut(s);
    }
    return s.span() > 0;
  }

  /**
   * Drops text that the window has promised room for, because there is none any more: many
   * connections that all use their windows at once can ask for more than there is. The guest sends
   * it again.
   */
  private void cut(Segment s) {
    int unsent = connection.host().unsent();
    int most = share.spent() ? Math.min(segmentSize, EXHAUSTED_HELD) : EXHAUSTED_HELD;
    int edge = nxt + Math.max(0, most - unsent);
    if (Seq.after(s.end(), edge)) {
      engine.counters().count(TcpCount.DROP_NO_MEMORY);
      s.trimBack(Seq.max(edge, s.seq));
      ackNow = true;
    }
  }

  /** Remembers a duplicate, to be reported (RFC 2883), and acknowledges at once. */
  void duplicate(int start, int end) {
    duplicateStart = start;
    duplicateEnd = end;
    ackNow = true;
  }

  /** Takes the text and the FIN of a segment that has been trimmed. */
  void take(Segment s, ByteBuf frame) {
    if (s.fin()) {
      int at = s.seq + s.length;
      if (!finKnown) {
        finKnown = true;
        finSeq = at;
      }
    }
    if (s.length > 0) {
      takeText(s, frame);
    }
    if (finKnown && nxt == finSeq && !finished) {
      nxt++;
      edge = Seq.max(edge, nxt);
      accepted = Seq.max(accepted, nxt);
      finished = true;
      ackNow = true;
      queue.clear();
    } else if (s.fin()) {
      ackNow = true;
    }
  }

  private void takeText(Segment s, ByteBuf frame) {
    int length = s.length;
    if (finKnown && Seq.after(s.seq + length, finSeq)) {
      // Text beyond the FIN: nonsense, cut off.
      length = finSeq - s.seq;
      if (length <= 0) {
        return;
      }
    }
    segmentSize = Math.min(Math.max(segmentSize, length), connection.advertisedMss());
    if (s.seq != nxt) {
      ackNow = true;
      if (!queue.insert(s.seq, frame, s.payload, length)) {
        engine.counters().count(TcpCount.DROP_REASSEMBLY);
      }
      return;
    }
    deliver(frame, s.payload, length);
    segments++;
    if (!queue.isEmpty()) {
      // RFC 5681 section 4.2: a segment that fills a gap is acknowledged at once.
      ackNow = true;
      drain();
    }
    if (nxt - acknowledged >= ACK_WITHIN_BURST && !connection.isClosed()) {
      connection.acknowledge();
    }
  }

  private void deliver(ByteBuf frame, int index, int length) {
    nxt += length;
    engine.counters().add(TcpCount.BYTES_IN, length);
    int reader = frame.readerIndex();
    int writer = frame.writerIndex();
    frame.setIndex(index, index + length);
    connection.host().write(frame);
    frame.setIndex(reader, writer);
    book();
  }

  private void drain() {
    while (!queue.isEmpty() && Seq.notAfter(queue.first(), nxt) && !connection.isClosed()) {
      int first = queue.first();
      ByteBuf piece = queue.take();
      try {
        int skip = nxt - first;
        if (skip < piece.readableBytes()) {
          deliver(piece, piece.readerIndex() + skip, piece.readableBytes() - skip);
        }
      } finally {
        piece.release();
      }
    }
  }

  /** Ends a burst: true if an acknowledgment is due now rather than a little later. */
  boolean due() {
    int fresh = nxt - acknowledged;
    if (fresh >= limit / 4 && connection.host().unsent() == 0) {
      // Both sides keep up: only the window could be what limits them.
      limit = Math.min(2 * limit, engine.buffers().receive());
    }
    // RFC 9293 section 3.8.6.3: at least every second segment.
    return ackNow || segments >= 2 || fresh >= 2 * segmentSize || windowNews();
  }

  /**
   * A segment with an acknowledgment leaves.
   *
   * @param complete whether it says by SACK what is missing, too
   */
  void acknowledgmentSent(boolean complete) {
    acknowledged = nxt;
    segments = 0;
    ackNow &= !complete && !queue.isEmpty();
  }

  /** Writes down what a SACK option is to say. */
  void describe(SackBlocks into) {
    into.clear();
    if (duplicateStart != duplicateEnd) {
      into.add(duplicateStart, duplicateEnd);
      duplicateStart = duplicateEnd;
    }
    if (!queue.isEmpty()) {
      queue.describe(into);
    }
  }

  /** Gives back everything but what the host's side still holds. */
  void close() {
    queue.clear();
    book();
  }

  @Override
  public String toString() {
    return "receive open=" + (edge - nxt) + " limit=" + limit + " unsent=" + held;
  }
}
