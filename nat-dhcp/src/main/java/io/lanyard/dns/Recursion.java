package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.LogEvent;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.config.DnsConfig;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.gateway.TranslatorSearch;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Turns;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/**
 * The questions that go to the host's name servers, those who wait for the answers, and the answers
 * that are kept.
 *
 * <p>Thread: the network's loop only.
 */
final class Recursion {
  private static final System.Logger LOG = System.getLogger(Recursion.class.getName());

  /** Answers that are renewed at a time. */
  private static final int MOST_RENEWALS = 16;

  /** Answers kept at most, and their bytes where the heap has room for them. */
  private static final int CACHE_ENTRIES = 10_000;

  private static final int CACHE_BYTES = 8 << 20;

  /** RFC 8767 section 5: for so long the servers are not asked again for what they did not say. */
  private static final long RECHECK_NANOS = Duration.ofSeconds(30).toNanos();

  private final GuestLink link;
  private final Clock clock;
  private final OwnZone zone;
  private final Replies replies;
  private final NamePolicy policy;
  private final Counters<DnsCount> counters;
  private final ResponseCache cache;
  private final HostResolver resolver;
  private final SplitServers split;
  private final RateLimitedLog log;
  private final String network;
  private final UpstreamDatagrams datagrams;
  private final UpstreamConnections connections;
  private final UpstreamQuery.Surroundings surroundings;
  private final Turn unowned;
  private final OwnQuestions own;
  private final Outstanding outstanding;
  private final LargeAnswers large;
  private final UpstreamHealth health;
  private final UpstreamTimes times;
  private final Nat64Discovery translators;
  private DnsConfig config;
  private Rebinding rebinding;
  private boolean hostsFile;
  private boolean closed;

  /** Of the servers: what those before say is not kept. */
  private int generation;

  /** The questions that are being asked anew, each with the port that is charged for it. */
  private final Map<Question, PortBudget> renewing = new HashMap<>();

  Recursion(
      String network,
      DnsConfig config,
      HostFiles files,
      UpstreamTimes times,
      GuestLink link,
      OwnZone zone,
      Replies replies,
      NamePolicy policy,
      TranslatorSearch search,
      Counters<DnsCount> counters,
      NameMemory.Share memory,
      DescriptorBudget.Holder sockets,
      Consumer<PortBudget> refused,
      Function<List<String>, ResolvConf> parser) {
    this.times = times;
    this.network = network;
    this.config = config;
    this.rebinding = new Rebinding(config, policy);
    this.split = new SplitServers(link.timers().clock(), config);
    this.log = new RateLimitedLog(LOG, link.timers().clock());
    this.hostsFile = config.hostsFile();
    this.link = link;
    this.zone = zone;
    this.replies = replies;
    this.policy = policy;
    this.counters = counters;
    this.clock = link.timers().clock();
    this.large = new LargeAnswers(memory);
    this.outstanding = new Outstanding(DnsLimits.DEFAULT, memory);
    this.cache = new ResponseCache(CACHE_ENTRIES, CACHE_BYTES, memory);
    this.resolver =
        new HostResolver(
            config,
            files,
            task -> link.loop().execute(task),
            link.timers(),
            parser,
            split::ofHost,
            this::upstreamsChanged);
    this.datagrams = new UpstreamDatagrams(link, counters, sockets);
    this.connections = new UpstreamConnections(link, sockets, config.authorities());
    this.unowned = new Turns(clock, task -> link.loop().execute(task)).unowned();
    this.surroundings =
        new UpstreamQuery.Surroundings(
            link,
            datagrams,
            connections,
            link.timers(),
            new SecureRandom(),
            times,
            counters,
            large,
            sockets,
            this::heard,
            refused);
    this.own = new OwnQuestions(resolver, this::ranking, surroundings, unowned);
    this.health = new UpstreamHealth(network, link.timers(), own::probe);
    this.translators =
        new Nat64Discovery(network, link.timers(), search, own::askEach, this::forget);
    translators.changed();
  }

  /** The host's name servers and its hosts file. */
  HostResolver resolver() {
    return resolver;
  }

  /**
   * The answer that is kept for a question; null if there is none.
   *
   * @param asker the port that asks, which is charged for an answer that is renewed
   */
  @Nullable Response cached(Question question, PortBudget asker, long now) {
    Response kept = cache.get(question, now);
    if (kept != null) {
      counters.count(DnsCount.CACHE_HIT);
      if (kept.isNearlyOver(now)) {
        renew(question, asker);
      }
      return kept;
    }
    Response late = stale(question, now);
    return late != null && late.recheckNanos - now > 0 ? countStale(late) : null;
  }

