package io.lanyard.nat.tcp;

import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.TimeUnit;

/**
 * The half of a connection that sends to the guest: the send sequence space of RFC 9293 section
 * 3.3.1, flow and congestion control, and recovery from loss.
 *
 * <p>Recovery follows RFC 6675 where the guest does SACK, and NewReno (RFC 6582) where it does not,
 * by one estimate of what is in flight: what is neither acknowledged, nor selectively acknowledged,
 * nor lost and not yet sent again. A lost tail is found by a probe (after RFC 8985 section 7)
 * before the timeout has to.
 */
final class Sender {
  private enum Phase {
    /** Nothing is known to be lost. */
    OPEN,
    /** Fast recovery. */
    RECOVERY,
    /** After a timeout: all that was in flight counts as lost. */
    LOSS
  }

  private enum Purpose {
    TAIL_PROBE,
    TIMEOUT,
    PERSIST
  }

  /** R2 of RFC 9293 section 3.8.3: give up when nothing got through for so long. */
  private static final long GIVE_UP = TimeUnit.SECONDS.toNanos(100);

  /** RFC 8985 section 7.2: what a guest may delay its acknowledgment of a lone segment. */
  private static final long DELAYED_ACK = TimeUnit.MILLISECONDS.toNanos(200);

  /** The probe comes no sooner, whatever the round-trip time: the loop itself may be late. */
  private static final long SOONEST_PROBE = TimeUnit.MILLISECONDS.toNanos(10);

  /** The first bound on what is held for the guest: about what a second-level cache holds. */
  private static final int FIRST_LIMIT = 512 << 10;

  private static final int SCARCE_LIMIT = 64 << 10;

  /** The most bytes that a connection takes at a time when there is no memory. */
  private static final int EXHAUSTED_BURST = 4 << 10;

  private final Connection connection;
  private final Engine engine;
  private final EngineMemory.Share share;
  private final SendQueue queue;
  private final Scoreboard sacked = new Scoreboard();
  private final Rto rto = new Rto();
  private final Deadline timer;
  private Congestion congestion;
  private Purpose purpose = Purpose.TIMEOUT;
  private Phase phase = Phase.OPEN;

  private int una;
  private int nxt;
  private int window;
  private int largestWindow;
  private int windowSeq;
  private int windowAck;
  private int shift;
  private int mss = 536;
  private int burst = 536;
  private boolean sack;
  private int limit;
  private boolean finQueued;
  private boolean finSent;

  private int recover;
  private int lossEdge;
  private int retransmitted;
  private int duplicates;
  private boolean probed;

  private boolean timing;
  private int timedSeq;
  private long timedAt;
  private boolean stalled;
  private long stalledSince;

  Sender(Connection connection, Engine engine, EngineMemory.Share share, int initial) {
    this.connection = connection;
    this.engine = engine;
    this.share = share;
    queue = new SendQueue(engine.link().allocator(), share);
    timer = new Deadline(engine.link().timers(), connection::onRetransmissionTimer);
    congestion = new Congestion(mss, mss);
    una = initial;
    nxt = initial;
    recover = initial;
    queue.start(initial + 1);
    limit = Math.min(FIRST_LIMIT, engine.buffers().send());
  }

  int una() {
    return una;
  }

  int nxt() {
    return nxt;
  }

  int mss() {
    return mss;
  }

  int burst() {
    if (!share.exhausted()) {
      return burst;
    }
    int most = share.spent() ? Math.min(mss, EXHAUSTED_BURST) : EXHAUSTED_BURST;
    return Math.min(burst, most);
  }

  int largestWindow() {
    return largestWindow;
  }

  Rto rto() {
    return rto;
  }

  Deadline timer() {
    return timer;
  }

  /** The SYN has been sent: it takes one sequence number. */
  void synSent() {
    nxt = queue.end();
  }

