package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.nat.gateway.DatagramService;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.gateway.TranslatorSearch;
import io.lanyard.nat.station.EventRate;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
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

  private static final System.Logger LOG = System.getLogger(DnsForwarder.class.getName());

  private ZoneTerms terms;
  private final GuestLink link;
  private final NamePolicy policy;
  private final Clock clock;
  private final OwnZone zone;
  private final HostResolver resolver;
  private final Counters<DnsCount> counters = new Counters<>(DnsCount.class);
  private final Replies replies = new Replies(counters);
  private final Recursion recursion;
  private final StreamPlaces streams = new StreamPlaces();
  private final RateLimitedLog log;
  private final QueryLog queryLog;

  /** The rate of each port's questions, where there is a limit. */
  private final Map<PortBudget, EventRate> rates = new HashMap<>();

  private boolean closed;

  /**
   * Makes a forwarder.
   *
   * @param config the network: its names, its addresses, and whom it asks
   * @param guests all guests, whose reserved addresses their names lead to
   * @param link the network
   * @param ipv6 the IPv6 addresses of who has a name
   * @param policy whether guests may ask for names of others
   * @param search who wants to know the translators of the host's network
   * @param memory the network's share of the heap for names; the caller closes it
   * @param sockets the network's descriptors for queries upstream
   */
  public DnsForwarder(
      NetworkConfig config,
      Collection<GuestConfig> guests,
      GuestLink link,
      Ipv6Names ipv6,
      NamePolicy policy,
      TranslatorSearch search,
      NameMemory.Share memory,
      DescriptorBudget.Holder sockets) {
    this(
        config,
        guests,
        link,
        ipv6,
        policy,
        search,
        memory,
        sockets,
        HostFiles.OF_HOST,
        UpstreamTimes.USUAL,
        ResolvConf::parse);
  }

  DnsForwarder(
      NetworkConfig config,
      Collection<GuestConfig> guests,
      GuestLink link,
      Ipv6Names ipv6,
      NamePolicy policy,
      TranslatorSearch search,
      NameMemory.Share memory,
      DescriptorBudget.Holder sockets,
      HostFiles files,
      UpstreamTimes times,
      Function<List<String>, ResolvConf> parser) {
    this.terms = ZoneTerms.of(config, guests);
    this.link = link;
    this.policy = policy;
    this.clock = link.timers().clock();
    this.log = new RateLimitedLog(LOG, clock);
    this.queryLog = new QueryLog(config.name(), clock);
    this.zone = new OwnZone(terms, ipv6);
    this.recursion =
        new Recursion(
            config.name(),
            terms.dns(),
            files,
            times,
            link,
            zone,
            replies,
            policy,
            search,
            counters,
            memory,
            sockets,
            port -> refused(port, "the port has its share of the sockets for name servers"),
            parser);
    this.resolver = recursion.resolver();
  }

  /**
   * Takes another configuration: domain, fixed names, the hosts file, and whom it asks. Names of
   * leases stay, in the new domain. Questions under way are answered by the servers that they were
   * put to; when others are asked from now on, what the former said is forgotten.
   *
   * @param config the network, with the same name, subnet and gateway
   * @param guests all guests
   * @throws IllegalArgumentException if one of these is another; nothing has changed then
   */
  public void configure(NetworkConfig config, Collection<GuestConfig> guests) {
    ZoneTerms next = ZoneTerms.of(config, guests);
    if (!config.name().equals(terms.network().name())
        || !Objects.equals(next.subnet(), terms.subnet())
        || !Objects.equals(next.gateway(), terms.gateway())) {
      throw new IllegalArgumentException(
          "the name server of "
              + terms.network().name()
              + " keeps its network, subnet and gateway while it runs");
    }
    if (!Objects.equals(next.dns().rateLimit(), terms.dns().rateLimit())) {
      rates.clear();
    }
    boolean translated = !nat64(config).equals(nat64(terms.network()));
    terms = next;
    zone.configure(next);
    recursion.configure(next.dns());
    if (translated) {
      recursion.translatorsConfigured();
    }
  }

  private static EgressConfig.Nat64 nat64(NetworkConfig of) {
    return (of.mode() instanceof NetworkMode.Nat nat ? nat.egress() : EgressConfig.DEFAULT).nat64();
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

  /**
   * The problem that keeps guests from resolving names of others.
   *
   * @return a sentence with its remedy; empty if nothing does
   */
  public String problem() {
    return recursion.problem();
  }

  /**
   * Finds the addresses that guests would be told for a name, without a guest that asks: no egress
   * rule is asked, and nothing is noted for anybody.
   *
   * @param name the name
   * @param ipv6 whether IPv6 addresses are wanted, too
   * @return the addresses, soon or after some seconds; none for a name that has none, or of which
   *     no server says anything
   * @throws IllegalArgumentException if it is no domain name
   */
  public CompletionStage<List<Address>> lookup(String name, boolean ipv6) {
    Name absolute = OwnNames.absolute(name, null);
    CompletableFuture<List<Address>> four = lookup(absolute, Type.A);
    return ipv6
        ? four.thenCombine(
            lookup(absolute, Type.AAAA), (a, b) -> Stream.concat(a.stream(), b.stream()).toList())
        : four;
  }

  /**
   * The name of others that name servers are asked for when a guest asks for a name.
   *
   * @param name the name
   * @return the name itself, or the one of which it is an alias in this network, in lower case and
   *     without a dot at its end; null where the network answers alone
   * @throws IllegalArgumentException if it is no domain name
   */
  public @Nullable String askedOfOthers(String name) {
    Name absolute = OwnNames.absolute(name, null);
    Message own = own(Question.recursive(absolute, Type.A));
    Name onward = own == null ? absolute : OwnZone.onward(own);
    return onward == null ? null : Told.text(onward);
  }

  private @Nullable Message own(Question question) {
    Message query = question.query(0, List.of(), false);
    return zone.answer(query, query.getQuestion(), resolver.hosts());
  }

  private CompletableFuture<List<Address>> lookup(Name name, int type) {
    CompletableFuture<List<Address>> found = new CompletableFuture<>();
    Message own = own(Question.recursive(name, type));
    Name onward = own == null ? name : OwnZone.onward(own);
    if (own != null && onward == null) {
      found.complete(Told.of(own).addresses());
    } else if (closed || onward == null || !recursion.forwards(onward)) {
      found.complete(List.of());
    } else {
      recursion.lookup(
          Question.recursive(onward, type),
          answer -> found.complete(answer == null ? List.of() : Told.of(answer).addresses()));
    }
    return found;
  }

  /**
   * Ends the questions of a port that is gone, and gives back what they hold.
   *
   * @param port the port's budget
   */
  public void end(PortBudget port) {
    rates.remove(port);
    queryLog.end(port);
    recursion.end(port);
  }

  /** Ends what is under way; who waits gets no answer. */
  public void close() {
    closed = true;
    recursion.close();
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("dns")
            .with("domain", terms.domain())
            .with("servers", resolver.texts())
            .with("ownNames", zone.size());
    recursion.addTo(node);
    node.with("streams", streams.taken());
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

  private boolean answer(byte[] wire, Station station, boolean datagram, Consumer<byte[]> to) {
    if (closed || !Queries.answerable(wire)) {
      counters.count(DnsCount.MALFORMED);
      return false;
    }
    Message query = Queries.readable(wire) ? Queries.parse(wire) : null;
    Record said = query == null ? null : query.getQuestion();
    Consumer<byte[]> reply = terms.dns().queryLog() ? queryLog.of(said, station, datagram, to) : to;
    // dnsjava reads what there is of a message with TC, and it may have no question then.
    if (query == null || query.getHeader().getCount(Section.QUESTION) != 1) {
      boolean other = (wire[2] >> 3 & 15) != Opcode.QUERY;
      counters.count(other ? DnsCount.NOT_IMPLEMENTED : DnsCount.FORMAT_ERROR);
      reply.accept(Queries.bare(wire, other ? Rcode.NOTIMP : Rcode.FORMERR));
      return true;
    }
    int mtu = Math.min(link.mtu(), station.budget().mtu());
    int limit = datagram ? Queries.limit(query, mtu) : Message.MAXLENGTH;
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
    if (!admits(station.budget())) {
      counters.count(DnsCount.RATE_LIMITED);
      reply.accept(Queries.error(query, Rcode.REFUSED).toWire(limit));
      return true;
    }
    resolver.refresh();
    Record asked = query.getQuestion();
    // The very first questions wait for the hosts file, which may have their names. Of those that
    // have an answer here, only a single label may have another there that comes first.
    boolean early = !resolver.looked() && terms.dns().hostsFile();
    Message own = zone.answer(query, asked, resolver.hosts());
    Name onward = own == null ? null : OwnZone.onward(own);
    if (own != null
        && onward != null
        && query.getHeader().getFlag(Flags.RD)
        && (early || recursion.forwards(onward))) {
      Message further = Queries.about(query, onward);
      Consumer<byte[]> joined =
          new AliasReply(own, station.budget(), policy, replies, limit, reply);
      ofOthers(further, further.toWire(), station, early, Message.MAXLENGTH, joined);
      return true;
    }
    boolean bare = asked.getName().labels() == 2;
    if (own != null && (!early || (!bare && !own.getSection(Section.ANSWER).isEmpty()))) {
      Told.of(own).tell(policy, station.budget(), asked.getName(), 0);
      replies.own(own, query, limit, reply);
      return true;
    }
    ofOthers(query, wire, station, early, limit, reply);
    return true;
  }

  /**
   * Answers a question for a name of others, from what is kept or from upstream.
   *
   * @param early whether the hosts file has not been read yet, which may have the name
   */
  private void ofOthers(
      Message query,
      byte[] wire,
      Station station,
      boolean early,
      int limit,
      Consumer<byte[]> reply) {
    Record asked = query.getQuestion();
    String name = Told.text(asked.getName());
    boolean plain = policy.asksPlainly(station.budget());
    NamePolicy.Question permitted = policy.question(station.budget(), name, asked.getType());
    if (permitted == NamePolicy.Question.ASKED && plain && !Question.isUsual(asked)) {
      unusual(station.budget(), name, asked);
      permitted = NamePolicy.Question.REFUSED;
    }
    if (permitted != NamePolicy.Question.ASKED) {
      boolean refused = permitted == NamePolicy.Question.REFUSED;
      counters.count(refused ? DnsCount.DENIED : DnsCount.SUPPRESSED);
      Message answer =
          permitted == NamePolicy.Question.MINIMAL
              ? Queries.minimal(query)
              : Queries.withheld(query, refused);
      reply.accept(answer.toWire(limit));
      return;
    }
    if (!early && !recursion.forwards(asked.getName())) {
      counters.count(DnsCount.NOT_FORWARDED);
      reply.accept(Queries.error(query, Rcode.REFUSED).toWire(limit));
      return;
    }
    Question whole = Question.of(query, asked);
    Question question = plain ? whole.plain() : whole;
    List<EDNSOption> options = plain ? List.of() : Question.endToEnd(query.getOPT());
    long now = clock.nanoTime();
    Response cached = options.isEmpty() ? recursion.cached(question, station.budget(), now) : null;
    if (cached != null) {
      cached.tell(policy, station.budget(), asked.getName(), now);
      replies.upstream(cached.to(wire, limit, now), reply);
      return;
    }
    Asker asker =
        new Asker(
            recursion.share(station.budget()),
            station,
            query.getHeader().getID(),
            Spelling.of(asked.getName()),
            limit,
            reply);
    if (!recursion.ask(asker, question, options, early)) {
      counters.count(DnsCount.OVER_QUOTA);
      refused(station.budget(), "the port has its share of the questions that wait");
      reply.accept(Queries.error(query, Rcode.REFUSED).toWire(limit));
    }
  }

  /** Whether a port may ask once more in this second. */
  private boolean admits(PortBudget port) {
    Integer limit = terms.dns().rateLimit();
    if (limit == null) {
      return true;
    }
    EventRate rate =
        rates.computeIfAbsent(
            port, key -> new EventRate(TimeUnit.SECONDS.toNanos(1) / limit, limit));
    long now = clock.nanoTime();
    if (!rate.permits(now)) {
      port.count(Excess.QUESTIONS);
      return false;
    }
    rate.use(now);
    return true;
  }

  private void unusual(PortBudget port, String name, Record asked) {
    log.log(
        Level.INFO,
        "name-refused",
        port.name(),
        line ->
            line.with("network", terms.network().name())
                .with("port", port.name())
                .with("name", name)
                .with(
                    "reason",
                    "type %d of class %d is none that programs look up"
                        .formatted(asked.getType(), asked.getDClass())));
  }

  private void refused(PortBudget port, String cause) {
    port.count(Excess.QUESTIONS);
    log.log(
        Level.WARNING,
        "dns-questions-refused",
        port.name(),
        line ->
            line.with("network", terms.network().name())
                .with("port", port.name())
                .with("waiting", recursion.waiting())
                .with("cause", cause));
  }
}
