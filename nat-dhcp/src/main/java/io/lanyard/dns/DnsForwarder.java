package io.lanyard.dns;

import io.lanyard.dhcp.LeaseListener;
import io.lanyard.nat.gateway.DatagramService;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.vswitch.Clock;
import io.lanyard.vswitch.Counters;
import io.lanyard.vswitch.DumpNode;
import io.lanyard.vswitch.Dumpable;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
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

  /** A datagram's limit for who does not say otherwise (RFC 1035 section 4.2.1). */
  private static final int PLAIN_DATAGRAM = 512;

  private static final int IP_AND_UDP = 28;

  /** Between two complaints about the name servers. */
  private static final long COMPLAINT_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final System.Logger LOG = System.getLogger(DnsForwarder.class.getName());

  /** Who asks, and how to answer. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Asker(long guest, int limit, byte[] query, Consumer<byte[]> reply) {}

  /** A question that upstream is being asked, and everybody who waits for it. */
  private static final class Waiting {
    final List<Asker> askers = new ArrayList<>();

    /** The hosts file as it was when the question came. */
    final HostsFile hosts;

    @Nullable UpstreamQuery upstream;

    Waiting(HostsFile hosts) {
      this.hosts = hosts;
    }
  }

  private final String network;
  private final DnsSettings settings;
  private final GuestLink link;
  private final Clock clock;
  private final OwnZone zone;
  private final ResponseCache cache;
  private final HostResolver resolver;
  private final UpstreamQuery.Surroundings surroundings;
  private final Counters<DnsCount> counters = new Counters<>(DnsCount.class);
  private final Map<Question, Waiting> underWay = new HashMap<>();
  private final Map<Long, Integer> perGuest = new HashMap<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private int outstanding;
  private int early;
  private boolean unanswered;
  private long complainNanos;
  private boolean closed;

  /**
   * Makes a forwarder.
   *
   * @param network the network's name, for the log
   * @param settings what it answers, and its limits
   * @param link the network
   */
  public DnsForwarder(String network, DnsSettings settings, GuestLink link) {
    this(network, settings, link, ResolvConf::parse);
  }

  DnsForwarder(
      String network,
      DnsSettings settings,
      GuestLink link,
      Function<List<String>, ResolvConf> parser) {
    this.network = network;
    this.settings = settings;
    this.link = link;
    this.clock = link.timers().clock();
    this.complainNanos = clock.nanoTime();
    this.zone = new OwnZone(settings);
    this.cache = new ResponseCache(settings.cacheEntries(), settings.cacheBytes());
    this.resolver =
        new HostResolver(
            settings.resolvConf(),
            settings.hostsFile(),
            task -> link.loop().execute(task),
            clock,
            parser,
            this::flushCache);
    this.surroundings =
        new UpstreamQuery.Surroundings(
            link.loop(), link.timers(), new SecureRandom(), settings, counters, resolver::answered);
  }

  /**
   * What feeds the names of leases to the zone.
   *
   * @return a listener for the network's lease table
   */
  public LeaseListener names() {
    return zone;
  }

  /**
   * The forwarder's counters.
   *
   * @return the counters
   */
  public Counters<DnsCount> counters() {
    return counters;
  }

  /** Forgets every answer. */
  public void flushCache() {
    cache.clear();
  }

  /** Ends what is under way; who waits gets no answer. */
  public void close() {
    closed = true;
    List.copyOf(waiting)
        .forEach(each -> {
          if (each.upstream != null) {
            each.upstream.cancel();
          }
        });
    waiting.clear();
    underWay.clear();
    perGuest.clear();
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
            .with("own-names", zone.size())
            .with("hosts-file-names", resolver.hosts().size())
            .with("cache-entries", cache.entries())
            .with("cache-bytes", cache.bytes())
            .with("outstanding", outstanding);
    return counters.addTo(node).build();
  }

  @Override
  public void receive(ByteBuf payload, DatagramPeer from) {
    counters.count(DnsCount.UDP_QUERY);
    byte[] query = ByteBufUtil.getBytes(payload);
    answer(
        query,
        from.mac(),
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
   * @param guest whose quota it counts against
   * @param reply takes the answer, at once or later; not called if there is none
   */
  void receiveFromStream(byte[] query, long guest, Consumer<byte[]> reply) {
    counters.count(DnsCount.TCP_QUERY);
    answer(query, guest, false, reply);
  }

  private void answer(byte[] wire, long guest, boolean datagram, Consumer<byte[]> reply) {
    if (closed || wire.length < Header.LENGTH || (wire[2] & 0x80) != 0) {
      counters.count(
          DnsCount.MALFORMED); // A response is never answered: two servers would never end.
      return;
    }
    Message query = parse(wire);
    if (query == null || query.getHeader().getCount(Section.QUESTION) != 1) {
      boolean other = (wire[2] >> 3 & 15) != Opcode.QUERY;
      counters.count(other ? DnsCount.NOT_IMPLEMENTED : DnsCount.FORMAT_ERROR);
      reply.accept(bare(wire, other ? Rcode.NOTIMP : Rcode.FORMERR));
      return;
    }
    Asker asker = new Asker(guest, limit(query, datagram), wire, reply);
    int refusal = refusal(query);
    if (refusal != Rcode.NOERROR) {
      sendError(asker, query, refusal);
      return;
    }
    boolean fresh = resolver.refresh();
    if (fresh
        || resolver.looked()
        || settings.hostsFile() == null
        || early >= settings.outstanding()) {
      resolve(asker, query);
      return;
    }
    // The first questions of all wait for the hosts file, which may have their names.
    Record asked = query.getSection(Section.QUESTION).getFirst();
    Message own = zone.answer(query, asked, HostsFile.NONE);
    if (own != null && !own.getSection(Section.ANSWER).isEmpty()) {
      resolve(asker, query);
      return;
    }
    early++;
    resolver.servers(servers -> {
      early--;
      if (!closed) {
        resolve(asker, query);
        link.flush();
      }
    });
  }

  private void resolve(Asker asker, Message query) {
    Record asked = query.getSection(Section.QUESTION).getFirst();
    if (!answerHere(asker, query, asked)) {
      forward(asker, query, Question.of(query, asked));
    }
  }

  private boolean answerHere(Asker asker, Message query, Record asked) {
    Message own = zone.answer(query, asked, resolver.hosts());
    if (own == null) {
      return false;
    }
    counters.count(DnsCount.OWN_ANSWER);
    addOpt(own, query, own.getRcode());
    send(asker, own.toWire(asker.limit()));
    return true;
  }

  private static @Nullable Message parse(byte[] wire) {
    try {
      return new Message(wire);
    } catch (IOException | RuntimeException e) {
      return null; // The caller answers FORMERR and counts it.
    }
  }

  /** Why a query is not answered at all; NOERROR if it is. */
  private static int refusal(Message query) {
    int type = query.getQuestion().getType();
    OPTRecord opt = query.getOPT();
    if (query.getHeader().getOpcode() != Opcode.QUERY) {
      return Rcode.NOTIMP;
    }
    if (opt != null && opt.getVersion() > 0) {
      return Rcode.BADVERS; // RFC 6891 section 6.1.3
    }
    if (opt != null && severalOpts(query)) {
      return Rcode.FORMERR; // RFC 6891 section 6.1.1
    }
    return switch (type) {
      case Type.AXFR, Type.IXFR -> Rcode.REFUSED;
      case Type.OPT, Type.TSIG, Type.TKEY, 0 -> Rcode.FORMERR;
      default -> Rcode.NOERROR;
    };
  }

  private static boolean severalOpts(Message query) {
    return query.getSection(Section.ADDITIONAL).stream()
            .filter(each -> each.getType() == Type.OPT)
            .limit(2)
            .count()
        > 1;
  }

  private int limit(Message query, boolean datagram) {
    if (!datagram) {
      return Message.MAXLENGTH;
    }
    OPTRecord opt = query.getOPT();
    int room = link.mtu() - IP_AND_UDP; // A longer one would have to be fragmented.
    return opt == null
        ? PLAIN_DATAGRAM
        : Math.clamp(opt.getPayloadSize(), PLAIN_DATAGRAM, Math.max(room, PLAIN_DATAGRAM));
  }

  // Questions for others

  private void forward(Asker asker, Message query, Question question) {
    long now = clock.nanoTime();
    List<EDNSOption> options = Question.endToEnd(query.getOPT());
    boolean shareable = options.isEmpty(); // An option may change the answer: the client's subnet.
    Response cached = shareable ? cache.get(question, now) : null;
    if (cached != null) {
      counters.count(DnsCount.CACHE_HIT);
      send(asker, cached.to(asker.query(), now));
      return;
    }
    int ofGuest = perGuest.getOrDefault(asker.guest(), 0);
    if (ofGuest >= settings.outstandingPerGuest()) {
      sendError(asker, query, Rcode.REFUSED);
      return;
    }
    Waiting same = shareable ? underWay.get(question) : null;
    if (same == null && waiting.size() >= settings.outstanding()) {
      sendError(asker, query, Rcode.REFUSED);
      return;
    }
    perGuest.put(asker.guest(), ofGuest + 1);
    outstanding++;
    if (same != null) {
      counters.count(DnsCount.MERGED);
      same.askers.add(asker);
      return;
    }
    Waiting fresh = new Waiting(resolver.hosts());
    fresh.askers.add(asker);
    waiting.add(fresh);
    if (shareable) {
      underWay.put(question, fresh);
    }
    counters.count(DnsCount.FORWARDED);
    resolver.servers(servers -> ask(question, options, shareable, fresh, servers));
  }

  private void ask(
      Question question,
      List<EDNSOption> options,
      boolean shareable,
      Waiting waiters,
      List<InetSocketAddress> servers) {
    if (closed
        || (waiters.hosts != resolver.hosts() && inHostsFile(question, shareable, waiters))) {
      return;
    }
    UpstreamQuery upstream =
        new UpstreamQuery(
            surroundings,
            question,
            options,
            servers,
            response -> answered(question, shareable, waiters, response));
    waiters.upstream = upstream;
    upstream.start();
  }

  /** Answers from a hosts file that was read, or read again, after the question had come. */
  private boolean inHostsFile(Question question, boolean shareable, Waiting waiters) {
    Record asked = Record.newRecord(question.name(), question.type(), question.dclass());
    Message sample = new Message(0);
    sample.addRecord(asked, Section.QUESTION);
    if (zone.answer(sample, asked, resolver.hosts()) == null) {
      return false;
    }
    ended(question, shareable, waiters);
    for (Asker asker : waiters.askers) {
      served(asker);
      Message query = parse(asker.query());
      if (query != null) {
        boolean answered = answerHere(asker, query, query.getSection(Section.QUESTION).getFirst());
        assert answered : "the same question";
      }
    }
    link.flush();
    return true;
  }

  private void ended(Question question, boolean shareable, Waiting waiters) {
    waiting.remove(waiters);
    if (shareable) {
      underWay.remove(question);
    }
  }

  private void served(Asker asker) {
    outstanding--;
    perGuest.computeIfPresent(asker.guest(), (guest, n) -> n <= 1 ? null : n - 1);
  }

  private void answered(
      Question question, boolean shareable, Waiting waiters, @Nullable Message response) {
    ended(question, shareable, waiters);
    long now = clock.nanoTime();
    Response upstream = response == null ? null : make(question, response, now);
    Response made = upstream == null ? make(question, failure(question), now) : upstream;
    if (made != null && shareable) {
      cache.put(question, made);
    }
    noteUpstream(response != null);
    for (Asker asker : waiters.askers) {
      served(asker);
      if (upstream == null) {
        counters.count(DnsCount.UNANSWERED);
      }
      if (made != null) {
        send(asker, made.to(asker.query(), now));
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
      LOG.log(Level.DEBUG, "an upstream response could not be rewritten", e);
      return null; // Answered with SERVFAIL, and counted there.
    }
  }

  /**
   * One line when the last server stops answering, and one when it answers again. Not for each
   * time, since a name whose own servers are silent looks the same, and guests choose what they ask
   * for.
   */
  private void noteUpstream(boolean answered) {
    long now = clock.nanoTime();
    if (answered && unanswered) {
      unanswered = false;
      LOG.log(Level.INFO, "name servers answer again network=" + network);
    } else if (!answered && !unanswered && now - complainNanos >= 0) {
      unanswered = true;
      complainNanos = now + COMPLAINT_NANOS;
      LOG.log(
          Level.WARNING,
          "no name server answers: check the host's resolver network="
              + network
              + " file="
              + settings.resolvConf()
              + " servers="
              + resolver.known());
    }
  }

  // Answers

  private void send(Asker asker, byte[] response) {
    byte[] fitting = response;
    if (response.length > asker.limit()) {
      Message whole = parse(response);
      fitting = whole == null ? bare(asker.query(), Rcode.SERVFAIL) : whole.toWire(asker.limit());
    }
    if ((fitting[2] & 2) != 0) {
      counters.count(DnsCount.TRUNCATED);
    }
    asker.reply().accept(fitting);
  }

  private void sendError(Asker asker, Message query, int rcode) {
    switch (rcode) {
      case Rcode.NOTIMP, Rcode.BADVERS -> counters.count(DnsCount.NOT_IMPLEMENTED);
      case Rcode.FORMERR -> counters.count(DnsCount.FORMAT_ERROR);
      case Rcode.REFUSED ->
          counters.count(
              Type.AXFR == query.getQuestion().getType()
                      || Type.IXFR == query.getQuestion().getType()
                  ? DnsCount.REFUSED
                  : DnsCount.OVER_QUOTA);
      default -> {
        // SERVFAIL is counted where its cause is known.
      }
    }
    Message response = new Message(query.getHeader().getID());
    Header header = response.getHeader();
    header.setFlag(Flags.QR);
    header.setFlag(Flags.RA);
    header.setOpcode(query.getHeader().getOpcode());
    for (int flag : new int[] {Flags.RD, Flags.CD}) {
      if (query.getHeader().getFlag(flag)) {
        header.setFlag(flag);
      }
    }
    header.setRcode(rcode & 15);
    response.addRecord(query.getSection(Section.QUESTION).getFirst(), Section.QUESTION);
    addOpt(response, query, rcode);
    asker.reply().accept(response.toWire(asker.limit()));
  }

  private static void addOpt(Message response, Message query, int rcode) {
    OPTRecord opt = query.getOPT();
    if (opt != null) {
      response.addRecord(
          new OPTRecord(Question.PAYLOAD, rcode >> 4, 0, opt.getFlags()), Section.ADDITIONAL);
    }
  }

  /** An answer to what could not be read: the identifier, and what is wrong. */
  private static byte[] bare(byte[] query, int rcode) {
    byte[] out = new byte[Header.LENGTH];
    out[0] = query[0];
    out[1] = query[1];
    out[2] = (byte) (0x80 | (query[2] & 0x79)); // QR, the opcode, RD
    out[3] = (byte) (0x80 | rcode); // RA
    return out;
  }
}