  /** The handshake has said what segments may be like. */
  void negotiate(int effectiveMss, int largestPayload, int windowShift, boolean useSack) {
    mss = effectiveMss;
    burst = Math.max(mss, largestPayload - largestPayload % mss);
    shift = windowShift;
    sack = useSack;
    congestion = new Congestion(mss, 2 * engine.buffers().send());
  }

  /** Takes the window of the first segment of a handshake, which is never scaled. */
  void firstWindow(Segment s) {
    window = s.window;
    largestWindow = Math.max(1, window);
    windowSeq = s.seq;
    windowAck = s.ack;
  }

  /** Our SYN was acknowledged. */
  void synAcknowledged(int ack) {
    una = ack;
    rto.relax();
    stalled = false;
    timer.clear();
  }

  /** How much more is worth taking from the host's side. */
  int room() {
    int bound = limit;
    if (share.scarce()) {
      // One burst at a time when there is nothing left, whatever its buffer comes to.
      bound = share.exhausted() ? 1 : Math.min(limit, SCARCE_LIMIT);
    }
    return bound - queue.memory();
  }

  /** Whether so much has left that the host's side is to be read again. */
  boolean wantsMore() {
    return room() >= limit / 2 || queue.isEmpty();
  }

  /** Takes bytes for the guest; released in time. */
  void offer(ByteBuf data) {
    queue.append(data, nxt, burst);
    push();
    if (room() <= 0 && nxt == queue.end() && limit < engine.buffers().send() && !share.scarce()) {
      // Full although the guest and the link would take more: the round trip needs a larger queue.
      limit = Math.min(2 * limit, engine.buffers().send());
    }
  }

  /** Ends the stream: a FIN behind the last byte. */
  void finish() {
    finQueued = true;
    push();
  }

  boolean finAcknowledged() {
    return finSent && una == queue.end() + 1;
  }

  private int flight() {
    return nxt - una;
  }

  private int pipe() {
    if (phase == Phase.OPEN) {
      int arrived = sack ? sacked.bytes() : duplicates * mss;
      return Math.max(0, flight() - arrived);
    }
    int kept = sacked.missing(Seq.max(lossEdge, una), nxt);
    int again = sacked.missing(una, Seq.min(retransmitted, lossEdge));
    return Math.max(0, kept + again - (sack ? 0 : duplicates * mss));
  }

  /** Sends what the windows allow. */
  void push() {
    if (!connection.canSend()) {
      return;
    }
    if (phase != Phase.OPEN) {
      repair(false);
    }
    boolean sent = false;
    while (sendNext()) {
      sent = true;
    }
    schedule(sent);
  }

  private boolean sendNext() {
    int remaining = queue.end() - nxt;
    if (remaining <= 0) {
      if (finQueued && !finSent) {
        finSent = true;
        nxt++;
        connection.sendControl(nxt - 1, Tcp.FIN | Tcp.ACK);
        return true;
      }
      return false;
    }
    int byWindow = window - flight();
    int usable = Math.min(byWindow, congestion.window() - pipe());
    int slot = queue.find(nxt);
    int chunk = queue.remaining(slot, nxt);
    if (usable < chunk) {
      chunk = part(chunk, usable);
      if (chunk == 0) {
        return false;
      }
    }
    if (!timing) {
      timing = true;
      timedSeq = nxt + chunk;
      timedAt = engine.nanoTime();
    }
    transmitNew(slot, chunk);
    return true;
  }

  /** How much to send of a record that does not fit the window as a whole. */
  private int part(int chunk, int usable) {
    if (usable <= 0) {
      return 0;
    }
    boolean idle = nxt == una;
    int whole = usable - usable % mss;
    if (whole > 0) {
      // With something in flight the window will open soon: a small super-frame now would only
      // cost a larger one later.
      int worthwhile = Math.min(chunk, Math.min(congestion.window(), largestWindow) / 4);
      return idle || whole >= worthwhile ? whole : 0;
    }
    // RFC 9293 section 3.8.6.2.1: less than a segment only if it is half of the largest window.
    return idle && usable >= largestWindow / 2 ? usable : 0;
  }

