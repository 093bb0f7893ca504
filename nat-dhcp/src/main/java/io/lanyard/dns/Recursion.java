package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.LogEvent;
import io.lanyard.config.DnsConfig;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.vswitch.Turns;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
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
import org.xbill.DNS.Type;

/**
 * The questions that go to the host's name servers, those who wait for the answers, and the answers
 * that are kept.
 *
 * <p>Thread: the network's loop only.
 */
final class Recursion {
  private static final System.Logger LOG = System.getLogger(Recursion.class.getName());

  /** Every name server has the root's at hand. */
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(3);

  /** Answers kept at most, and their bytes. */
  private static final int CACHE_ENTRIES = 10_000;

  private static final long CACHE_BYTES = 8 << 20;

  private final GuestLink link;
  private final Clock clock;
  private final OwnZone zone;
  private final Replies replies;
  private final NamePolicy policy;
  private final Counters<DnsCount> counters;
  private final ResponseCache cache;
  private final HostResolver resolver;
  private final UpstreamDatagrams datagrams;
  private final UpstreamQuery.Surroundings surroundings;
  private final Outstanding outstanding;
  private final UpstreamHealth health;
  private final UpstreamTimes times;
  private boolean forwards;
  private boolean hostsFile;
  private boolean closed;

  Recursion(
      String network,
      DnsConfig config,
      HostFiles files,
      UpstreamTimes times,
      GuestLink link,
      OwnZone zone,
      Replies replies,
      NamePolicy policy,
      Counters<DnsCount> counters,
      DescriptorBudget.Holder sockets,
      Consumer<PortBudget> refused,
      Function<List<String>, ResolvConf> parser) {
    this.times = times;
    this.forwards = forwards(config);
    this.hostsFile = config.hostsFile();
    this.link = link;
    this.zone = zone;
    this.replies = replies;
    this.policy = policy;
    this.counters = counters;
    this.clock = link.timers().clock();
    this.outstanding = new Outstanding(DnsLimits.DEFAULT);
    this.cache = new ResponseCache(CACHE_ENTRIES, CACHE_BYTES);
    this.resolver =
        new HostResolver(
            config,
            files,
            task -> link.loop().execute(task),
            link.timers(),
            parser,
            this::upstreamsChanged);
    this.datagrams = new UpstreamDatagrams(link, counters, sockets);
    this.surroundings =
        new UpstreamQuery.Surroundings(
            link.loop(),
            new Turns(clock, task -> link.loop().execute(task)).unowned(),
            datagrams,
            link.timers(),
            new SecureRandom(),
            times,
            counters,
            sockets,
            this::heard,
            refused);
    this.health = new UpstreamHealth(network, link.timers(), this::probe);
  }

  /** The host's name servers and its hosts file. */
  HostResolver resolver() {
    return resolver;
  }

  /** The answer that is kept for a question; null if there is none. */
  @Nullable Response cached(Question question, long now) {
    return cache.get(question, now);
  }

  void flushCache() {
    cache.clear();
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
        + resolver.endpoints()
        + "; look at the host's resolver and its way out";
  }

  /** Ends what is under way for a port that is gone. */
  void end(PortBudget port) {
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
    resolver.close();
    health.close();
    outstanding.all().forEach(this::cancel);
    datagrams.close();
  }

  void addTo(DumpNode.Builder node) {
    node.with("hostsFileNames", resolver.hosts().size())
        .with("cacheEntries", cache.entries())
        .with("cacheBytes", cache.bytes())
        .with("outstanding", outstanding.askers())
        .with("outstandingQuestions", outstanding.questions())
        .with("outstandingBytes", outstanding.bytes())
        .with("outstandingPorts", outstanding.ports());
  }

  private void heard(InetSocketAddress server) {
    resolver.answered(server);
    health.answered();
  }

  private void upstreamsChanged() {
    outstanding.detach();
    cache.clear();
    health.changed();
  }

