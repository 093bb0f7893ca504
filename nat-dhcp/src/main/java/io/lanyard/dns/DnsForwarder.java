package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.LogEvent;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.nat.gateway.DatagramService;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * A network's name server: its own names, the cache, and the host's name servers behind them.
 *
 * <p>How a question finds its answer is told in the package's description. Nothing that a guest or
 * a server sends makes this class throw.
 *
 * <p>Thread: the network's loop only.
 */
public final class DnsForwarder implements DatagramService, Dumpable {
  /** The UDP and TCP port of DNS. */
  public static final int PORT = 53;

  /** Between two complaints about the name servers. */
  private static final long COMPLAINT_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final System.Logger LOG = System.getLogger(DnsForwarder.class.getName());

  private final String network;
  private final DnsSettings settings;
  private final GuestLink link;
  private final Clock clock;
  private final OwnZone zone;
  private final ResponseCache cache;
  private final HostResolver resolver;
  private final UpstreamQuery.Surroundings surroundings;
  private final Counters<DnsCount> counters = new Counters<>(DnsCount.class);
  private final Outstanding outstanding;
  private final StreamPlaces streams = new StreamPlaces();
  private final UpstreamHealth health;
  private long refusedNanos;
  private long refused;
  private boolean closed;

  /**
   * Makes a forwarder.
   *
   * @param network the network's name, for the log
   * @param settings what it answers, and its limits
   * @param link the network
   * @param sockets the network's descriptors for queries upstream
   */
  public DnsForwarder(
      String network, DnsSettings settings, GuestLink link, DescriptorBudget.Holder sockets) {
    this(network, settings, link, sockets, ResolvConf::parse);
  }

  DnsForwarder(
      String network,
      DnsSettings settings,
      GuestLink link,
      DescriptorBudget.Holder sockets,
      Function<List<String>, ResolvConf> parser) {
    this.network = network;
    this.settings = settings;
    this.link = link;
    this.clock = link.timers().clock();
    this.refusedNanos = clock.nanoTime();
    this.outstanding = new Outstanding(settings.limits());
    this.zone = new OwnZone(settings);
    this.cache = new ResponseCache(settings.cacheEntries(), settings.cacheBytes());
    this.resolver =
        new HostResolver(
            settings.upstreams(),
            settings.hostsFile(),
            task -> link.loop().execute(task),
            link.timers(),
            parser,
            this::upstreamsChanged);
    this.surroundings =
        new UpstreamQuery.Surroundings(
            link.loop(),
            link.timers(),
            new SecureRandom(),
            settings,
            counters,
            sockets,
            this::heard);
    this.health = new UpstreamHealth(network, link.timers(), this::probe);
  }

  /**
   * The listener that feeds the names of leases to the zone.
   *
   * @return a listener for the network's lease table
   */
  public LeaseListener names() {
    return zone.names();
  }

  /**
   * The forwarder's counters.
   *
   * @return the counters
   */
  public Counters<DnsCount> counters() {
    return counters;
  }

  /** The TCP connections of guests. */
  StreamPlaces streams() {
    return streams;
  }

  /** Forgets every answer. */
  public void flushCache() {
    cache.clear();
  }

  /**
   * The problem that keeps guests from resolving names of others.
   *
   * @return a sentence with its remedy; empty if nothing does
   */
  public String problem() {
    String unread = resolver.problem();
    if (!unread.isEmpty() || !health.silent()) {
      return unread;
    }
    return "no name server answers, so names of others are not resolved: asked "
        + resolver.known()
        + "; look at the host's resolver and its way out";
  }

  /** Ends what is under way; who waits gets no answer. */
  public void close() {
    closed = true;
    resolver.close();
    health.close();
    for (Waiting each : outstanding.all()) {
      if (each.upstream != null) {
        each.upstream.cancel();
      }
      outstanding.end(each);
    }
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("dns")
            .with("domain", settings.domain())
            .with(
                "servers",
                resolver.known().stream()
                    .map(server -> server.getAddress().getHostAddress() + ":" + server.getPort())
                    .toList())
            .with("ownNames", zone.size())
            .with("hostsFileNames", resolver.hosts().size())
            .with("cacheEntries", cache.entries())
            .with("cacheBytes", cache.bytes())
            .with("outstanding", outstanding.askers())
            .with("outstandingQuestions", outstanding.questions())
            .with("outstandingBytes", outstanding.bytes())
            .with("outstandingPorts", outstanding.ports())
            .with("streams", streams.taken());
    return counters.addTo(node).build();
  }

  @Override
  public void receive(ByteBuf payload, DatagramPeer from) {
    counters.count(DnsCount.UDP_QUERY);
    answer(
        ByteBufUtil.getBytes(payload),
        from.station(),
        true,
        reply -> {
          ByteBuf out = link.allocator().buffer(reply.length);
          out.writeBytes(reply);
          from.answer(out);
        });
  }

  /**
   * Answers a message of a stream.
   *
   * @param query the message, without its length
   * @param station who sent it
   * @param reply takes the answer, at once or later, once
   * @return false if the message is never answered
   */
  boolean receiveFromStream(byte[] query, Station station, Consumer<byte[]> reply) {
    counters.count(DnsCount.TCP_QUERY);
    return answer(query, station, false, reply);
  }