  private void transmitNew(int slot, int chunk) {
    int seq = nxt;
    boolean last = seq + chunk == queue.end();
    int flags = last ? Tcp.ACK | Tcp.PSH : Tcp.ACK;
    nxt += chunk;
    if (last && finQueued) {
      flags |= Tcp.FIN;
      finSent = true;
      nxt++;
    }
    engine.counters().add(TcpCount.BYTES_OUT, chunk);
    ByteBuf buffer = queue.buffer(slot);
    int index = queue.index(slot, seq);
    if (queue.isStart(slot, seq)) {
      int reader = buffer.readerIndex();
      int writer = buffer.writerIndex();
      connection.send(buffer, index, chunk, seq, flags);
      buffer.setIndex(reader, writer);
    } else {
      copyAndSend(buffer, index, chunk, seq, flags);
    }
  }

  private void copyAndSend(ByteBuf buffer, int index, int length, int seq, int flags) {
    ByteBuf copy = engine.link().allocator().directBuffer(SegmentWriter.HEADROOM + length);
    try {
      copy.setBytes(SegmentWriter.HEADROOM, buffer, index, length);
      connection.send(copy, SegmentWriter.HEADROOM, length, seq, flags);
    } finally {
      copy.release();
    }
  }

  /** Sends what counts as lost once more, as far as the congestion window allows. */
  private void repair(boolean firstRegardless) {
    boolean allowed = firstRegardless;
    while (true) {
      int from = sacked.nextHole(Seq.max(retransmitted, una));
      if (Seq.notBefore(from, lossEdge)) {
        return;
      }
      int inPipe = pipe();
      int room = congestion.window() - inPipe;
      if (room < mss && inPipe > 0 && !allowed) {
        return;
      }
      allowed = false;
      int most = Math.max(mss, room - Math.floorMod(room, mss));
      retransmitted = from + resend(from, Math.min(sacked.holeEnd(from, lossEdge) - from, most));
    }
  }

  /** Sends bytes once more; returns how many sequence numbers went. */
  private int resend(int from, int most) {
    timing = false;
    engine.counters().count(TcpCount.RETRANSMITTED);
    if (Seq.notBefore(from, queue.end())) {
      connection.sendControl(queue.end(), Tcp.FIN | Tcp.ACK);
      return 1;
    }
    int slot = queue.find(from);
    int length = Math.min(most, queue.remaining(slot, from));
    copyAndSend(queue.buffer(slot), queue.index(slot, from), length, from, Tcp.ACK | Tcp.PSH);
    return length;
  }

  /** Takes an acceptable acknowledgment: una &lt;= ack &lt;= nxt, or an older one. */
  void acknowledge(Segment s) {
    boolean news = takeBlocks(s);
    boolean closed = window == 0;
    boolean windowMoved = updateWindow(s);
    if (closed && window > 0 && s.ack == una && una != nxt && stalled) {
      reopened();
    }
    if (Seq.after(s.ack, una)) {
      advance(s.ack);
    } else if (s.ack == una && una != nxt && s.span() == 0 && (news || !windowMoved)) {
      duplicates = Math.min(duplicates + 1, 1 << 10);
    }
    detectLoss();
    push();
  }

  private boolean takeBlocks(Segment s) {
    boolean news = false;
    if (sack) {
      for (int i = 0; i < s.blocks; i++) {
        int start = Seq.max(s.blockStart[i], Seq.max(una, s.ack));
        int end = s.blockEnd[i];
        // RFC 2883 section 4: a block at or below the acknowledgment reports a duplicate. Both ends
        // have to lie in what is in flight: a block half the sequence space away is before the one
        // and after the other.
        if (Seq.before(start, end) && Seq.within(end - 1, una, nxt)) {
          news |= sacked.add(start, end);
        }
      }
    }
    return news;
  }

