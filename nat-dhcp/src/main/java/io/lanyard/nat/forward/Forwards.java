package io.lanyard.nat.forward;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.LogEvent;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.base.Timers;
import io.lanyard.config.ForwardConfig;
import io.lanyard.linux.BindFailure;
import io.lanyard.linux.Errno;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.tcp.TcpEngine;
import io.lanyard.nat.udp.HostReader;
import io.lanyard.nat.udp.UdpNat;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.AcceptFailures;
import io.lanyard.vswitch.SocketErrors;
import java.lang.System.Logger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The port forwards of a network.
 *
 * <p>Thread: the network's loop only.
 */
public final class Forwards implements Dumpable {
  private static final Logger LOG = System.getLogger(Forwards.class.getName());

  /** How long until a listen address that could not be had is tried again. */
  static final long RETRY_NANOS = 5_000_000_000L;

  /** The owner of a port is looked up once per minute: the search reads every process. */
  private static final int RETRIES_PER_LOOKUP = 12;

  private final RateLimitedLog log;
  private final GuestLink link;
  private final FlowTable flows;
  private final Egress egress;
  private final TcpEngine tcp;
  private final UdpNat udp;
  private final HostReader reader;
  private final GuestAddresses guests;
  private final DescriptorBudget.Share descriptors;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private @Nullable ForwardListener listener;

  /** Whether forwards that are added may be removed before anybody needs to hear of a failure. */
  private boolean tried;

  /**
   * Makes a set without forwards.
   *
   * @param link the network
   * @param flows the network's flow table
   * @param egress says who may come in
   * @param tcp connects to guests
   * @param udp sends datagrams to guests
   * @param reader reads the host's datagram sockets
   * @param guests finds guests that have their addresses by a lease
   * @param descriptors the network's share of the process's descriptors
   */
  public Forwards(
      GuestLink link,
      FlowTable flows,
      Egress egress,
      TcpEngine tcp,
      UdpNat udp,
      HostReader reader,
      GuestAddresses guests,
      DescriptorBudget.Share descriptors) {
    this.link = link;
    this.flows = flows;
    this.egress = egress;
    this.tcp = tcp;
    this.udp = udp;
    this.reader = reader;
    this.guests = guests;
    this.descriptors = descriptors;
    this.log = new RateLimitedLog(LOG, link.timers().clock());
  }

  /**
   * Tells of forwards from now on, first of those that are known to listen or to have failed.
   *
   * @param hears the one listener
   */
  public void listen(ForwardListener hears) {
    listener = hears;
    entries.values().stream().filter(entry -> entry.outcome.isDone()).forEach(Entry::announce);
  }

  /**
   * Keeps the failures of forwards that are added from now on, and of those that are being opened,
   * out of the log: a change may be refused because of them, and removes them again.
   */
  public void holdFailures() {
    tried = true;
    entries.values().forEach(Entry::hold);
  }

  /** Logs the failures that were kept back, of forwards that are still there. */
  public void tellFailures() {
    tried = false;
    entries.values().forEach(Entry::tellFailure);
  }

  /**
   * Adds a forward. If its listen address cannot be had now, the forward is there all the same, and
   * the address is tried again until it can: a caller that wants it at once or not at all looks at
   * the answer, and removes the forward.
   *
   * @param forward the forward
   * @return completed on the loop as soon as it is known whether its ports are open: the forward's
   *     status, with the problem where one is not; completed also when the forward is removed
   *     before that
   * @throws IllegalArgumentException if one with the same protocol and listen address is there
   */
  public CompletionStage<ForwardStatus> add(ForwardConfig forward) {
    if (entries.containsKey(forward.key())) {
      throw new IllegalArgumentException("there is a forward " + forward.key() + " already");
    }
    Entry entry = new Entry(forward);
    entries.put(forward.key(), entry);
    entry.open();
    return entry.outcome;
  }

  /**
   * Leads new clients of a forward elsewhere, and gives it another name. Its port stays open, and
   * flows that have come in by it live on.
   *
   * @param forward the forward, with the protocol and listen address of one that is there
   * @return false if there is none
   */
  public boolean replace(ForwardConfig forward) {
    Entry entry = entries.get(forward.key());
    if (entry == null) {
      return false;
    }
    entry.replace(forward);
    return true;
  }