  private boolean answer(byte[] wire, Station station, boolean datagram, Consumer<byte[]> reply) {
    if (closed || !Queries.answerable(wire)) {
      counters.count(DnsCount.MALFORMED);
      return false;
    }
    Message query = Queries.readable(wire) ? Queries.parse(wire) : null;
    // dnsjava reads what there is of a message with TC, and it may have no question then.
    if (query == null || query.getHeader().getCount(Section.QUESTION) != 1) {
      boolean other = (wire[2] >> 3 & 15) != Opcode.QUERY;
      counters.count(other ? DnsCount.NOT_IMPLEMENTED : DnsCount.FORMAT_ERROR);
      reply.accept(Queries.bare(wire, other ? Rcode.NOTIMP : Rcode.FORMERR));
      return true;
    }
    int limit = datagram ? Queries.limit(query, link.mtu()) : Message.MAXLENGTH;
    int refusal = Queries.refusal(query);
    if (refusal != Rcode.NOERROR) {
      counters.count(
          switch (refusal) {
            case Rcode.FORMERR -> DnsCount.FORMAT_ERROR;
            case Rcode.REFUSED -> DnsCount.REFUSED;
            default -> DnsCount.NOT_IMPLEMENTED;
          });
      reply.accept(Queries.error(query, refusal).toWire(limit));
      return true;
    }
    resolver.refresh();
    Record asked = query.getQuestion();
    // The very first questions wait for the hosts file, which may have their names.
    boolean early = !resolver.looked() && settings.hostsFile() != null;
    Message own = zone.answer(query, asked, resolver.hosts());
    if (own != null && (!early || !own.getSection(Section.ANSWER).isEmpty())) {
      sendOwn(own, query, limit, reply);
      return true;
    }
    if (!early && !forwards()) {
      counters.count(DnsCount.NOT_FORWARDED);
      reply.accept(Queries.error(query, Rcode.REFUSED).toWire(limit));
      return true;
    }
    Question question = Question.of(query, asked);
    List<EDNSOption> options = Question.endToEnd(query.getOPT());
    long now = clock.nanoTime();
    Response cached = options.isEmpty() ? cache.get(question, now) : null;
    if (cached != null) {
      counters.count(DnsCount.CACHE_HIT);
      send(cached.to(wire, now), limit, reply);
      return true;
    }
    Asker asker =
        new Asker(
            outstanding.share(station.budget()),
            station,
            query.getHeader().getID(),
            Spelling.of(asked.getName()),
            limit,
            reply);
    if (!forward(asker, question, options, early)) {
      overQuota(station.budget());
      reply.accept(Queries.error(query, Rcode.REFUSED).toWire(limit));
    }
    return true;
  }

  private void sendOwn(Message own, Message query, int limit, Consumer<byte[]> reply) {
    counters.count(DnsCount.OWN_ANSWER);
    Queries.addOpt(own, query, own.getRcode());
    byte[] wire = own.toWire(limit);
    countTruncated(wire);
    reply.accept(wire);
  }

  private void overQuota(PortBudget port) {
    counters.count(DnsCount.OVER_QUOTA);
    port.count(Excess.QUESTIONS);
    refused++;
    long now = clock.nanoTime();
    if (now - refusedNanos >= 0) {
      LogEvent.of("dns-questions-refused")
          .with("network", network)
          .with("port", port.name())
          .with("refused", refused)
          .with("waiting", outstanding.askers())
          .with("cause", "the port has its share of the questions that wait")
          .log(LOG, Level.WARNING);
      refused = 0;
      refusedNanos = now + COMPLAINT_NANOS;
    }
  }

  // Questions for others

  private void heard(InetSocketAddress server) {
    resolver.answered(server);
    health.answered();
  }

  private void upstreamsChanged() {
    flushCache();
    health.changed();
  }

  /** Asks for the root's name servers, which no guest has chosen and every server knows. */
  private void probe(Consumer<Boolean> answered) {
    resolver.servers(servers -> {
      if (!closed) {
        Question root = Question.recursive(Name.root, Type.NS);
        new UpstreamQuery(
                surroundings,
                root,
                List.of(),
                servers,
                response -> answered.accept(response != null))
            .start();
      }
    });
  }

  /** Asks upstream; false if there is no place for the question. */
  private boolean forward(Asker asker, Question question, List<EDNSOption> options, boolean early) {
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
            waiting.question,
            waiting.options,
            servers,
            response -> answered(waiting, response));
    waiting.upstream = upstream;
    upstream.start();
  }

  /** Whether anybody is asked for names of others. */
  private boolean forwards() {
    return !(settings.upstreams() instanceof Upstreams.None);
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
        sendOwn(own, again, asker.limit(), asker.reply());
      }
    }
    link.flush();
    return true;
  }

  private void answered(Waiting waiting, @Nullable Message response) {
    outstanding.end(waiting);
    Question question = waiting.question;
    long now = clock.nanoTime();
    Response upstream = response == null ? null : make(question, response, now);
    Response made = upstream == null ? make(question, failure(question), now) : upstream;
    if (made != null && waiting.shareable()) {
      cache.put(question, made);
    }
    if (response == null && !resolver.known().isEmpty()) {
      health.unanswered(waiting.askedNanos);
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
        send(made.to(asker.id(), asker.spelling(), now), asker.limit(), asker.reply());
      }
    }
    link.flush();
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
      return Response.of(response, question.edns(), now, settings);
    } catch (IOException | RuntimeException e) {
      LogEvent.of("dns-response-unusable").with("cause", e).log(LOG, Level.DEBUG);
      return null; // Answered with SERVFAIL, and counted there.
    }
  }

  // Answers

  private void send(byte[] response, int limit, Consumer<byte[]> reply) {
    byte[] fitting = response;
    if (response.length > limit) {
      Message whole = Queries.parse(response);
      fitting = whole == null ? Queries.bare(response, Rcode.SERVFAIL) : whole.toWire(limit);
    }
    countTruncated(fitting);
    reply.accept(fitting);
  }

  private void countTruncated(byte[] response) {
    if ((response[2] & 2) != 0) {
      counters.count(DnsCount.TRUNCATED);
    }
  }
}
