package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.base.Timers;
import io.lanyard.base.Timers.Timer;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Whether any name server answers at all, judged by a name that no guest chooses.
 *
 * <p>A question without an answer may be its own name's fault: a guest asks for what it likes, also
 * for names whose servers are silent. So when no server has answered a question in the time of an
 * attempt, and no other question has had an answer since it was asked, the servers are asked for
 * the root's. Only when they do not answer that either is it a problem, which takes 4.5 seconds
 * where there is one server, and up to 10 more where the root's were asked for shortly before. They
 * are asked again from time to time then, so that the problem ends when it is over, and at once
 * with any other answer.
 *
 * <p>Thread: the network's loop only.
 */
final class UpstreamHealth {
  /** Between two questions for the root: no guest makes us ask more often. */
  private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Between two lines in the log, however often the servers come and go. */
  private static final long COMPLAINT_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final System.Logger LOG = System.getLogger(UpstreamHealth.class.getName());

  /** The result of asking for the root's name servers. */
  enum Probed {
    /** A server has answered. */
    ANSWERED,
    /** None has. */
    SILENT,
    /** There was no socket to ask by. */
    NOT_ASKED
  }

  private final String network;
  private final Clock clock;
  private final Consumer<Consumer<Probed>> probe;
  private final Timer again;
  private boolean silent;
  private boolean probing;
  private boolean logged;
  private boolean heard;
  private boolean closed;
  private long heardNanos;
  private long askedNanos;
  private long probeNanos;
  private long complainNanos;

  /**
   * Makes the health of servers of which nothing is known.
   *
   * @param network the network's name, for the log
   * @param timers the network's timers
   * @param probe asks the servers for the root's; tells once what came of it
   */
  UpstreamHealth(String network, Timers timers, Consumer<Consumer<Probed>> probe) {
    this.network = network;
    this.clock = timers.clock();
    this.probe = probe;
    this.again = timers.create(this::probe);
    this.probeNanos = clock.nanoTime();
    this.complainNanos = clock.nanoTime();
  }

  /** A server has answered something. */
  void answered() {
    heard = true;
    heardNanos = clock.nanoTime();
    again.cancel();
    if (silent) {
      silent = false;
      if (logged) {
        LogEvent.of("dns-upstreams-back").with("network", network).log(LOG, Level.INFO);
      }
    }
  }

  /**
   * No server has answered a question in an attempt's time, or till its end.
   *
   * @param askedNanos when it was asked
   */
  void unanswered(long askedNanos) {
    if (heardSince(askedNanos) || silent || again.armed()) {
      return;
    }
    long early = probeNanos - clock.nanoTime();
    if (early <= 0) {
      probe();
    } else {
      again.arm(early); // The guest may not ask anything else.
    }
  }

  private boolean heardSince(long nanos) {
    return heard && heardNanos - nanos >= 0;
  }

  /** The servers are others than before: what is known of the former says nothing. */
  void changed() {
    if (silent) {
      probe();
    }
  }

  private void probe() {
    if (!probing) {
      probing = true;
      askedNanos = clock.nanoTime();
      probeNanos = askedNanos + PROBE_NANOS;
      probe.accept(this::probed);
    }
  }

  private void probed(Probed result) {
    probing = false;
    if (closed) {
      return;
    }
    if (result == Probed.ANSWERED) {
      answered();
      return;
    }
    if (!silent && heardSince(askedNanos)) {
      return; // They answer other questions.
    }
    if (result == Probed.SILENT || silent) {
      again.arm(PROBE_NANOS);
    }
    if (result == Probed.SILENT && !silent) {
      silent = true;
      logged = clock.nanoTime() - complainNanos >= 0;
      if (logged) {
        complainNanos = clock.nanoTime() + COMPLAINT_NANOS;
        LogEvent.of("dns-upstreams-silent")
            .with("network", network)
            .with("cause", "no name server answers, not even for the root")
            .log(LOG, Level.WARNING);
      }
    }
  }

  /** Whether no server answers. */
  boolean silent() {
    return silent;
  }

  /** Asks no more; what an earlier question brings says nothing. */
  void close() {
    closed = true;
    again.cancel();
  }
}
