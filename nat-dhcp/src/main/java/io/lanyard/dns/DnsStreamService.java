package io.lanyard.dns;

import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.tcp.ConnectFailure;
import io.lanyard.nat.tcp.GuestStream;
import io.lanyard.nat.tcp.HostStream;
import io.lanyard.nat.tcp.StreamService;

/**
 * The name server's TCP port.
 *
 * <p>Thread: the network's loop only.
 */
public final class DnsStreamService implements StreamService {
  private final DnsForwarder forwarder;
  private final GuestLink link;

  /**
   * Makes the service.
   *
   * @param forwarder who answers
   * @param link the network
   */
  public DnsStreamService(DnsForwarder forwarder, GuestLink link) {
    this.forwarder = forwarder;
    this.link = link;
  }

  @Override
  public HostStream open(GuestStream guest, Station station, int port) {
    StreamPlaces places = forwarder.streams();
    DnsStream stream = new DnsStream(forwarder, link, guest, station);
    if (places.take(station.budget(), stream)) {
      guest.connected();
    } else {
      forwarder.counters().count(DnsCount.STREAM_REFUSED);
      guest.failed(ConnectFailure.REFUSED);
    }
    return stream;
  }
}
