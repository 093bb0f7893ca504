package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.net.MacAddress;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/**
 * A line in the log for a question, when it is answered; of a port that asks too much, for some of
 * them.
 *
 * <p>Thread: the network's loop only.
 */
final class QueryLog {
  private static final int HEADER = 12;

  private final String network;
  private final Clock clock;
  private final LineShares shares;

  /** The network's own: the daemon limits each logger's lines. */
  private final System.Logger log;

  QueryLog(String network, Clock clock) {
    this.network = network;
    this.clock = clock;
    this.shares = new LineShares(clock);
    this.log = System.getLogger(QueryLog.class.getName() + '.' + network);
  }

  /**
   * Logs a question with its answer.
   *
   * @param asked the question; null if it cannot be read
   * @param reply takes the answer
   * @return takes it in its place, and logs it
   */
  Consumer<byte[]> of(
      @Nullable Record asked, Station station, boolean datagram, Consumer<byte[]> reply) {
    return new Line(
        asked == null ? null : asked.getName(),
        asked == null ? 0 : asked.getType(),
        station,
        datagram,
        clock.nanoTime(),
        reply);
  }

  /** Forgets a port that is gone. */
  void end(PortBudget port) {
    shares.end(port);
  }

  /** A question that waits for its answer: what the log says of it, and not the query. */
  final class Line implements HeldReply {
    /** This object, and the name without its text; by 64-bit JVMs. */
    private static final long OVERHEAD = 120;

    private final @Nullable Name name;
    private final int type;
    private final Station station;
    private final boolean datagram;
    private final long began;
    private final Consumer<byte[]> reply;

    private Line(
        @Nullable Name name,
        int type,
        Station station,
        boolean datagram,
        long began,
        Consumer<byte[]> reply) {
      this.name = name;
      this.type = type;
      this.station = station;
      this.datagram = datagram;
      this.began = began;
      this.reply = reply;
    }

    @Override
    public long bytes() {
      return OVERHEAD + (name == null ? 0 : name.length());
    }

    @Override
    public void accept(byte[] answer) {
      reply.accept(answer);
      long suppressed = shares.take(station.budget());
      if (suppressed < 0) {
        return;
      }
      boolean whole = answer.length >= HEADER;
      LogEvent line =
          LogEvent.of("dns-query")
              .with("network", network)
              .with("port", station.budget().name())
              .with("guest", new MacAddress(station.mac()))
              .with("protocol", datagram ? "udp" : "tcp")
              .with("name", name == null ? "" : Told.text(name))
              .with("type", name == null ? "" : Type.string(type))
              .with("answer", whole ? Rcode.string(answer[3] & 15) : "")
              .with("answers", whole ? (answer[6] & 255) << 8 | (answer[7] & 255) : 0)
              .with("micros", (clock.nanoTime() - began) / 1000);
      (suppressed == 0 ? line : line.with("suppressed", suppressed)).log(log, Level.INFO);
    }
  }
}
