package io.lanyard.dns;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.Timers.Timer;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one server, on which many questions wait for their answers, in any order.
 *
 * <p>Each question has an identifier of the connection's own, whatever the asker's is: two of them
 * may have the same.
 *
 * <p>Thread: the network's loop only. What comes for a question is charged to the port that asked,
 * its decryption too; the handshake to the port that asked first.
 */
final class UpstreamConnection {
  private static final int HANDSHAKE_TIMEOUT_MILLIS = 5_000;

  /**
   * How long a server has for TLS where it is no condition: a question that waits for it is asked
   * in the clear before its attempt's time is over.
   */
  private static final long OPPORTUNITY_NANOS = TimeUnit.MILLISECONDS.toNanos(1400);

  /** Questions that wait at a time, as many as all ports together may ask, and floors besides. */
  private static final int MOST_WAITING = DnsLimits.DEFAULT.questions();

  /** Questions that a port may have waiting whatever the others have. */
  private static final int FLOOR = DnsLimits.DEFAULT.floor();

  private static final int IDENTIFIERS = 1 << 16;

  /**
   * A connection on which no question has had an answer for so long gets no more of them: where the
   * way to the server is another one now, TCP takes a quarter of an hour to notice.
   */
  private static final long SILENT_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final GuestLink link;
  private final EventLoop loop;
  private final UpstreamServer server;
  private final DescriptorBudget.Holder descriptors;
  private final Timer idle;
  private final Timer opportunity;
  private final Consumer<Throwable> unproven;
  private final Runnable stands;
  private final Consumer<UpstreamConnection> gone;
  private final Map<Integer, Pending> waiting = new LinkedHashMap<>();
  private final ChargedPipeline charged = new ChargedPipeline(this::payer);

  /**
   * How many of the waiting questions are a port's, by its turn; the daemon's own count together.
   */
  private final IdentityHashMap<Turn, Integer> shares = new IdentityHashMap<>();

  private @Nullable Channel channel;
  private boolean ready;
  private boolean closed;
  private int next;

  /** Whether something has been asked since {@link #heardNanos}. */
  private boolean unheard;

  /** When the server was last heard, or asked after it had answered everything. */
  private long heardNanos;

  /** Whether another one is asked in its place, and this one ends with its last question. */
  private boolean retired;

  /** A question that waits. */
  private final class Pending implements UpstreamSocket {
    final Turn turn;
    final byte[] query;
    final Listener listener;
    final int id;

    Pending(Turn turn, byte[] query, Listener listener, int id) {
      this.turn = turn;
      this.query = query;
      this.listener = listener;
      this.id = id;
    }

    @Override
    public void close() {
      if (isWaiting()) {
        var _ = take(id);
        rest();
      }
    }

    /** Another question may have its identifier by now. */
    private boolean isWaiting() {
      return waiting.get(id) == this;
    }

    @Override
    public boolean waits() {
      return isWaiting() && !retired && !isSilent();
    }
  }

  /**
   * Makes a connection that is not there yet.
   *
   * @param descriptors has granted a descriptor, and gets it back
   * @param idle closes the connection, if it is idle then
   * @param unproven told why TLS did not come about
   * @param stands told when questions can be asked
   * @param gone told when it is closed, and before if another one is asked in its place
   */
  UpstreamConnection(
      GuestLink link,
      UpstreamServer server,
      DescriptorBudget.Holder descriptors,
      Timer idle,
      Consumer<Throwable> unproven,
      Runnable stands,
      Consumer<UpstreamConnection> gone) {
    this.link = link;
    this.loop = link.loop();
    this.server = server;
    this.descriptors = descriptors;
    this.idle = idle;
    this.opportunity = link.timers().create(this::close);
    this.unproven = unproven;
    this.stands = stands;
    this.gone = gone;
  }

  /** A question that cannot be asked, whose asker hears of that soon. */
  private UpstreamSocket failing(UpstreamSocket.Listener listener, Turn turn) {
    boolean[] over = {false};
    loop.execute(() -> {
      if (!over[0]) {
        turn.charge(listener::failed);
      }
    });
    return () -> over[0] = true;
  }

  /**
   * Connects.
   *
   * @param tls the context for TLS; null for none
   */
  void connect(@Nullable SslContext tls) {
    if (closed) {
      return;
    }
    if (server.isOpportunistic()) {
      opportunity.arm(OPPORTUNITY_NANOS);
    }
    charged.run(() -> begin(tls));
  }

  /** Netty has no other way to learn of the tasks by which a handler goes on. */
  @SuppressWarnings("deprecation")
  private void addTls(Channel made, SslContext tls) {
    made.pipeline()
        .addLast(new ChargedExecutor(loop, charged), handler(made, tls))
        .addLast(new Handshake());
  }

  private void begin(@Nullable SslContext tls) {
    ChannelFuture connected =
        UpstreamBootstrap.connect(
            link,
            server.address(),
            made -> {
              made.pipeline().addLast(charged);
              if (tls != null) {
                addTls(made, tls);
              }
              made.pipeline()
                  .addLast(new StreamMessages(length -> true, this::received, this::close));
            });
    channel = connected.channel();
    connected.addListener(done -> {
      if (!done.isSuccess()) {
        later(this::close);
      } else if (tls == null) {
        later(this::open);
      }
    });
  }

  /**
   * The port whose question has waited longest: it is the first to have a use for the connection,
   * and pays for it until the message of another one comes. Null if none waits.
   */
  private @Nullable Turn payer() {
    return waiting.isEmpty() ? null : waiting.values().iterator().next().turn;
  }

