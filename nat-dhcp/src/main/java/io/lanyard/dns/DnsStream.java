package io.lanyard.dns;

import io.lanyard.base.Timers.Timer;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.tcp.GuestStream;
import io.lanyard.nat.tcp.HostStream;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.TimeUnit;

/**
 * A guest's TCP connection to the name server (RFC 7766): messages with a length of two bytes
 * before each, any number of them, answered as their answers come.
 *
 * <p>What arrives is held only until it is a whole message, and no more messages are read while
 * many are waiting or the guest does not take its answers; its window then stays shut.
 *
 * <p>Thread: the network's loop only.
 */
final class DnsStream implements HostStream {
  /** How long a connection may be silent (RFC 7766 section 6.2.3: of the order of seconds). */
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(20);

  /** Questions of one connection that are answered at once; the rest wait their turn. */
  private static final int MAX_WAITING = 32;

  /**
   * Room in the connection for an answer that is under way. Answers of the largest size have a
   * quarter of theirs; a connection of a port that holds all the memory it may asks one question at
   * a time.
   */
  private static final int ROOM_OF_ANSWER = 16 * 1024;

  /** A whole message of the largest size, and some of the next. */
  private static final int MAX_GATHERED = 128 * 1024;

  /** Answers beyond what the guest takes; those that were under way when it stopped taking them. */
  private static final int MAX_UNTAKEN = 128 * 1024;

  private final DnsForwarder forwarder;
  private final GuestLink link;
  private final GuestStream guest;
  private final Station station;
  private final Timer idle;
  private final ByteBuf gathered;
  private int waiting;
  private boolean reading = true;
  private boolean finished;
  private boolean ended;
  private boolean parsing;

  DnsStream(DnsForwarder forwarder, GuestLink link, GuestStream guest, Station station) {
    this.forwarder = forwarder;
    this.link = link;
    this.guest = guest;
    this.station = station;
    this.gathered = link.allocator().buffer(512);
    this.idle = link.timers().create(() -> station.budget().turn().charge(this::idle));
    idle.arm(IDLE_NANOS);
  }

  @Override
  public void write(ByteBuf payload) {
    if (ended) {
      return;
    }
    if (gathered.readableBytes() + payload.readableBytes() > MAX_GATHERED) {
      stop();
      guest.reset(); // It sends past its window.
      return;
    }
    gathered.discardSomeReadBytes();
    gathered.writeBytes(payload, payload.readerIndex(), payload.readableBytes());
  }

  @Override
  public void flush() {
    parse();
  }

  private void parse() {
    if (parsing) {
      return; // An answer came at once, from within.
    }
    parsing = true;
    boolean some = false;
    while (!ended && reading && waiting < mostWaiting() && gathered.readableBytes() >= 2) {
      int length = gathered.getUnsignedShort(gathered.readerIndex());
      if (gathered.readableBytes() < 2 + length) {
        break;
      }
      byte[] query = new byte[length];
      gathered.skipBytes(2).readBytes(query);
      some = true;
      if (length < 12) {
        continue; // No quota counts it and nobody answers it.
      }
      waiting++;
      idle.arm(IDLE_NANOS);
      Answer answer = new Answer();
      if (!forwarder.receiveFromStream(query, station, answer::send)) {
        answer.drop();
      }
    }
    parsing = false;
    if (some && !ended) {
      guest.drained();
    }
    endIfDone();
  }

  private int mostWaiting() {
    return Math.clamp(1 + guest.room() / ROOM_OF_ANSWER, 1, MAX_WAITING);
  }

  /** The place of one answer; it comes at most once. */
  private final class Answer {
    private boolean over;

    void send(byte[] wire) {
      if (over) {
        return;
      }
      over = true;
      waiting--;
      if (ended) {
        return;
      }
      if (guest.room() < -MAX_UNTAKEN) {
        stop();
        guest.reset(); // It asks, and does not take what it has asked for.
        return;
      }
      ByteBuf out = link.allocator().buffer(GuestStream.HEADROOM + 2 + wire.length);
      out.writerIndex(GuestStream.HEADROOM).readerIndex(GuestStream.HEADROOM);
      out.writeShort(wire.length).writeBytes(wire);
      guest.data(out);
      guest.flush();
      idle.arm(IDLE_NANOS);
      parse();
      endIfDone();
    }

    void drop() {
      if (!over) {
        over = true;
        waiting--;
      }
    }
  }

  private void endIfDone() {
    if (finished
        && !ended
        && waiting == 0
        && !parsing
        && (reading || gathered.readableBytes() < 2)) {
      stop();
      guest.end();
    }
  }

  private void idle() {
    if (waiting > 0) {
      idle.arm(IDLE_NANOS);
    } else {
      giveUp();
    }
  }

  /** Whether it waits for no answer; a part of a query does not count. */
  boolean isIdle() {
    return waiting == 0;
  }

  /** Ends a connection that is idle; with a reset if the guest does not take its answers. */
  void giveUp() {
    if (ended) {
      return;
    }
    forwarder.counters().count(DnsCount.STREAM_GIVEN_UP);
    stop();
    if (reading) {
      guest.end();
    } else {
      guest.reset();
    }
  }

  @Override
  public int unsent() {
    return ended ? 0 : gathered.readableBytes();
  }

  /** The buffer as a whole: it stays as large as the largest message was. */
  @Override
  public int memory() {
    return ended ? 0 : gathered.capacity();
  }

  @Override
  public void read(boolean on) {
    reading = on;
    if (on) {
      parse();
    }
  }

  @Override
  public void finish() {
    finished = true;
    parse();
  }

  @Override
  public void abort() {
    stop();
  }

  @Override
  public void close() {
    stop();
  }

  private void stop() {
    if (!ended) {
      ended = true;
      idle.cancel();
      gathered.release();
      forwarder.streams().free(station.budget(), this);
    }
  }
}
