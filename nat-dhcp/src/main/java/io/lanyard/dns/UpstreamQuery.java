package io.lanyard.dns;

import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.Timers;
import io.lanyard.base.Timers.Timer;
import io.lanyard.config.DnsUpstream.Way;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/**
 * One question put to the host's name servers, until one of them answers.
 *
 * <p>Each attempt has a socket of its own, so a random port, and a random identifier (RFC 5452
 * section 4). When a server has not answered in time the next is asked as well, and the first
 * answer from any of them counts; a server that fails or refuses is passed over while there are
 * others. Every server is asked twice at most. A truncated answer is asked for again over TCP (RFC
 * 7766 section 5). Over TLS a server is asked on a connection that stays ({@link
 * UpstreamConnections}), and not again while the question waits there: TCP loses nothing.
 *
 * <p>Thread: the network's loop only.
 */
final class UpstreamQuery {
  private static final int ROUNDS = 2;

  /**
   * Datagrams that do not answer the question before a socket is given up: somebody is guessing.
   */
  private static final int MAX_MISMATCHES = 50;

  /** Sockets that a port's questions may have whatever others have: a name server asked twice. */
  private static final int FLOOR = 2;

  /** Sockets of one question: a descriptor each, of which all networks have a few thousand. */
  private static final int MAX_OPEN = 3;

  /** The forwarder's objects that every question uses. */
  record Surroundings(
      GuestLink link,
      UpstreamDatagrams datagrams,
      UpstreamConnections connections,
      Timers timers,
      RandomGenerator random,
      UpstreamTimes times,
      Counters<DnsCount> counters,
      LargeAnswers large,
      DescriptorBudget.Holder sockets,
      Consumer<UpstreamServer> answered,
      Consumer<PortBudget> refused) {}

  /** Hears how a question has ended. */
  interface Result {
    /**
     * A question has ended.
     *
     * @param response the response; null if no server answered
     * @param local whether the response is our own, because there was no socket to ask by, or no
     *     memory for what came
     */
    void ended(@Nullable Message response, boolean local);

    /** Each server has let an attempt's time pass without an answer; the question goes on. */
    default void delayed() {}
  }

  private final Surroundings around;
  private final @Nullable PortShare asker;
  private final Turn turn;
  private final Question question;
  private final List<EDNSOption> options;
  private final UpstreamRanking ranking;
  private final List<UpstreamServer> servers;
  private final Result result;
  private final List<Attempt> attempts = new ArrayList<>();
  private final Timer timer;
  private final long deadline;
  private int asked;
  private @Nullable Message refusal;

  /** The answer where there was no socket or no memory: it says nothing of the servers. */
  private @Nullable Message shortage;

  private boolean done;

  private final Work again =
      new Work() {
        @Override
        protected boolean run() {
          askNext();
          return false;
        }

        @Override
        protected void broke(Throwable cause) {
          finish(null);
        }
      };

  /**
   * Makes a query that is asked with {@link #start}.
   *
   * @param asker the share of the port that asked, which is charged for the sockets; null for a
   *     question of our own
   * @param turn the turn that is charged for what comes of it
   * @param ranking hears how the servers do
   * @param servers whom to ask, in this order
   * @param timeout when it ends without an answer at the latest
   * @param result told once
   */
  UpstreamQuery(
      Surroundings around,
      @Nullable PortShare asker,
      Turn turn,
      Question question,
      List<EDNSOption> options,
      UpstreamRanking ranking,
      List<UpstreamServer> servers,
      Duration timeout,
      Result result) {
    this.around = around;
    this.asker = asker;
    this.turn = turn;
    this.question = question;
    this.options = options;
    this.ranking = ranking;
    this.servers = servers;
    this.result = result;
    this.timer = around.timers().create(() -> turn.charge(this::timeout));
    this.deadline = around.timers().clock().nanoTime() + timeout.toNanos();
  }

  /**
   * Asks.
   *
   * @param width how many servers are asked at once to begin with
   */
  void start(int width) {
    askNext();
    for (int i = 1; i < Math.min(width, MAX_OPEN) && asked < servers.size() && !done; i++) {
      askNext();
    }
  }

  /** Gives up without a result. */
  void cancel() {
    if (!done) {
      end();
    }
  }

  /** Ends without an answer, as if there was no socket to ask by. */
  void abandon() {
    if (!done) {
      end();
      result.ended(null, true);
    }
  }

  /** Whether it has ended. */
  boolean isDone() {
    return done;
  }

  /** Gives up the oldest attempts when there are more than the C library would make. */
  private void closeOldest() {
    long open = attempts.stream().filter(attempt -> !attempt.over).count();
    for (Attempt attempt : attempts) {
      if (open <= MAX_OPEN) {
        break;
      }
      if (!attempt.over) {
        attempt.close();
        open--;
      }
    }
  }