  /** The JDK's engine does its slow parts, certificates most of all, on a virtual thread. */
  private SslHandler handler(Channel made, SslContext tls) {
    String peer =
        server.name().isEmpty() ? server.address().getAddress().getHostAddress() : server.name();
    SslHandler handler =
        tls.newHandler(
            made.alloc(),
            peer,
            server.address().getPort(),
            task -> Thread.ofVirtual().name("lanyard-dns-tls").start(task));
    handler.setHandshakeTimeoutMillis(HANDSHAKE_TIMEOUT_MILLIS);
    SSLEngine engine = handler.engine();
    SSLParameters parameters = engine.getSSLParameters();
    // RFC 8310 section 8.1: the name of the configuration, and no other.
    parameters.setEndpointIdentificationAlgorithm(server.name().isEmpty() ? "" : "HTTPS");
    engine.setSSLParameters(parameters);
    return handler;
  }

  private void later(Runnable task) {
    if (!loop.isShuttingDown()) {
      loop.execute(task);
    }
  }

  /** The connection stands: what waits is asked. */
  private void open() {
    Channel to = channel;
    if (closed || to == null) {
      return;
    }
    ready = true;
    opportunity.cancel();
    stands.run();
    waiting.values().forEach(each -> charged.charge(each.turn, () -> write(to, each)));
    to.flush();
    if (waiting.isEmpty()) {
      idle.arm(UpstreamConnections.IDLE_NANOS);
    }
  }

  /** Whether questions could be asked, once at least. */
  boolean hasStood() {
    return ready;
  }

  /** Asks, as soon as the connection stands; null if it has no place for the port's question. */
  @Nullable UpstreamSocket ask(Turn turn, byte[] query, UpstreamSocket.Listener listener) {
    if (closed) {
      return failing(listener, turn);
    }
    if (!hasPlace(shares.getOrDefault(turn, 0))) {
      return null;
    }
    do {
      next = (next + 1) % IDENTIFIERS;
    } while (waiting.containsKey(next));
    Pending pending = new Pending(turn, query, listener, next);
    waiting.put(pending.id, pending);
    shares.merge(turn, 1, Integer::sum);
    idle.cancel();
    Channel to = channel;
    if (ready && to != null) {
      write(to, pending);
      to.flush();
    }
    return pending;
  }

  /** Whether a port that has so many may have one more, by the rule of {@link Outstanding}. */
  private boolean hasPlace(int its) {
    return waiting.size() < IDENTIFIERS && (its < FLOOR || its < MOST_WAITING - waiting.size());
  }

  /** Takes out a question; null if it does not wait. */
  private @Nullable Pending take(int id) {
    Pending taken = waiting.remove(id);
    if (taken != null) {
      shares.computeIfPresent(taken.turn, (turn, its) -> its == 1 ? null : its - 1);
    }
    return taken;
  }

  /** Nothing waits, perhaps. */
  private void rest() {
    if (waiting.isEmpty() && retired) {
      close();
    } else if (waiting.isEmpty()) {
      idle.arm(UpstreamConnections.IDLE_NANOS);
    }
  }

  /** Whether the server has left questions without an answer for too long. */
  boolean isSilent() {
    return ready && unheard && link.timers().clock().nanoTime() - heardNanos >= SILENT_NANOS;
  }

  /** Has another connection asked from now on. What waits goes on waiting. */
  void retire() {
    retired = true;
    idle.cancel();
    gone.accept(this);
    rest();
  }

  private void write(Channel to, Pending pending) {
    if (!unheard) {
      unheard = true;
      heardNanos = link.timers().clock().nanoTime();
    }
    ByteBuf out = to.alloc().buffer(2 + pending.query.length);
    out.writeShort(pending.query.length); // RFC 1035 section 4.2.2
    out.writeShort(pending.id);
    out.writeBytes(pending.query, 2, pending.query.length - 2);
    var _ = to.write(out);
  }

  private void received(byte[] message) {
    if (closed) {
      return;
    }
    int id = message.length < 2 ? -1 : (message[0] & 255) << 8 | (message[1] & 255);
    Pending pending = take(id);
    unheard = !waiting.isEmpty();
    heardNanos = link.timers().clock().nanoTime();
    rest();
    if (pending != null) {
      message[0] = pending.query[0];
      message[1] = pending.query[1];
      charged.charge(pending.turn, () -> pending.listener.received(message));
    }
  }

  /** Closes the connection unless somebody waits for an answer. */
  void closeIfIdle() {
    if (waiting.isEmpty()) {
      close();
    }
  }

  /** Closes the connection; who waits hears that nothing will come. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    idle.cancel();
    opportunity.cancel();
    gone.accept(this);
    Channel made = channel;
    if (made != null && made.isRegistered()) {
      made.closeFuture().addListener(done -> descriptors.giveBack());
      var _ = made.close();
    } else {
      descriptors.giveBack();
    }
    List<Pending> left = new ArrayList<>(waiting.values());
    waiting.clear();
    shares.clear();
    left.forEach(each -> later(() -> each.turn.charge(each.listener::failed)));
  }

  /** Hears how TLS came about. */
  private final class Handshake extends ChannelInboundHandlerAdapter {
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof SslHandshakeCompletionEvent done) {
        if (done.isSuccess()) {
          open();
        } else {
          if (!closed) {
            unproven.accept(done.cause());
          }
          close();
        }
      }
    }
  }
}
