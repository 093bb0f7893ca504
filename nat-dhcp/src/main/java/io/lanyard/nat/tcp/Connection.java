package io.lanyard.nat.tcp;

import io.lanyard.base.EnumText;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.nat.gateway.IpHeader;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection with a guest: the state machine of RFC 9293 section 3.3.2 between a {@link Sender}
 * and a {@link Receiver}, spliced to a {@link HostStream}.
 *
 * <p>Two states are not the RFC's: CONNECTING, between the guest's SYN and our answer, while the
 * host's side connects; and LINGERING, when both directions are through towards the guest, and the
 * host's peer has yet to read the rest.
 */
final class Connection extends Flow implements GuestStream {
  enum State {
    CONNECTING,
    SYN_RECEIVED,
    SYN_SENT,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    CLOSE_WAIT,
    CLOSING,
    LAST_ACK,
    LINGERING,
    TIME_WAIT,
    CLOSED
  }

  /** RFC 9293 section 3.8.6.3 allows 500 ms; guests' stacks wait 40 ms at most. */
  private static final long DELAYED_ACK = TimeUnit.MILLISECONDS.toNanos(20);

  private static final int HANDSHAKE_RETRIES = 6;

  /** RFC 7323 section 5.5: a timestamp older than 24 days says nothing. */
  private static final long TIMESTAMP_EXPIRY = TimeUnit.DAYS.toNanos(24);

  /** The least MSS, for guests that ask for less: Linux's TCP_MIN_MSS. */
  private static final int SMALLEST_MSS = 88;

  private final Engine engine;
  private final SegmentWriter writer;
  private final Neighbour neighbour;
  private final EngineMemory.Share share;
  private final Sender sender;
  private final Receiver receiver;
  private final Deadline ackTimer;
  private final KeepAlive keepAlive;
  private final int timestampOffset;
  private HostStream host = NoHost.INSTANCE;
  private State state = State.CLOSED;
  private boolean dirty;
  private boolean reading;
  private boolean hostEnded;
  private boolean hostConnected;

  private int guestMss;
  private int guestShift = -1;
  private boolean guestSack;
  private boolean guestTimestamps;
  private int guestInitial;
  private int retries;

  private long timestampHeard;
  private final Challenges challenges = new Challenges();

  /**
   * Makes a connection that is in no state yet.
   *
   * @param account what has to answer for the connection's memory, as for the flow
   * @param neighbour the guest
   * @param port the guest's port
   * @param remote the other end, as the guest sees it
   */
  Connection(Engine engine, FlowAccount account, Neighbour neighbour, int port, Endpoint remote) {
    super(FlowKey.TCP, neighbour.address(), port, remote.address(), remote.port());
    this.engine = engine;
    this.neighbour = neighbour;
    IpHeader header = IpHeader.unfragmented(FlowKey.TCP, remote(), guest());
    writer = new SegmentWriter(header, remotePort(), guestPort());
    share = engine.memory().join(account);
    sender = new Sender(this, engine, share, engine.initialSequence(this));
    receiver = new Receiver(this, engine, share);
    timestampOffset = engine.timestampOffset(this);
    ackTimer = new Deadline(engine.link().timers(), engine.guarded(this, this::onAckTimer));
    keepAlive = new KeepAlive(this, engine);
  }

  // --- What the engine asks and says

  State tcpState() {
    return state;
  }

  /** The guest. */
  Neighbour neighbour() {
    return neighbour;
  }

  /** RFC 9293 section 3.7.1: what fits into the least MTU of the family. */
  private int defaultMss() {
    return guest().isIpv4() ? 536 : 1220;
  }

  @Override
  public @Nullable Address hostAddress() {
    return host.localAddress();
  }

  Endpoint guestEnd() {
    return new Endpoint(guest(), guestPort());
  }

  Endpoint remoteEnd() {
    return new Endpoint(remote(), remotePort());
  }

  boolean isClosed() {
    return state == State.CLOSED;
  }

  HostStream host() {
    return host;
  }

  long lastHeard() {
    return keepAlive.lastHeard();
  }