  /**
   * Asks anew for what guests ask for, before its time is over. A port may have as many renewed as
   * it leaves free: names whose servers are silent take nothing from what others ask for.
   */
  private void renew(Question question, PortBudget port) {
    int free = MOST_RENEWALS - renewing.size();
    if (Collections.frequency(renewing.values(), port) >= free
        || renewing.putIfAbsent(question, port) != null) {
      return;
    }
    counters.count(DnsCount.RENEWED);
    int asked = generation;
    own.ask(
        question,
        port.turn(),
        (response, local) -> {
          renewing.remove(question);
          if (response == null || local || asked != generation || closed) {
            return;
          }
          boolean blocked = filter(question, response);
          if (!blocked && Response.isFailure(response.getRcode())) {
            return; // It says nothing about the name, and must not replace an answer that does.
          }
          Response made = make(question, response, clock.nanoTime(), blocked);
          if (made != null) {
            cache.put(question, made, port);
          }
        });
  }

  /** An answer whose time is over, and that may be given all the same; null for none. */
  private @Nullable Response stale(Question question, long now) {
    return cache.stale(question, now, config.serveStale().toNanos());
  }

  private Response countStale(Response late) {
    counters.count(DnsCount.STALE);
    return late;
  }

  /** The share of a port in the questions that wait. */
  PortShare share(PortBudget port) {
    return outstanding.share(port);
  }

  /** How many queries wait for answers. */
  int waiting() {
    return outstanding.askers();
  }

  /** The problem that keeps guests from resolving names of others; empty if nothing does. */
  String problem() {
    String unread = resolver.problem();
    if (!unread.isEmpty() || !health.silent()) {
      return unread;
    }
    return "no name server answers, so names of others are not resolved: asked "
        + resolver.texts()
        + "; look at the host's resolver and its way out";
  }

  /** Ends what is under way for a port that is gone. */
  void end(PortBudget port) {
    cache.end(port);
    for (Waiting each : outstanding.all()) {
      if (each.first.port == port || each.askersOf(port) > 0) {
        if (outstanding.leave(each, port).isEmpty()) {
          cancel(each);
        }
      }
    }
  }

  private void cancel(Waiting waiting) {
    if (waiting.upstream != null) {
      waiting.upstream.cancel();
    }
    outstanding.end(waiting);
  }

  /** Ends what is under way; who waits gets no answer. */
  void close() {
    closed = true;
    own.stop();
    resolver.close();
    health.close();
    translators.close();
    outstanding.all().forEach(this::cancel);
    own.abandon();
    connections.close();
    datagrams.close();
    cache.clear();
  }

  void addTo(DumpNode.Builder node) {
    node.with("hostsFileNames", resolver.hosts().size())
        .with("cacheEntries", cache.entries())
        .with("cacheBytes", cache.bytes())
        .withNonZero("cacheEvictions", cache.evicted())
        .with("outstanding", outstanding.askers())
        .with("outstandingQuestions", outstanding.questions())
        .with("outstandingBytes", outstanding.bytes())
        .with("outstandingPorts", outstanding.ports())
        .with("largeAnswerBytes", large.bytes())
        .with("connections", connections.size())
        .with("inTheClear", connections.inTheClear())
        .child(resolver.ranking().dump("upstreams"));
    split.addTo(node);
    translators.addTo(node);
  }

  private void heard(UpstreamServer server) {
    if (resolver.known().contains(server)) {
      health.answered();
    }
  }

  private void upstreamsChanged() {
    generation++;
    outstanding.detach();
    cache.clear();
    health.changed();
    translators.changed();
  }

  /** Forgets the answers: what is taken out of them is something else now. */
  private void forget() {
    if (config.rebindingProtection()) {
      cache.clear();
    }
  }

  /**
   * Asks a question of the daemon's own, whose answer is kept for nobody.
   *
   * @param answered takes the answer, once; null if there is none
   */
  void lookup(Question question, Consumer<@Nullable Message> answered) {
    own.ask(
        question,
        unowned,
        (response, local) -> {
          if (response != null && !local) {
            filter(question, response);
          }
          answered.accept(local ? null : response);
        });
  }

  /** The servers that are asked for a name. */
  private UpstreamRanking ranking(Name name) {
    UpstreamRanking own = split.of(name);
    return own == null ? resolver.ranking() : own;
  }

