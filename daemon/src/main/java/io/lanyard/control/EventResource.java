package io.lanyard.control;

import io.lanyard.base.LogEvent;
import io.lanyard.base.Nearest;
import io.lanyard.control.api.EventInfo;
import io.lanyard.control.api.EventType;
import io.lanyard.control.api.SnapshotInfo;
import io.lanyard.control.http.EventSource;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Resource;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.ServerEvent;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.daemon.event.MissedException;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.NetworkReport;
import java.lang.System.Logger.Level;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Streams what happens: a snapshot, then every event after it. A reader that names the last event
 * that it has goes on behind that one.
 */
final class EventResource implements Resource {
  private static final System.Logger LOG = System.getLogger(EventResource.class.getName());
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Daemon daemon;

  EventResource(Daemon daemon) {
    this.daemon = daemon;
  }

  @Override
  public Response answer(Request request) {
    String network = request.query("network", "");
    if (!network.isEmpty()) {
      var _ = ControlServer.network(daemon, network);
    }
    String type = request.query("type", "");
    List<String> types = Stream.of(EventType.values()).map(EventType::word).toList();
    if (types.stream().noneMatch(known -> known.startsWith(type))) {
      Set<String> beginnings = new LinkedHashSet<>(types);
      types.forEach(known -> beginnings.add(known.substring(0, known.indexOf('-'))));
      String nearest = Nearest.to(type, beginnings);
      throw new Problem(
          400,
          "no event has a type that begins with " + type,
          type,
          nearest == null
              ? "types are " + String.join(", ", types)
              : "did you mean " + nearest + "?");
    }
    return new Response.Events(new Source(network, type), request.header("last-event-id"));
  }

  private final class Source implements EventSource {
    private final String network;
    private final String type;

    Source(String network, String type) {
      this.network = network;
      this.type = type;
    }

    @Override
    public Subscription subscribe(String lastEventId, Reader reader) {
      EventBus.Reader events = daemon.events().read(lastEventId);
      Thread pump = Thread.ofVirtual().name("events").unstarted(() -> pump(events, reader));
      pump.start();
      return pump::interrupt;
    }

    private void pump(EventBus.Reader events, Reader reader) {
      try (events) {
        boolean goes = events.resumed() || snapshot(events.position(), reader);
        while (goes && !events.isEnded()) {
          goes = next(events, reader);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException e) {
        LogEvent.of("events-failed").log(LOG, Level.WARNING, e);
      } finally {
        reader.end();
      }
    }

    private boolean next(EventBus.Reader events, Reader reader) throws InterruptedException {
      List<EventInfo> some;
      try {
        some = events.next(WAIT_NANOS);
      } catch (MissedException e) {
        return reader.take(ServerEvent.of("", "missed", Map.of("count", e.count())))
            && snapshot(events.position(), reader);
      }
      for (EventInfo event : some) {
        if (isAsked(event)
            && !(reader.awaitRoom()
                && reader.take(ServerEvent.of(event.id(), event.type(), event)))) {
          return false;
        }
      }
      return true;
    }

    private boolean isAsked(EventInfo event) {
      return (network.isEmpty() || event.network().isEmpty() || event.network().equals(network))
          && event.type().startsWith(type);
    }

    private static <T> List<T> all(List<Network> networks, Function<NetworkReport, List<T>> list) {
      return ControlServer.present(networks, one -> list.apply(one.report())).stream()
          .flatMap(List::stream)
          .toList();
    }

    private boolean snapshot(String position, Reader reader) {
      List<Network> networks =
          daemon.networks().stream()
              .filter(one -> network.isEmpty() || one.name().equals(network))
              .toList();
      SnapshotInfo snapshot =
          new SnapshotInfo(
              ControlServer.present(networks, one -> one.report().info()),
              all(networks, NetworkReport::ports),
              all(networks, NetworkReport::leases),
              all(networks, NetworkReport::forwards),
              daemon.guestNames().stream()
                  .map(daemon::guest)
                  .filter(Objects::nonNull)
                  .map(guest -> guest.info())
                  .toList(),
              daemon.status().problems());
      return reader.take(ServerEvent.of(position, "snapshot", snapshot));
    }
  }
}