  /** Whether the connection is on the list of those that the present burst has touched. */
  boolean markDirty() {
    boolean was = dirty;
    dirty = true;
    return !was;
  }

  int advertisedMss() {
    return engine.link().mtuTowards(neighbour) - writer.ip().length() - Tcp.HEADER_LENGTH;
  }

  boolean canSend() {
    return switch (state) {
      case ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, CLOSING, LAST_ACK -> true;
      default -> false;
    };
  }

  @Override
  public String state() {
    return EnumText.word(state);
  }

  @Override
  protected Worth worth() {
    return switch (state) {
      case TIME_WAIT, CLOSED -> Worth.DISPENSABLE;
      case CONNECTING, SYN_RECEIVED, SYN_SENT -> Worth.OPENING;
      default -> Worth.IN_USE;
    };
  }

  @Override
  protected void ended(FlowEnd end) {
    if (state == State.CLOSED) {
      return;
    }
    if (end == FlowEnd.GONE || isOver()) {
      host.abort();
      discard();
    } else {
      if (end == FlowEnd.IDLE) {
        engine.counters().count(TcpCount.IDLE_TIMEOUTS);
      }
      abort();
      engine.link().flush();
    }
  }

  /** Both directions are through towards the guest. */
  private boolean isOver() {
    return state == State.LINGERING || state == State.TIME_WAIT;
  }

  private void enter(State next) {
    state = next;
    idleTimeout(engine.timeouts().idle(next));
  }

  /** Ends when idle for as long as the engine says now. */
  void renewTimeout() {
    idleTimeout(engine.timeouts().idle(state));
  }

  // --- Opening

  /** Takes the SYN of a guest; the answer waits for {@link #connected}. */
  void accept(Segment syn) {
    keepAlive.heard();
    takeOffer(syn);
    receiver.start(syn.seq);
    sender.firstWindow(syn);
    enter(State.CONNECTING);
    engine.counters().count(TcpCount.OPENED_BY_GUEST);
  }

  /** Sets the stream to the host; it may have called back already. */
  void spliceTo(HostStream stream) {
    if (state == State.CLOSED) {
      stream.abort();
      return;
    }
    host = stream;
    if (hostConnected && state == State.CONNECTING) {
      answerSyn();
    }
  }

  /** Opens a connection to the guest. */
  void open(HostStream stream) {
    host = stream;
    hostConnected = true;
    keepAlive.heard();
    enter(State.SYN_SENT);
    engine.counters().count(TcpCount.OPENED_TO_GUEST);
    sender.synSent();
    sendSyn(Tcp.SYN);
    sender.timer().set(sender.rto().timeout());
  }

  private void takeOffer(Segment syn) {
    guestInitial = syn.seq;
    guestMss = syn.mss == 0 ? defaultMss() : syn.mss;
    guestShift = syn.shift;
    guestSack = syn.sackPermitted;
    guestTimestamps = syn.timestamps;
    writer.tsRecent = syn.timestamps ? syn.tsValue : 0;
    timestampHeard = engine.nanoTime();
  }

  private void answerSyn() {
    enter(State.SYN_RECEIVED);
    sender.synSent();
    sendSyn(Tcp.SYN | Tcp.ACK);
    sender.timer().set(sender.rto().timeout());
    engine.link().flush();
  }

  private void sendSyn(int flags) {
    boolean answer = (flags & Tcp.ACK) != 0;
    ByteBuf frame = engine.control();
    writer.tsValue = timestamp();
    writer.writeSyn(
        frame,
        SegmentWriter.HEADROOM,
        sender.una(),
        answer ? receiver.nxt() : 0,
        flags,
        receiver.synWindow(),
        advertisedMss(),
        !answer || guestShift >= 0 ? Receiver.SHIFT : -1,
        !answer || guestSack,
        !answer || guestTimestamps);
    transmit(frame, 0);
    receiver.acknowledgmentSent(true);
  }