  /**
   * Removes a forward. UDP has no connections: the flows of a UDP forward end with its socket.
   *
   * @param name its {@link ForwardConfig#key}, or its {@link ForwardConfig#label}
   * @param end whether TCP connections that came in by it end too, both sides by a reset; otherwise
   *     they live on
   * @return false if there is none
   */
  public boolean remove(String name, boolean end) {
    Entry entry = find(name);
    if (entry == null) {
      return false;
    }
    entries.remove(entry.forward.key());
    if (end) {
      entry.endFlows();
      link.flush();
    }
    ForwardListener told = listener;
    if (told != null) {
      told.removed(entry.status());
    }
    entry.close();
    return true;
  }

  /**
   * The status of a forward.
   *
   * @param name its {@link ForwardConfig#key}, or its {@link ForwardConfig#label}
   * @return the status; null if there is no such forward
   */
  public @Nullable ForwardStatus status(String name) {
    Entry entry = find(name);
    return entry == null ? null : entry.status();
  }

  private @Nullable Entry find(String name) {
    Entry known = entries.get(name);
    if (known != null) {
      return known;
    }
    for (Entry entry : entries.values()) {
      if (entry.forward.label().equals(name)) {
        return entry;
      }
    }
    return null;
  }

  /**
   * Lists the forwards.
   *
   * @return in the order they were added
   */
  public List<ForwardStatus> list() {
    List<ForwardStatus> all = new ArrayList<>();
    for (Entry entry : entries.values()) {
      all.add(entry.status());
    }
    return all;
  }

  /**
   * The forwards' metrics.
   *
   * @return live objects, in the order the forwards were added; to be asked for on the loop, and
   *     read anywhere
   */
  public Map<ForwardConfig, ForwardMetrics> metrics() {
    Map<ForwardConfig, ForwardMetrics> all = new LinkedHashMap<>();
    entries.values().forEach(entry -> all.put(entry.forward, entry));
    return all;
  }

  /** Closes all listening sockets. */
  public void close() {
    entries.values().forEach(Entry::close);
    entries.clear();
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node = DumpNode.of("forwards");
    for (Entry entry : entries.values()) {
      ForwardStatus status = entry.status();
      DumpNode.Builder child =
          DumpNode.of(status.forward().key())
              .with("to", status.forward().toText())
              .with("listening", status.listening())
              .with("accepted", status.accepted())
              .with("active", status.active())
              .withNonZero("refused", status.refused());
      if (entry.ports.size() == 1) {
        entry.ports.getFirst().listener.addTo(child);
      }
      if (status.problem() != null) {
        child.with("problem", status.problem());
      }
      if (status.shortage() != null) {
        child.with("shortage", status.shortage());
      }
      node.child(child.build());
    }
    return node.build();
  }

  /** The state of a forward that a listener has heard of. */
  private record Announced(ForwardConfig forward, boolean listening, String problem) {}

  /** A forward of one port, or of several that stand and fall each for itself. */
  private final class Entry implements ForwardMetrics {
    /** Whether the ports could be opened the first time. */
    final CompletableFuture<ForwardStatus> outcome = new CompletableFuture<>();

    private final List<OpenPort> ports = new ArrayList<>();
    private ForwardConfig forward;

    /** The ports of which it is not known yet whether they could be opened. */
    private int unknown;

    /** The state that the network's listener has heard of last; null before. */
    private @Nullable Announced announced;

    private @Nullable String lastReported;

    /** Whether its failures are kept out of the log. */
    private boolean waits = tried;

    /** Whether {@link #warnOfFirst} is to run, so that it is not too late to hold it back. */
    private boolean warning;

    /** Whether {@link #tell} is to run: the ports of a range are tried together. */
    private boolean telling;

    /** The port whose address's owner is looked up; those of the others are likely the same. */
    private @Nullable OpenPort taken;

    private boolean closed;

    Entry(ForwardConfig forward) {
      this.forward = forward;
      unknown = forward.ports();
      forward.each().forEach(one -> ports.add(new OpenPort(this, one)));
    }

