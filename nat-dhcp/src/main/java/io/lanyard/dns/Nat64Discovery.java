package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.DumpNode;
import io.lanyard.base.LogEvent;
import io.lanyard.base.Timers;
import io.lanyard.base.Timers.Timer;
import io.lanyard.nat.egress.Pref64;
import io.lanyard.nat.gateway.TranslatorSearch;
import io.lanyard.net.Subnet;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * Asks the name servers by which prefixes translators of the host's network stand for IPv4
 * addresses (RFC 7050), so that egress rules about IPv4 hold there.
 *
 * <pre>
 *             wanted                      has an IPv6 route
 *   off  ---------------&gt;  no route  -----------------------&gt;  asking
 *    ^   &lt;---------------     ^  a minute                     |    ^
 *    |      not wanted        +-------------------------------+    |  10 s before an answer's time
 *    |                            has none                    v    |  is over, after a silence, or
 *    +-------------------------------------------------------known-+  when servers or host change
 * </pre>
 *
 * <p>Each server is asked on its own, as one may know translators that another does not. What a
 * server has said holds until it says something else: a silent one takes nothing back. Servers that
 * are asked no longer are forgotten with the first answer of those that are, or at once where
 * nobody is asked any more.
 *
 * <p>Thread: the network's loop only.
 */
final class Nat64Discovery {
  /** Asks each of the present servers on its own. */
  interface Servers {
    /**
     * Asks.
     *
     * @param answered takes the answers, once, by server; null for a server that has none
     */
    void askEach(Question question, Consumer<Map<UpstreamServer, @Nullable Message>> answered);
  }

  private static final System.Logger LOG = System.getLogger(Nat64Discovery.class.getName());

  private static final Name NAME = Name.fromConstantString(Pref64.NAME + ".");

  /** RFC 7050 section 3: asked again ten seconds before the answer's time is over. */
  private static final long AHEAD_SECONDS = 10;

  /** No answer has the servers asked more often. */
  private static final long LEAST_SECONDS = 60;

  private static final long LEAST_NANOS = TimeUnit.SECONDS.toNanos(LEAST_SECONDS);

  /** A prefix is looked for anew once a day at least. */
  private static final long MOST_SECONDS = 86_400;

  /** The same where there is none. */
  private static final long MOST_NEGATIVE_SECONDS = 3_600;

  /** Addresses and routes of a host that moves come one after the other. */
  private static final long SETTLED_NANOS = Duration.ofSeconds(2).toNanos();

  /** Nobody tells of a route that comes; a look costs a line of a file. */
  private static final long NO_ROUTE_NANOS = Duration.ofMinutes(1).toNanos();

  /** Prefixes of one server: more than any site has, and few for the decision about a flow. */
  private static final int MOST_PREFIXES = 8;

  private final String network;
  private final TranslatorSearch search;
  private final Servers servers;
  private final Runnable found;
  private final Clock clock;
  private final Timer timer;
  private final Map<UpstreamServer, List<Subnet>> known = new LinkedHashMap<>();
  private String state = "off";
  private long silenceSeconds = LEAST_SECONDS;
  private boolean armed;
  private long dueNanos;
  private boolean asked;
  private long askedNanos;
  private boolean asking;
  private boolean askAgain;
  private boolean closed;

  /**
   * Makes one that asks nobody before {@link #changed}.
   *
   * @param network the network's name, for the log
   * @param timers the network's timers
   * @param search whether prefixes are wanted, and who takes them
   * @param servers the network's name servers
   * @param found told when others were found than before
   */
  Nat64Discovery(
      String network, Timers timers, TranslatorSearch search, Servers servers, Runnable found) {
    this.network = network;
    this.search = search;
    this.servers = servers;
    this.found = found;
    timer = timers.create(this::ask);
    clock = timers.clock();
    search.listen(this::moved);
  }

  /**
   * Asks when the host has its new addresses, but a minute after the last question at the soonest:
   * some hosts change theirs all the time.
   */
  private void moved() {
    long since = clock.nanoTime() - askedNanos;
    changed(asked ? Math.max(SETTLED_NANOS, LEAST_NANOS - since) : SETTLED_NANOS);
  }

  /** Has the servers asked after some time, or before if they are to be asked sooner anyway. */
  private void arm(long nanos) {
    long due = clock.nanoTime() + nanos;
    if (!armed || dueNanos - due > 0) {
      armed = true;
      dueNanos = due;
      timer.arm(nanos);
    }
  }