  private void establish() {
    if (guestTimestamps) {
      writer.useTimestamps();
    }
    int mss = Math.min(Math.max(guestMss, SMALLEST_MSS), advertisedMss()) - writer.dataOptions();
    sender.negotiate(mss, writer.largestPayload(), Math.max(guestShift, 0), guestSack);
    receiver.negotiate(guestShift >= 0 ? Receiver.SHIFT : 0);
    enter(State.ESTABLISHED);
    engine.counters().count(TcpCount.ESTABLISHED);
    keepAlive.start();
    reading = true;
    host.read(true);
    if (hostEnded) {
      startFin();
    }
  }

  // --- The host's side (GuestStream)

  @Override
  public void connected() {
    hostConnected = true;
    if (state == State.CONNECTING && host != NoHost.INSTANCE) {
      answerSyn();
    }
  }

  @Override
  public void failed(ConnectFailure cause) {
    if (state != State.CONNECTING) {
      reset();
      return;
    }
    if (cause == ConnectFailure.NO_DESCRIPTOR) {
      engine.counters().count(TcpCount.NO_DESCRIPTOR);
      discard();
      return;
    }
    engine.counters().count(TcpCount.CONNECT_FAILED);
    IcmpReason reason = cause.reason();
    if (reason == null) {
      sendReset(0, receiver.nxt(), Tcp.RST | Tcp.ACK);
    } else {
      engine.reportUnreachable(this, guestInitial, reason);
    }
    discard();
    engine.link().flush();
  }

  @Override
  public void data(ByteBuf data) {
    if (hostEnded || state == State.CLOSED) {
      data.release();
      return;
    }
    touch();
    sender.offer(data);
    if (reading && sender.room() <= 0) {
      reading = false;
      host.read(false);
    }
  }

  @Override
  public void flush() {
    engine.link().flush();
  }

  @Override
  public int room() {
    return state == State.CLOSED ? 0 : sender.room();
  }

  @Override
  public int burst() {
    return sender.burst();
  }

  @Override
  public void drained() {
    receiver.book();
    if (state == State.LINGERING) {
      settle();
    } else if (canReceive() && receiver.windowNews()) {
      acknowledge();
      engine.link().flush();
    }
  }

  @Override
  public void end() {
    if (!hostEnded) {
      hostEnded = true;
      startFin();
      engine.link().flush();
    }
  }

  private void startFin() {
    switch (state) {
      case ESTABLISHED -> enter(State.FIN_WAIT_1);
      case CLOSE_WAIT -> enter(State.LAST_ACK);
      default -> {
        return; // before ESTABLISHED it waits
      }
    }
    sender.finish();
  }

  @Override
  public void reset() {
    if (state == State.CLOSED) {
      return;
    }
    if (state == State.CONNECTING) {
      failed(ConnectFailure.REFUSED);
      return;
    }
    host = NoHost.INSTANCE;
    if (isOver()) {
      settle();
    } else {
      abort();
      engine.link().flush();
    }
  }

  // --- Segments from the guest

  /** Takes a segment of this connection. */
  void receive(Segment s, ByteBuf frame) {
    touch();
    switch (state) {
      case CONNECTING -> receiveConnecting(s);
      case SYN_SENT -> receiveSynSent(s, frame);
      case CLOSED -> {}
      default -> receiveSynchronized(s, frame);
    }
  }

  private void receiveConnecting(Segment s) {
    if (s.rst()) {
      if (Seq.within(s.seq, guestInitial, receiver.nxt() + 1)) {
        engine.counters().count(TcpCount.RESETS_IN);
        host.abort();
        discard();
      }
    } else if (s.syn() && !s.hasAck()) {
      // The same SYN again, or a new one: nothing has been answered yet, so the last one counts.
      takeOffer(s);
      receiver.start(s.seq);
      sender.firstWindow(s);
    }
  }