  private void askNext() {
    if (done) {
      return;
    }
    long left = deadline - around.timers().clock().nanoTime();
    if (left <= 0 || (asked >= ROUNDS * servers.size() && noneOpen())) {
      finish(refusal == null ? shortage : refusal);
      return;
    }
    if (asked < ROUNDS * servers.size()) {
      UpstreamServer server = servers.get(asked % servers.size());
      asked++;
      // The last attempt has whatever time is left.
      boolean last = asked == ROUNDS * servers.size();
      timer.arm(last ? left : Math.min(left, around.times().attempt().toNanos()));
      if (attempts.stream().noneMatch(attempt -> attempt.waitsFor(server))) {
        Attempt attempt = new Attempt(server);
        attempts.add(attempt);
        closeOldest();
        attempt.begin();
      }
    } else {
      timer.arm(left);
    }
  }

  private boolean noneOpen() {
    return attempts.stream().allMatch(attempt -> attempt.over);
  }

  private void timeout() {
    around.counters().count(DnsCount.UPSTREAM_FAILED);
    long since = around.timers().clock().nanoTime() - around.times().attempt().toNanos();
    for (Attempt attempt : attempts) {
      if (!attempt.over && !attempt.late && attempt.startedNanos - since <= 0) {
        attempt.late = true;
        ranking.failed(attempt.server);
      }
    }
    if (asked >= servers.size()) {
      result.delayed();
    }
    askNext();
  }

  private void finish(@Nullable Message response) {
    if (!done) {
      end();
      result.ended(response, response != null && response.equals(shortage));
    }
  }

  private void end() {
    done = true;
    timer.cancel();
    attempts.forEach(Attempt::close);
  }

  /** Goes on at the turn of the port that asked, not from inside this call. */
  private void goOn() {
    turn.later(again);
  }

  /** One server asked, over UDP and if need be TCP. */
  private final class Attempt implements UpstreamSocket.Listener {
    private final UpstreamServer server;
    private final long startedNanos = around.timers().clock().nanoTime();
    private @Nullable UpstreamSocket socket;
    private int id;
    private int mismatches;
    private boolean stream;
    private boolean edns;
    private boolean over;

    /** Whether it has had its time without an answer. */
    private boolean late;

    /** Whether TLS is no condition, and is tried. */
    private boolean opportunistic;

    /** Whether the socket counts in the asker's share. */
    private boolean holds;

    /** The memory of a large message that counts there. */
    private int heldBytes;

    /** The message that is to be read in the port's turn. */
    private byte @Nullable [] large;

    private final Work reading =
        new Work() {
          @Override
          protected boolean run() {
            byte[] wire = large;
            large = null;
            if (wire != null) {
              read(wire);
              giveMemory();
            }
            return false;
          }

          @Override
          protected void broke(Throwable cause) {
            fail();
          }
        };

    Attempt(UpstreamServer server) {
      this.server = server;
    }

    void begin() {
      switch (server.way()) {
        case DATAGRAM -> udp(true);
        case STREAM -> onConnection();
        case TLS -> {
          opportunistic = server.isOpportunistic();
          if (opportunistic && around.connections().isPlain(server)) {
            opportunistic = false;
            udp(true);
          } else {
            onConnection();
          }
        }
      }
    }

    /** Whether it still waits on the server's connection. */
    boolean waitsFor(UpstreamServer other) {
      UpstreamSocket its = socket;
      return !over && its != null && server.equals(other) && its.waits();
    }

    /** Asks on a connection that other questions use too. */
    private void onConnection() {
      stream = true;
      edns = true;
      boolean tls = server.way() == Way.TLS;
      socket = around.connections().ask(turn, server, tls ? padded() : query(), this);
      if (socket != null) {
        around.counters().count(tls ? DnsCount.UPSTREAM_TLS : DnsCount.UPSTREAM_TCP);
      } else {
        fallShort();
      }
    }

    void udp(boolean withEdns) {
      edns = withEdns;
      if (!takeSocket()) {
        return;
      }
      around.counters().count(DnsCount.UPSTREAM_UDP);
      socket = around.datagrams().send(turn, server.clearAddress(), query(), this);
      if (socket == null) {
        fail();
      }
    }

    private void tcp() {
      stream = true;
      if (!takeSocket()) {
        return;
      }
      around.counters().count(DnsCount.UPSTREAM_TCP);
      socket =
          new UpstreamStream(
              around.link(), turn, server.clearAddress(), query(), around.sockets(), this);
    }

    private boolean takeSocket() {
      if (mayTake() && around.sockets().take()) {
        holds = true;
        if (asker != null) {
          asker.sockets++;
        }
        return true;
      }
      fallShort();
      return false;
    }

    /** Ends because there is no socket, or no place on the connection. */
    private void fallShort() {
      around.counters().count(DnsCount.NO_DESCRIPTOR);
      over = true;
      if (shortage == null) {
        shortage = ours();
      }
      goOn();
    }

    /** A port may have more as long as it has less than what is free, and always its floor. */
    private boolean mayTake() {
      PortShare share = asker;
      if (share == null || share.sockets < FLOOR || share.sockets < around.sockets().free()) {
        return true;
      }
      around.refused().accept(share.port);
      return false;
    }