  /** Asks now: the servers, or what is wanted, may be others than before. */
  void changed() {
    changed(0);
  }

  private void changed(long nanos) {
    if (closed) {
      return;
    }
    if (search.isWanted()) {
      arm(nanos);
    } else {
      off();
    }
  }

  private void off() {
    armed = false;
    timer.cancel();
    state = "off";
    known.clear();
    take();
  }

  private void ask() {
    armed = false;
    if (closed) {
      return;
    }
    if (!search.isWanted()) {
      off();
    } else if (asking) {
      askAgain = true;
    } else if (search.hasRoute()) {
      asking = true;
      asked = true;
      askedNanos = clock.nanoTime();
      state = "asking";
      servers.askEach(Question.recursive(NAME, Type.AAAA), this::answered);
    } else {
      state = "no-route"; // What was found stays: nothing leads there, and the route may come back.
      arm(NO_ROUTE_NANOS);
    }
  }

  private void answered(Map<UpstreamServer, @Nullable Message> answers) {
    asking = false;
    if (closed || !search.isWanted()) {
      return;
    }
    long seconds = MOST_SECONDS;
    boolean heard = false;
    boolean silent = answers.isEmpty();
    for (Map.Entry<UpstreamServer, @Nullable Message> each : answers.entrySet()) {
      Message answer = each.getValue();
      if (answer == null || Response.isFailure(answer.getRcode())) {
        silent = true;
      } else {
        heard = true;
        known.put(each.getKey(), Pref64.in(Told.of(answer).addresses()));
        seconds = Math.min(seconds, pause(answer));
      }
    }
    if (heard || answers.isEmpty()) {
      known.keySet().retainAll(answers.keySet());
    }
    state = answers.isEmpty() ? "no-servers" : heard ? "known" : "no-answer";
    if (silent) {
      seconds = Math.min(seconds, silenceSeconds);
      silenceSeconds = Math.min(2 * silenceSeconds, MOST_NEGATIVE_SECONDS);
    } else {
      silenceSeconds = LEAST_SECONDS;
    }
    arm(askAgain ? 0 : TimeUnit.SECONDS.toNanos(seconds));
    askAgain = false;
    take();
  }

  /** How long to wait before the question is asked again, in seconds. */
  private static long pause(Message answer) {
    List<Record> found = answer.getSection(Section.ANSWER);
    long seconds =
        found.stream().anyMatch(each -> each.getType() == Type.AAAA)
            ? least(found, MOST_SECONDS)
            : least(answer.getSection(Section.AUTHORITY), MOST_NEGATIVE_SECONDS);
    return Math.max(LEAST_SECONDS, seconds - AHEAD_SECONDS);
  }

  private static long least(List<Record> records, long most) {
    long least = most;
    for (Record each : records) {
      long own =
          each instanceof SOARecord soa ? Math.min(soa.getMinimum(), each.getTTL()) : each.getTTL();
      // RFC 2181 section 8: a time with the top bit set is zero.
      least = Math.min(least, own > Integer.MAX_VALUE ? 0 : own);
    }
    return least;
  }

  /** Hands over what is known at present. */
  private void take() {
    List<Subnet> all =
        known.values().stream()
            .flatMap(of -> of.stream().limit(MOST_PREFIXES))
            .distinct()
            .sorted()
            .toList();
    if (search.found(all)) {
      LogEvent.of("nat64-prefixes")
          .with("network", network)
          .with("prefixes", all.stream().map(Subnet::toString).toList())
          .log(LOG, Level.INFO);
      found.run();
    }
  }

  /** Describes it; nothing where nobody wants to know. */
  void addTo(DumpNode.Builder node) {
    if (!search.isWanted()) {
      return;
    }
    DumpNode.Builder own = DumpNode.of("nat64").with("state", state);
    known.forEach((server, prefixes) ->
        own.child(
            DumpNode.of(server.text())
                .with("prefixes", prefixes.stream().map(Subnet::toString).toList())
                .build()));
    node.child(own.build());
  }

  /** Asks no more; what was found counts no more, as nobody looks whether it stays true. */
  void close() {
    closed = true;
    timer.cancel();
    search.listen(() -> {});
    boolean _ = search.found(List.of());
  }
}