  /** Asks for the root's name servers, which no guest has chosen and every server knows. */
  private void probe(Consumer<UpstreamHealth.Probed> probed) {
    resolver.servers(servers -> {
      if (!closed) {
        Question root = Question.recursive(Name.root, Type.NS);
        new UpstreamQuery(
                surroundings,
                null,
                root,
                List.of(),
                servers,
                PROBE_TIMEOUT,
                (response, local) ->
                    probed.accept(
                        local
                            ? UpstreamHealth.Probed.NOT_ASKED
                            : response == null
                                ? UpstreamHealth.Probed.SILENT
                                : UpstreamHealth.Probed.ANSWERED))
            .start();
      }
    });
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
    resolver.servers(servers -> ask(fresh, servers));
    return true;
  }

  private void ask(Waiting waiting, List<InetSocketAddress> servers) {
    if (closed || (waiting.hosts != resolver.hosts() && inHostsFile(waiting))) {
      return;
    }
    if (!forwards()) {
      refuse(waiting);
      return;
    }
    UpstreamQuery upstream =
        new UpstreamQuery(
            surroundings,
            waiting.first,
            waiting.question,
            waiting.options,
            servers,
            times.query(),
            new UpstreamQuery.Result() {
              @Override
              public void ended(@Nullable Message response, boolean local) {
                answered(waiting, servers, response, local);
              }

              @Override
              public void delayed() {
                unanswered(waiting);
              }
            });
    waiting.upstream = upstream;
    upstream.start();
  }

  /** Whether anybody is asked for names of others. */
  boolean forwards() {
    return forwards;
  }

  private static boolean forwards(DnsConfig config) {
    return !(config.upstreams() instanceof DnsConfig.None);
  }

  /**
   * Asks other servers, or answers from the hosts file or no more. Questions under way are answered
   * by those that they were put to.
   */
  void configure(DnsConfig config) {
    forwards = forwards(config);
    if (resolver.configure(config)) {
      upstreamsChanged();
    }
    if (config.hostsFile() != hostsFile) {
      hostsFile = config.hostsFile();
      cache.clear(); // The file's names come first, and nobody has looked at it yet.
    }
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

  private void answered(
      Waiting waiting, List<InetSocketAddress> servers, @Nullable Message response, boolean local) {
    if (local && handedOver(waiting, servers)) {
      return;
    }
    outstanding.end(waiting);
    Question question = waiting.question;
    long now = clock.nanoTime();
    Response upstream = response == null ? null : make(question, response, now);
    Response made = upstream == null ? make(question, failure(question), now) : upstream;
    if (made != null && !local && waiting.shareable() && !waiting.stale) {
      cache.put(question, made);
    }
    if (response == null) {
      unanswered(waiting);
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
        made.tell(policy, asker.port().port, question.name(), now);
        replies.upstream(made.to(asker.id(), asker.spelling(), now), asker.limit(), asker.reply());
      }
    }
    link.flush();
  }

  private void unanswered(Waiting waiting) {
    if (!resolver.known().isEmpty() && !waiting.stale) {
      health.unanswered(waiting.askedNanos);
    }
  }

  /**
   * Lets another port that waits for the same answer ask, where the first one has its share of the
   * sockets: that is none of the other's fault.
   */
  private boolean handedOver(Waiting waiting, List<InetSocketAddress> servers) {
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
    ask(waiting, servers);
    return true;
  }

  private static Message failure(Question question) {
    Message failure = question.query(0, List.of(), true);
    failure.getHeader().setFlag(Flags.QR);
    failure.getHeader().setFlag(Flags.RA);
    failure.getHeader().unsetFlag(Flags.AD);
    failure.getHeader().setRcode(Rcode.SERVFAIL);
    return failure;
  }

  private @Nullable Response make(Question question, Message response, long now) {
    try {
      if (response.getQuestion() == null) {
        // A refusal may come without the question, which the asker is to see all the same.
        response.addRecord(
            Record.newRecord(question.name(), question.type(), question.dclass()),
            Section.QUESTION);
      }
      return Response.of(response, question.edns(), now);
    } catch (IOException | RuntimeException e) {
      LogEvent.of("dns-response-unusable").with("cause", e).log(LOG, Level.DEBUG);
      return null; // Answered with SERVFAIL, and counted there.
    }
  }
}