    private byte[] padded() {
      id = around.random().nextInt(1 << 16);
      return question.padded(id, options);
    }

    private byte[] query() {
      id = around.random().nextInt(1 << 16);
      return question.query(id, options, edns).toWire();
    }

    /** {@inheritDoc} One at a time: a server may send a second before the first is read. */
    @Override
    public boolean announced(int bytes) {
      return !done && !over && heldBytes == 0 && large == null && takeMemory(bytes);
    }

    /** Takes memory for a message; where there is none the question ends. */
    private boolean takeMemory(int bytes) {
      PortShare share = asker;
      if (share == null) {
        return true;
      }
      if (!around.large().take(share, bytes)) {
        around.counters().count(DnsCount.NO_MEMORY);
        shortage = refusal == null ? ours() : refusal;
        finish(shortage);
        return false;
      }
      heldBytes = bytes;
      return true;
    }

    private void giveMemory() {
      if (asker != null && heldBytes > 0) {
        around.large().give(asker, heldBytes);
      }
      heldBytes = 0;
    }

    private Message ours() {
      return Queries.error(question.query(0, options, edns), Rcode.SERVFAIL);
    }

    /** {@inheritDoc} A large one is read in the port's turn: hundreds may come at once. */
    @Override
    public void received(byte[] wire) {
      if (wire.length <= Question.PAYLOAD) {
        read(wire);
      } else if (!done && !over && large == null && (heldBytes > 0 || takeMemory(wire.length))) {
        large = wire;
        turn.later(reading);
      }
    }

    private void read(byte[] wire) {
      if (done || over) {
        return;
      }
      Message response = matching(wire);
      if (response == null) {
        around.counters().count(DnsCount.UPSTREAM_MISMATCH);
        if (stream || ++mismatches > MAX_MISMATCHES) {
          fail();
        }
        return;
      }
      if (response.getHeader().getFlag(Flags.TC)) {
        keep(response, wire); // Better than nothing, if the server has no TCP.
        if (stream) {
          fail(); // Nothing has to be cut there: another server may do better.
          return;
        }
        close();
        over = false;
        tcp();
        return;
      }
      int rcode = response.getRcode();
      boolean strange = rcode == Rcode.FORMERR || rcode == Rcode.NOTIMP || rcode == Rcode.BADVERS;
      if (strange && question.edns() && edns && server.way() == Way.DATAGRAM) {
        close(); // RFC 6891 section 6.2.2: a server that does not know EDNS is asked without.
        over = false;
        stream = false;
        udp(false);
        return;
      }
      if (strange || rcode == Rcode.SERVFAIL || rcode == Rcode.REFUSED) {
        keep(response, wire);
        fail();
        return;
      }
      long now = around.timers().clock().nanoTime();
      around.answered().accept(server);
      ranking.answered(server, now - startedNanos);
      for (Attempt other : attempts) {
        if (other != this && !other.over && !other.late) {
          ranking.slower(other.server, now - other.startedNanos);
        }
      }
      finish(response);
    }

    /** Keeps an answer in case that no better one comes, and not the records of a large one. */
    private void keep(Message response, byte[] wire) {
      refusal = wire.length <= Question.PAYLOAD ? response : Queries.withoutRecords(response);
    }

    /** The message, if it answers what was asked (RFC 5452 section 9.1). */
    private @Nullable Message matching(byte[] wire) {
      if (!MessageCost.isBearable(wire)) {
        return null;
      }
      try {
        Message response = new Message(wire);
        Header header = response.getHeader();
        Record echoed = response.getQuestion();
        boolean matches =
            header.getID() == id
                && header.getFlag(Flags.QR)
                && header.getOpcode() == Opcode.QUERY
                && header.getCount(Section.QUESTION) <= 1
                && (echoed == null
                    ? response.getRcode() != Rcode.NOERROR
                    : echoed.getName().equals(question.name())
                        && echoed.getType() == question.type()
                        && echoed.getDClass() == question.dclass());
        return matches ? response : null;
      } catch (IOException | RuntimeException e) {
        return null; // Whatever dnsjava cannot read is no answer; it is counted as a mismatch.
      }
    }

    @Override
    public void failed() {
      if (done || over || large != null) { // its message is still to be read
        return;
      }
      if (opportunistic && around.connections().isPlain(server)) {
        opportunistic = false;
        close();
        over = false;
        stream = false;
        udp(true); // RFC 8310 section 5: in the clear rather than not at all.
        return;
      }
      ranking.failed(server);
      fail();
    }

    private void fail() {
      close();
      around.counters().count(DnsCount.UPSTREAM_FAILED);
      goOn();
    }

    private void close() {
      over = true;
      large = null;
      giveMemory();
      if (holds && asker != null) {
        asker.sockets--;
      }
      holds = false;
      UpstreamSocket open = socket;
      socket = null;
      if (open != null) {
        open.close();
      }
    }
  }
}