  /** RFC 9293 section 3.10.7.4: only a segment newer than the last one used moves the window. */
  private boolean updateWindow(Segment s) {
    if (Seq.before(windowSeq, s.seq) || (windowSeq == s.seq && Seq.notAfter(windowAck, s.ack))) {
      int offered = s.window << shift;
      boolean moved = offered != window;
      window = offered;
      largestWindow = Math.max(largestWindow, offered);
      windowSeq = s.seq;
      windowAck = s.ack;
      return moved;
    }
    return false;
  }

  /**
   * The window was closed for longer than a timeout and has opened, and what is in flight was
   * refused: probes mostly. That is no loss on the path, and to wait for a timeout that has backed
   * off would be a minute's silence. Sooner, all that is in flight would be sent again as often as
   * a guest closes and opens its window.
   */
  private void reopened() {
    rto.relax();
    timer.clear();
    stalled = false;
    duplicates = 0;
    if (phase == Phase.OPEN) {
      phase = Phase.LOSS;
      recover = nxt;
    }
    lossEdge = nxt;
    retransmitted = una;
  }

  private void advance(int ack) {
    int bytes = ack - una;
    // RFC 7661: a window that is not used says nothing about the path.
    boolean used = 2L * flight() >= congestion.window();
    queue.acknowledge(ack);
    una = ack;
    sacked.advance(ack);
    if (Seq.before(retransmitted, una)) {
      retransmitted = una;
    }
    if (timing && Seq.notBefore(ack, timedSeq)) {
      timing = false;
      rto.sample(engine.nanoTime() - timedAt);
    }
    rto.relax();
    stalled = false;
    probed = false;
    duplicates = 0;
    if (phase == Phase.OPEN) {
      if (used) {
        congestion.acknowledged(bytes);
      }
    } else if (Seq.notBefore(una, recover)) {
      phase = Phase.OPEN;
    } else if (phase == Phase.LOSS) {
      congestion.acknowledged(bytes);
    } else if (!sack) {
      // A partial acknowledgment: the next segment is lost too (RFC 6582 section 3.2).
      retransmitted = una;
      lossEdge = Seq.min(una + mss, nxt);
      repair(true);
    }
    timer.clear();
  }

  private void detectLoss() {
    int edge = una;
    if (sack) {
      if (sacked.isEmpty()) {
        return;
      }
      edge = sacked.lossEdge(una, 2 * mss + 1);
    } else if (duplicates >= 3 && phase == Phase.OPEN && Seq.notBefore(una, recover)) {
      edge = Seq.min(una + mss, nxt);
    }
    if (Seq.notAfter(edge, una)) {
      return;
    }
    if (phase != Phase.OPEN) {
      lossEdge = Seq.max(lossEdge, edge);
      return;
    }
    engine.counters().count(TcpCount.FAST_RETRANSMITS);
    congestion.lost(flight());
    phase = Phase.RECOVERY;
    recover = nxt;
    lossEdge = edge;
    retransmitted = una;
    // RFC 6675 section 5 step 4.3: the first one goes whatever is in flight.
    repair(true);
  }

  /** Arms the timer that fires when the guest stays silent. */
  private void schedule(boolean sent) {
    if (una != nxt) {
      boolean tail = sack && !probed && phase == Phase.OPEN && rto.smoothed() >= 0;
      if (tail && (sent || !timer.isSet() || purpose == Purpose.PERSIST)) {
        arm(Purpose.TAIL_PROBE, Math.min(probeTimeout(), rto.timeout()));
      } else if (!timer.isSet() || purpose == Purpose.PERSIST) {
        arm(Purpose.TIMEOUT, rto.timeout());
      } else if (purpose == Purpose.TAIL_PROBE && phase != Phase.OPEN) {
        arm(Purpose.TIMEOUT, rto.timeout());
      }
    } else if (queue.end() != nxt && !finSent) {
      if (!timer.isSet() || purpose != Purpose.PERSIST) {
        arm(Purpose.PERSIST, rto.timeout());
      }
    } else {
      timer.clear();
    }
  }

