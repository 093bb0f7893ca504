package io.lanyard.control;

import io.lanyard.control.http.Request;
import io.lanyard.control.http.Resource;
import io.lanyard.control.http.Response;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.Network;

/** Streams what passes a network or one of its ports, as pcapng. */
final class CaptureResource implements Resource {
  private final Daemon daemon;

  CaptureResource(Daemon daemon) {
    this.daemon = daemon;
  }

  @Override
  public Response answer(Request request) {
    Network network = ControlServer.network(daemon, request.parameter("network"));
    String port = request.query("port", "");
    throw new UnsupportedOperationException(network.name() + port);
  }
}