    void open() {
      ports.forEach(OpenPort::open);
    }

    void replace(ForwardConfig replacement) {
      forward = replacement;
      List<ForwardConfig> each = replacement.each();
      for (int i = 0; i < ports.size(); i++) {
        ports.get(i).listener.replace(each.get(i));
      }
      announce();
    }

    void endFlows() {
      ports.forEach(port -> port.listener.endFlows());
    }

    /** Tells how a port fares, once all of them have been tried. */
    void heard(OpenPort port) {
      if (!port.known) {
        port.known = true;
        unknown--;
      }
      if (outcome.isDone()) {
        tellSoon();
      } else if (unknown == 0) {
        report();
        announce();
        outcome.complete(status());
      }
    }

    /** Tells how the ports fare after all that is about to be heard of them, in one go. */
    void tellSoon() {
      if (!telling) {
        telling = true;
        link.loop().execute(this::tell);
      }
    }

    private void tell() {
      telling = false;
      if (!closed && unknown == 0) {
        report();
        announce();
      }
    }

    /** Logs why ports are not open, unless it has been said. */
    private void report() {
      String text = problem(port -> port.problem);
      if (text != null && !text.equals(lastReported)) {
        lastReported = text;
        if (waits) {
          return;
        }
        if (outcome.isDone()) {
          warn(text);
        } else {
          // A new network holds the failures of its forwards back when they have been added.
          warning = true;
          link.loop().execute(this::warnOfFirst);
        }
      }
    }

    private void warnOfFirst() {
      warning = false;
      String text = lastReported;
      if (!waits && !closed && text != null) {
        warn(text);
      }
    }

    private void warn(String text) {
      LogEvent.of("forward-failed")
          .with("forward", forward.key())
          .with("cause", text)
          .with("advice", "it is tried again every 5 s")
          .log(LOG, Logger.Level.WARNING);
    }

    /** Keeps the outcome of the first attempt out of the log, unless it was said. */
    void hold() {
      waits |= !outcome.isDone() || warning;
    }

    /** Logs the failure that was kept back, unless it is over. */
    void tellFailure() {
      String text = problem(port -> port.problem);
      if (waits && lastReported != null && text != null) {
        warn(text);
      }
      waits = false;
    }

    /** Tells the network's listener, unless it has heard the same. */
    void announce() {
      ForwardStatus present = status();
      Announced now =
          new Announced(present.forward(), present.listening(), String.valueOf(present.problem()));
      ForwardListener told = Forwards.this.listener;
      if (told != null && !now.equals(announced)) {
        announced = now;
        told.changed(present);
      }
    }

    ForwardStatus status() {
      ForwardStatus sum = ports.getFirst().listener.status();
      for (OpenPort port : ports.subList(1, ports.size())) {
        sum = sum.and(port.listener.status());
      }
      String problem = problem(port -> port.problem == null ? port.acceptProblem : port.problem);
      String shortage = problem(port -> port.listener.clients.shortage());
      return sum.of(forward, listening(), problem, shortage);
    }

    /** The first port's problem, with the number of those that have one too; null for none. */
    private @Nullable String problem(Function<OpenPort, @Nullable String> of) {
      String first = null;
      int others = 0;
      for (OpenPort port : ports) {
        String its = of.apply(port);
        if (its != null && first == null) {
          first = its;
        } else if (its != null) {
          others++;
        }
      }
      if (others == 0) {
        return first;
      }
      return first
          + "; "
          + others
          + " more of its ports "
          + (others == 1 ? "has" : "have")
          + " problems";
    }

    @Override
    public boolean listening() {
      return ports.stream().allMatch(OpenPort::isListening);
    }

    @Override
    public long accepted() {
      return ports.stream().mapToLong(port -> port.listener.accepted()).sum();
    }

    @Override
    public long refused() {
      return ports.stream().mapToLong(port -> port.listener.refusals()).sum();
    }

    @Override
    public long evicted() {
      return ports.stream().mapToLong(port -> port.listener.clients.owner().evicted()).sum();
    }

    @Override
    public int flows() {
      return ports.stream().mapToInt(port -> port.listener.flows()).sum();
    }