  /**
   * Asks upstream.
   *
   * @param early whether the hosts file has not been read yet, which may have the name
   * @return false if there is no place for the question
   */
  boolean ask(Asker asker, Question question, List<EDNSOption> options, boolean early) {
    // An option may change the answer: the client's subnet.
    Waiting same = options.isEmpty() ? outstanding.find(question) : null;
    if (same != null) {
      boolean joined = outstanding.join(same, asker);
      if (joined) {
        counters.count(DnsCount.MERGED);
      }
      return joined;
    }
    Waiting fresh = outstanding.open(question, options, asker, early ? null : resolver.hosts());
    if (fresh == null) {
      return false;
    }
    counters.count(DnsCount.FORWARDED);
    fresh.askedNanos = clock.nanoTime();
    resolver.servers(() -> asker.port().port.turn().charge(() -> ask(fresh)));
    return true;
  }

  private void ask(Waiting waiting) {
    // Its port may have gone while the servers were looked up.
    if (closed
        || !outstanding.has(waiting)
        || (waiting.hosts != resolver.hosts() && inHostsFile(waiting))) {
      return;
    }
    Name name = waiting.question.name();
    if (!forwards(name)) {
      refuse(waiting);
      return;
    }
    UpstreamRanking ranking = ranking(name);
    own.wake(ranking);
    UpstreamQuery upstream =
        new UpstreamQuery(
            surroundings,
            waiting.first,
            waiting.first.port.turn(),
            waiting.question,
            waiting.options,
            ranking,
            ranking.order(),
            times.query(),
            new UpstreamQuery.Result() {
              @Override
              public void ended(@Nullable Message response, boolean local) {
                answered(waiting, response, local);
              }

              @Override
              public void delayed() {
                unanswered(waiting);
                serveStale(waiting);
              }
            });
    waiting.upstream = upstream;
    upstream.start(ranking.width());
  }

  /** RFC 8767 section 5: a guest need not wait for servers that are late, if there is an answer. */
  private void serveStale(Waiting waiting) {
    long now = clock.nanoTime();
    Response late = waiting.shareable() && !waiting.stale ? stale(waiting.question, now) : null;
    if (late != null) {
      late.recheckNanos = now + RECHECK_NANOS;
      for (Asker asker : outstanding.answerEarly(waiting)) {
        give(countStale(late), waiting.question, asker, now);
      }
      link.flush();
    }
  }

  private void give(Response answer, Question question, Asker asker, long now) {
    answer.tell(policy, asker.port().port, question.name(), now);
    replies.upstream(answer.to(asker.id(), asker.spelling(), asker.limit(), now), asker.reply());
  }

  /** Whether anybody is asked for a name of others. */
  boolean forwards(Name name) {
    UpstreamRanking own = split.of(name);
    return own == null ? !(config.upstreams() instanceof DnsConfig.None) : !own.order().isEmpty();
  }

  /**
   * Asks other servers, or answers from the hosts file or no more. Questions under way are answered
   * by those that they were put to.
   */
  void configure(DnsConfig next) {
    boolean others = !Objects.equals(next.authorities(), config.authorities());
    boolean filtered =
        next.rebindingProtection() != config.rebindingProtection()
            || !next.rebindingExceptions().equals(config.rebindingExceptions());
    config = next;
    rebinding = new Rebinding(next, policy);
    connections.configure(next.authorities());
    boolean asked = resolver.configure(next);
    boolean divided = split.configure(next);
    if (asked || divided || others) {
      upstreamsChanged();
    }
    if (next.hostsFile() != hostsFile || filtered) {
      hostsFile = next.hostsFile();
      cache.clear(); // The file's names come first, and nobody has looked at it yet.
    }
  }

  /** Takes over that the configuration says other prefixes of translators, or none any more. */
  void translatorsConfigured() {
    forget();
    translators.changed();
  }

  private void refuse(Waiting waiting) {
    outstanding.end(waiting);
    for (Asker asker : waiting.askers) {
      counters.count(DnsCount.NOT_FORWARDED);
      Message again = Queries.again(waiting.question, asker);
      asker.reply().accept(Queries.error(again, Rcode.REFUSED).toWire(asker.limit()));
    }
    link.flush();
  }