  /** RFC 9293 section 3.10.7.3. */
  private void receiveSynSent(Segment s, ByteBuf frame) {
    boolean acceptable = s.hasAck() && s.ack == sender.nxt();
    if (s.hasAck() && !acceptable) {
      if (!s.rst()) {
        sendReset(s.ack, 0, Tcp.RST);
      }
      return;
    }
    if (s.rst()) {
      if (acceptable) {
        engine.counters().count(TcpCount.RESETS_IN);
        engine.counters().count(TcpCount.CONNECT_FAILED);
        host.abort();
        discard();
      }
      return;
    }
    if (!s.syn()) {
      return;
    }
    keepAlive.heard();
    takeOffer(s);
    receiver.start(s.seq);
    sender.firstWindow(s);
    if (!acceptable) {
      // Simultaneous open: both have sent a SYN.
      enter(State.SYN_RECEIVED);
      sendSyn(Tcp.SYN | Tcp.ACK);
      return;
    }
    sender.synAcknowledged(s.ack);
    establish();
    receiver.acknowledgeNow();
    engine.touched(this);
    s.trimFront(1);
    if (s.span() > 0 && !isClosed()) {
      takeText(s, frame);
    }
  }

  /** RFC 9293 section 3.10.7.4, with RFC 5961 and RFC 7323 section 5.3. */
  private void receiveSynchronized(Segment s, ByteBuf frame) {
    if (state == State.TIME_WAIT && s.syn() && !s.rst() && engine.reopen(this, s)) {
      return;
    }
    if (state == State.SYN_RECEIVED && s.syn() && !s.rst() && s.seq == guestInitial) {
      if (s.hasAck() && s.ack == sender.nxt()) {
        // The other half of a simultaneous open.
        s.trimFront(1);
      } else {
        sendSyn(Tcp.SYN | Tcp.ACK);
        return;
      }
    }
    if (!timestampHolds(s)) {
      return;
    }
    if (!receiver.acceptable(s.seq, s.span())) {
      unacceptable(s);
      if (!windowProbe(s)) {
        return;
      }
    }
    if (s.rst()) {
      receiveReset(s);
      return;
    }
    if (s.syn()) {
      challenge();
      return;
    }
    if (!s.hasAck()) {
      return;
    }
    if (writer.timestamps() && s.timestamps && Seq.notAfter(s.seq, receiver.acknowledged())) {
      writer.tsRecent = s.tsValue;
      timestampHeard = engine.nanoTime();
    }
    keepAlive.heard();
    engine.touched(this);
    if (receiveAck(s) && !isClosed()) {
      takeText(s, frame);
    }
    if (!isClosed()) {
      resumeReading();
    }
  }

  private boolean timestampHolds(Segment s) {
    if (s.rst()) {
      return true;
    }
    if (state == State.SYN_RECEIVED) {
      return true; // not negotiated yet
    }
    if (!writer.timestamps()) {
      return true;
    }
    if (!s.timestamps) {
      engine.counters().count(TcpCount.DROP_PAWS);
      return false;
    }
    if (Seq.before(s.tsValue, writer.tsRecent)
        && engine.nanoTime() - timestampHeard < TIMESTAMP_EXPIRY) {
      engine.counters().count(TcpCount.DROP_PAWS);
      receiver.acknowledgeNow();
      engine.touched(this);
      return false;
    }
    return true;
  }

  private void unacceptable(Segment s) {
    if (s.rst()) {
      engine.counters().count(TcpCount.DROP_WINDOW);
      return;
    }
    if (s.span() > 0 && Seq.notAfter(s.end(), receiver.nxt())) {
      engine.counters().count(TcpCount.DROP_DUPLICATE);
      receiver.duplicate(s.seq, s.end());
      if (isOver() && s.fin()) {
        acknowledge(); // the guest has not seen our last acknowledgment
        return;
      }
      engine.touched(this);
      return;
    }
    engine.counters().count(TcpCount.DROP_WINDOW);
    if (s.span() > 0) {
      receiver.acknowledgeNow();
      engine.touched(this);
    } else {
      challenge();
    }
  }

  /**
   * Data at a window that is closed: the text is dropped and answered, but the acknowledgment is
   * taken (RFC 9293 section 3.10.7.4, "special allowance").
   */
  private boolean windowProbe(Segment s) {
    if (s.seq != receiver.nxt() || s.span() == 0 || s.rst() || s.syn()) {
      return false;
    }
    s.trimBack(s.seq);
    return true;
  }

