package io.lanyard.dns;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.nat.station.Station;
import io.lanyard.net.MacAddress;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/**
 * A line in the log for every question, when it is answered.
 *
 * <p>Thread: the network's loop only.
 */
final class QueryLog {
  private static final System.Logger LOG = System.getLogger(QueryLog.class.getName());
  private static final int HEADER = 12;

  private final String network;
  private final Clock clock;

  QueryLog(String network, Clock clock) {
    this.network = network;
    this.clock = clock;
  }

  /**
   * Logs a question with its answer.
   *
   * @param wire the question
   * @param reply takes the answer
   * @return takes it in its place, and logs it
   */
  Consumer<byte[]> of(byte[] wire, Station station, boolean datagram, Consumer<byte[]> reply) {
    long began = clock.nanoTime();
    return answer -> {
      reply.accept(answer);
      line(wire, station, datagram, answer, clock.nanoTime() - began);
    };
  }

  private void line(byte[] wire, Station station, boolean datagram, byte[] answer, long nanos) {
    Message query = Queries.readable(wire) ? Queries.parse(wire) : null;
    Record asked = query == null ? null : query.getQuestion();
    LogEvent.of("dns-query")
        .with("network", network)
        .with("port", station.budget().name())
        .with("guest", new MacAddress(station.mac()))
        .with("protocol", datagram ? "udp" : "tcp")
        .with("name", asked == null ? "" : Told.text(asked.getName()))
        .with("type", asked == null ? "" : Type.string(asked.getType()))
        .with("answer", answer.length < HEADER ? "" : Rcode.string(answer[3] & 15))
        .with("answers", answer.length < HEADER ? 0 : (answer[6] & 255) << 8 | (answer[7] & 255))
        .with("micros", nanos / 1000)
        .log(LOG, Level.INFO);
  }
}