  /** Answers from a hosts file that was read, or read again, after the question had come. */
  private boolean inHostsFile(Waiting waiting) {
    Message query = waiting.question.query(0, List.of(), false);
    if (zone.answer(query, query.getQuestion(), resolver.hosts()) == null) {
      return false;
    }
    outstanding.end(waiting);
    for (Asker asker : waiting.askers) {
      Message again = Queries.again(waiting.question, asker);
      Message own = zone.answer(again, again.getQuestion(), resolver.hosts());
      if (own != null) {
        Told.of(own).tell(policy, asker.port().port, waiting.question.name(), 0);
        replies.own(own, again, asker.limit(), asker.reply());
      }
    }
    link.flush();
    return true;
  }

  private void answered(Waiting waiting, @Nullable Message response, boolean local) {
    if (local && handedOver(waiting)) {
      return;
    }
    outstanding.end(waiting);
    Question question = waiting.question;
    long now = clock.nanoTime();
    boolean blocked = response != null && filter(question, response);
    boolean keeps = !local && waiting.shareable() && !waiting.stale;
    boolean failed = response == null || (!blocked && Response.isFailure(response.getRcode()));
    Response late = failed && keeps ? stale(question, now) : null;
    if (response == null) {
      unanswered(waiting);
    }
    if (late != null) {
      late.recheckNanos = now + RECHECK_NANOS;
      for (Asker asker : waiting.askers) {
        give(countStale(late), question, asker, now);
      }
      link.flush();
      return;
    }
    Response upstream = response == null ? null : make(question, response, now, blocked);
    Response made = upstream == null ? make(question, failure(question), now, false) : upstream;
    if (made != null && keeps) {
      cache.put(question, made, waiting.first.port);
    }
    for (Asker asker : waiting.askers) {
      if (upstream == null) {
        counters.count(DnsCount.UNANSWERED);
      }
      if (made == null) {
        asker
            .reply()
            .accept(Queries.error(Queries.again(question, asker), Rcode.SERVFAIL).toWire());
      } else {
        give(made, question, asker, now);
      }
    }
    link.flush();
  }

  /**
   * Takes out what would lead a guest into its own network under a stranger's name.
   *
   * @return whether nothing is left, and the answer is a refusal now
   */
  private boolean filter(Question question, Message response) {
    if (split.of(question.name()) != null) {
      return false; // Who has servers of its own is no stranger.
    }
    int taken = rebinding.filter(question.name(), response);
    if (taken > 0) {
      for (int i = 0; i < taken; i++) {
        counters.count(DnsCount.REBINDING);
      }
      boolean blocked = Queries.blocked(response);
      log.log(
          Level.INFO,
          "dns-rebinding",
          network,
          line ->
              line.with("network", network)
                  .with("name", Told.text(question.name()))
                  .with("records", taken)
                  .with("advice", "where that is right, name its domain in rebinding-exceptions"));
      return blocked;
    }
    return false;
  }

  private void unanswered(Waiting waiting) {
    boolean ours = split.of(waiting.question.name()) == null;
    if (ours && !resolver.known().isEmpty() && !waiting.stale) {
      health.unanswered(waiting.askedNanos);
    }
  }

  /**
   * Lets another port that waits for the same answer ask, where the first one has its share of the
   * sockets: that is none of the other's fault.
   */
  private boolean handedOver(Waiting waiting) {
    List<Asker> left = outstanding.leave(waiting, waiting.first.port);
    if (left.isEmpty()) {
      return false;
    }
    for (Asker asker : left) {
      counters.count(DnsCount.UNANSWERED);
      Message again = Queries.again(waiting.question, asker);
      asker.reply().accept(Queries.error(again, Rcode.SERVFAIL).toWire(asker.limit()));
    }
    link.flush();
    ask(waiting);
    return true;
  }

  private static Message failure(Question question) {
    Message failure = question.query(0, List.of(Queries.UNREACHABLE), true);
    failure.getHeader().setFlag(Flags.QR);
    failure.getHeader().setFlag(Flags.RA);
    failure.getHeader().unsetFlag(Flags.AD);
    failure.getHeader().setRcode(Rcode.SERVFAIL);
    return failure;
  }

  private @Nullable Response make(Question question, Message response, long now, boolean blocked) {
    try {
      if (response.getQuestion() == null) {
        // A refusal may come without the question, which the asker is to see all the same.
        response.addRecord(
            Record.newRecord(question.name(), question.type(), question.dclass()),
            Section.QUESTION);
      }
      return blocked
          ? Response.ofBlocked(response, question, now)
          : Response.of(response, question, now);
    } catch (IOException | RuntimeException e) {
      LogEvent.of("dns-response-unusable").with("cause", e).log(LOG, Level.DEBUG);
      return null; // Answered with SERVFAIL, and counted there.
    }
  }
}