  private long probeTimeout() {
    long wait = Math.max(2 * rto.smoothed(), SOONEST_PROBE);
    return flight() <= mss ? wait + DELAYED_ACK : wait;
  }

  private void arm(Purpose why, long delay) {
    purpose = why;
    timer.set(delay);
  }

  /** The timer expired in a state that sends. */
  void onTimer() {
    if (una == nxt && queue.end() == nxt) {
      return;
    }
    switch (purpose) {
      case TAIL_PROBE -> probeTail();
      case TIMEOUT -> timeOut();
      case PERSIST -> probeWindow();
    }
  }

  /** RFC 8985 section 7.3: the last segment once more, so that SACK can tell what is missing. */
  private void probeTail() {
    if (una == nxt) {
      push();
      return;
    }
    engine.counters().count(TcpCount.TAIL_PROBES);
    probed = true;
    int end = Seq.min(nxt, queue.end());
    int from = Seq.max(una, end - mss);
    resend(finSent ? queue.end() : from, mss);
    arm(Purpose.TIMEOUT, rto.timeout());
  }

  private void timeOut() {
    if (tooLong()) {
      connection.timedOut();
      return;
    }
    if (window == 0) {
      // The window is closed and what is in flight are probes: no sign of congestion.
      engine.counters().count(TcpCount.WINDOW_PROBES);
      rto.backOff();
      resend(una, 1);
      arm(Purpose.TIMEOUT, rto.timeout());
      return;
    }
    engine.counters().count(TcpCount.TIMEOUTS);
    congestion.timedOut(flight(), phase != Phase.LOSS);
    rto.backOff();
    phase = Phase.LOSS;
    recover = nxt;
    lossEdge = nxt;
    retransmitted = una;
    duplicates = 0;
    // RFC 2018 section 8: the guest may have dropped what it had reported.
    sacked.clear();
    repair(true);
    arm(Purpose.TIMEOUT, rto.timeout());
  }

  /** RFC 9293 section 3.8.6.1: a byte of data tells whether the window has opened. */
  private void probeWindow() {
    if (tooLong()) {
      connection.timedOut();
      return;
    }
    if (una != nxt || queue.end() == nxt) {
      push();
      return;
    }
    engine.counters().count(TcpCount.WINDOW_PROBES);
    int slot = queue.find(nxt);
    int length = Math.clamp(window, 1, queue.remaining(slot, nxt));
    int seq = nxt;
    nxt += length;
    timing = false;
    engine.counters().add(TcpCount.BYTES_OUT, length);
    copyAndSend(queue.buffer(slot), queue.index(slot, seq), length, seq, Tcp.ACK | Tcp.PSH);
    rto.backOff();
    arm(Purpose.TIMEOUT, rto.timeout());
  }

  /** Whether nothing got through for so long that the guest must be gone. */
  private boolean tooLong() {
    long now = engine.nanoTime();
    if (!stalled) {
      stalled = true;
      stalledSince = now;
    } else if (window == 0 && connection.lastHeard() - stalledSince > 0) {
      // RFC 9293 section 3.8.6.1: as long as the guest answers, the window may stay closed.
      stalledSince = connection.lastHeard();
    }
    return now - stalledSince > GIVE_UP;
  }

  /** Gives everything back. */
  void close() {
    timer.cancel();
    queue.clear();
    sacked.clear();
  }

  @Override
  public String toString() {
    return "send phase="
        + phase
        + " flight="
        + flight()
        + " window="
        + window
        + " cwnd="
        + congestion.window()
        + " queued="
        + (queue.end() - una)
        + " memory="
        + queue.memory()
        + " limit="
        + limit
        + " mss="
        + mss
        + " srtt-us="
        + rto.smoothed() / 1000;
  }
}