    @Override
    public int flowLimit() {
      return ports.stream().mapToInt(port -> port.listener.limit()).sum();
    }

    @Override
    public int clients() {
      return ports.stream().mapToInt(port -> port.listener.clients.count()).sum();
    }

    @Override
    public int sockets() {
      return ports.stream().mapToInt(port -> port.holder.held()).sum();
    }

    void close() {
      closed = true;
      ports.forEach(OpenPort::close);
      if (!outcome.isDone()) {
        ports.forEach(port -> port.problem = "the forward was removed");
        outcome.complete(status());
      }
    }
  }

  /** A port of a forward's, and whether it is open. */
  private final class OpenPort implements AcceptFailures.Listener, Listener.Opening {
    final Listener listener;
    final DescriptorBudget.Holder holder;
    private final Entry entry;
    private final Timers.Timer retry = link.timers().create(this::open);
    @Nullable String problem;

    /** Why a port that is open accepts nobody; null where it does. */
    @Nullable String acceptProblem;

    /** Whether it has been open, or has failed. */
    boolean known;

    /** Who has the address, as it was last found out; null before. */
    private @Nullable String takenBy;

    private int taken;
    private boolean again;

    OpenPort(Entry entry, ForwardConfig forward) {
      this.entry = entry;
      holder = descriptors.holder(forward.key());
      listener =
          switch (forward.protocol()) {
            case TCP ->
                new TcpListener(
                    forward, guests, link, tcp, flows, egress, holder, udp.published(), this);
            case UDP -> new UdpListener(forward, guests, link, flows, egress, udp, reader, holder);
          };
    }

    private ForwardConfig forward() {
      return listener.forward();
    }

    boolean isListening() {
      return problem == null && !entry.closed;
    }

    void open() {
      if (!entry.closed) {
        again = problem != null;
        problem = null;
        listener.open(this);
      }
    }

    @Override
    public void opened() {
      if (again) {
        LogEvent.of("forward-retried")
            .with("forward", forward().key())
            .log(LOG, Logger.Level.DEBUG);
      }
      if (entry.taken == this) {
        entry.taken = null;
      }
      entry.heard(this);
    }

    @Override
    public void failed(Throwable cause) {
      if (entry.closed) {
        return;
      }
      retry.arm(RETRY_NANOS);
      Endpoint listen = forward().listen();
      int number = SocketErrors.number(cause);
      if (number != Errno.EADDRINUSE) {
        problem = BindFailure.describe(listen, number, cause, null);
        entry.heard(this);
        return;
      }
      problem = takenBy == null ? BindFailure.describe(listen, number, cause, null) : takenBy;
      if (entry.taken == null) {
        entry.taken = this;
      }
      if (entry.taken != this) {
        entry.heard(this);
      } else if (taken++ % RETRIES_PER_LOOKUP == 0) {
        Thread.ofVirtual().name("port-owner").start(() -> findOwner(cause));
      }
    }

    /** On a thread that may wait. */
    private void findOwner(Throwable cause) {
      ForwardConfig forward = forward();
      String found =
          BindFailure.explain(forward.protocol(), forward.listen(), Errno.EADDRINUSE, cause);
      try {
        link.loop()
            .execute(() -> {
              takenBy = found;
              if (problem != null && !entry.closed) {
                problem = found;
              }
              entry.heard(this);
            });
      } catch (RejectedExecutionException e) {
        // The network is closed.
      }
    }

    @Override
    public void cannotAccept(String reason, String remedy) {
      if (acceptProblem == null) {
        log.log(
            Logger.Level.WARNING,
            "forward-cannot-accept",
            line ->
                line.with("forward", forward().key()).with("cause", reason).with("advice", remedy));
      }
      acceptProblem = reason + "; " + remedy;
      entry.tellSoon();
    }

    @Override
    public void acceptsAgain() {
      acceptProblem = null;
      entry.tellSoon();
      log.log(
          Logger.Level.INFO,
          "forward-accepts-again",
          line -> line.with("forward", forward().key()));
    }

    void close() {
      retry.cancel();
      listener.close();
    }
  }
}