  /** RFC 5961 section 3.2: only the exact sequence number resets. */
  private void receiveReset(Segment s) {
    if (s.seq != receiver.nxt()) {
      challenge();
      return;
    }
    engine.counters().count(TcpCount.RESETS_IN);
    host.abort();
    discard();
  }

  private void challenge() {
    if (challenges.permits(engine.nanoTime())) {
      engine.counters().count(TcpCount.CHALLENGE_ACKS);
      acknowledge();
    }
  }

  /** Takes the acknowledgment; false if the segment is to be dropped. */
  private boolean receiveAck(Segment s) {
    if (state == State.SYN_RECEIVED) {
      if (s.ack != sender.nxt()) {
        sendReset(s.ack, 0, Tcp.RST);
        return false;
      }
      if (guestTimestamps && s.timestamps) {
        writer.tsRecent = s.tsValue;
      }
      sender.synAcknowledged(s.ack);
      establish();
    }
    if (isClosed()) {
      return false;
    }
    if (Seq.after(s.ack, sender.nxt())
        || Seq.before(s.ack, sender.una() - sender.largestWindow())) {
      // RFC 5961 section 5.2.
      engine.counters().count(TcpCount.DROP_ACK);
      challenge();
      return false;
    }
    sender.acknowledge(s);
    if (sender.finAcknowledged()) {
      switch (state) {
        case FIN_WAIT_1 -> enter(State.FIN_WAIT_2);
        case CLOSING -> {
          host.close();
          settle();
        }
        case LAST_ACK -> {
          host.close();
          if (host.unsent() > 0) {
            settle();
          } else {
            discard(); // the guest waits: it has ended first
          }
        }
        default -> {}
      }
    }
    return true;
  }

  private boolean canReceive() {
    return state == State.ESTABLISHED || state == State.FIN_WAIT_1 || state == State.FIN_WAIT_2;
  }

  private void takeText(Segment s, ByteBuf frame) {
    if (s.span() == 0 || !canReceive() || !receiver.trim(s)) {
      return;
    }
    receiver.take(s, frame);
    if (receiver.finished() && !isClosed()) {
      switch (state) {
        case ESTABLISHED -> enter(State.CLOSE_WAIT);
        case FIN_WAIT_1 -> enter(sender.finAcknowledged() ? State.TIME_WAIT : State.CLOSING);
        case FIN_WAIT_2 -> enter(State.TIME_WAIT);
        default -> {}
      }
      host.finish();
      if (state == State.TIME_WAIT) {
        acknowledge();
        host.close();
        settle();
      }
    }
  }

  /**
   * Lingers as long as the host's peer has yet to take the rest, which stays charged; after that, a
   * FIN that comes again is answered, and no more.
   */
  private void settle() {
    boolean lingers = host.unsent() > 0;
    if (!lingers) {
      host = NoHost.INSTANCE;
    }
    sender.close();
    receiver.close();
    ackTimer.cancel();
    keepAlive.cancel();
    enter(lingers ? State.LINGERING : State.TIME_WAIT);
  }

  /**
   * Whether a SYN may begin a new connection where this one lingers in TIME-WAIT (RFC 6191 section
   * 2, RFC 9293 section 3.6.1).
   */
  boolean mayReopen(Segment s) {
    if (s.hasAck() || s.fin()) {
      return false;
    }
    if (writer.timestamps() && s.timestamps && s.tsValue != writer.tsRecent) {
      return Seq.after(s.tsValue, writer.tsRecent);
    }
    return Seq.notBefore(s.seq, receiver.nxt());
  }

  // --- Timers

  /** Ends a burst: passes on what was gathered, acknowledges now or soon. */
  void endBurst() {
    dirty = false;
    if (isClosed()) {
      return;
    }
    host.flush();
    if (isClosed() || !receiver.owes()) {
      return;
    }
    if (receiver.due()) {
      acknowledge();
    } else if (!ackTimer.isSet()) {
      ackTimer.set(DELAYED_ACK);
    }
  }

  private void onAckTimer() {
    if (!isClosed() && receiver.owes()) {
      acknowledge();
    }
  }

  void onRetransmissionTimer() {
    engine.run(this, this::retransmit);
  }

  private void retransmit() {
    switch (state) {
      case SYN_SENT, SYN_RECEIVED -> {
        if (++retries > HANDSHAKE_RETRIES) {
          timedOut();
          return;
        }
        sender.rto().backOff();
        sendSyn(state == State.SYN_SENT ? Tcp.SYN : Tcp.SYN | Tcp.ACK);
        sender.timer().set(sender.rto().timeout());
      }
      case CONNECTING, LINGERING, TIME_WAIT, CLOSED -> {}
      default -> {
        sender.onTimer();
        if (!isClosed()) {
          resumeReading();
        }
      }
    }
  }

  private void resumeReading() {
    if (!reading && !hostEnded && canSend() && sender.wantsMore()) {
      reading = true;
      host.read(true);
    }
  }

  /** The guest does not answer any more. */
  void timedOut() {
    abort();
  }

  /** ICMP says that the guest cannot be reached: hard only before the connection is there. */
  void unreachable(int quotedSeq) {
    if (quotedSeq == sender.una()) {
      guestAbsent();
    }
  }

  /** Nobody has the guest's address: what is being opened to it is given up. */
  void guestAbsent() {
    if (state == State.SYN_SENT) {
      engine.counters().count(TcpCount.CONNECT_FAILED);
      host.abort();
      discard();
    }
  }

  // --- Sending

  private int timestamp() {
    return (int) (engine.nanoTime() / 1_000_000) + timestampOffset;
  }

  /** Sends a segment whose payload lies in a frame with room for the headers before it. */
  void send(ByteBuf frame, int index, int length, int seq, int flags) {
    writer.tsValue = timestamp();
    SackBlocks blocks = engine.blocks();
    // A data segment has no room for SACK beside a full payload.
    boolean bare = length == 0;
    if (bare && guestSack) {
      receiver.describe(blocks);
    } else {
      blocks.clear();
    }
    writer.write(
        frame, index, length, seq, receiver.nxt(), flags, receiver.window(), sender.mss(), blocks);
    receiver.acknowledgmentSent(bare);
    if (ackTimer.isSet()) {
      ackTimer.clear();
    }
    transmit(frame, length);
  }

  private void transmit(ByteBuf frame, int length) {
    engine.counters().count(TcpCount.SEGMENTS_OUT);
    int mss = sender.mss();
    int packets = length <= mss ? 1 : (length + mss - 1) / mss;
    countToGuest(packets, length + (long) packets * (writer.ip().length() + Tcp.HEADER_LENGTH));
    engine.link().send(frame, neighbour);
  }

  /** Sends a segment without payload. */
  void sendControl(int seq, int flags) {
    send(engine.control(), SegmentWriter.HEADROOM, 0, seq, flags);
  }

  /** Sends a sequence number that makes the guest answer. */
  void probe() {
    sendControl(sender.una() - 1, Tcp.ACK);
  }

  /** Acknowledges what has been received. */
  void acknowledge() {
    sendControl(sender.nxt(), Tcp.ACK);
  }

  private void sendReset(int seq, int ack, int flags) {
    engine.counters().count(TcpCount.RESETS_OUT);
    SegmentWriter plain = new SegmentWriter(writer.ip(), remotePort(), guestPort());
    engine.sendReset(plain, neighbour, seq, ack, flags);
  }

  /** Resets both sides. */
  void abort() {
    if (state == State.CONNECTING) {
      sendReset(0, receiver.nxt(), Tcp.RST | Tcp.ACK);
    } else if (state != State.CLOSED && state != State.SYN_SENT && !isOver()) {
      sendReset(sender.nxt(), receiver.nxt(), Tcp.RST | Tcp.ACK);
    }
    host.abort();
    discard();
  }

  private void discard() {
    if (state == State.CLOSED) {
      return;
    }
    state = State.CLOSED;
    host = NoHost.INSTANCE;
    sender.close();
    receiver.close();
    ackTimer.cancel();
    keepAlive.cancel();
    engine.forget(this);
  }

  /** It is over, or has never begun. */
  void leaveMemory() {
    share.leave();
  }

  String describe() {
    return state + " " + sender + " " + receiver;
  }
}
