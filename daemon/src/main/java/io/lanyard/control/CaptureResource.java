package io.lanyard.control;

import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Resource;
import io.lanyard.control.http.Response;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.Network;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.CountDownLatch;

/** Streams what passes a network or one of its ports, as pcapng, until the client closes. */
final class CaptureResource implements Resource {
  private static final String TYPE = "application/x-pcapng";

  private final Daemon daemon;

  CaptureResource(Daemon daemon) {
    this.daemon = daemon;
  }

  @Override
  public Response answer(Request request) {
    Network network = ControlServer.network(daemon, request.parameter("network"));
    String port = request.query("port", "");
    if (!port.isEmpty() && network.ports().stream().noneMatch(known -> known.name().equals(port))) {
      throw Problem.notFound(
          "port", port, "\"lanyard port ls --network " + network.name() + "\" lists the ports");
    }
    return new Response.Stream(
        TYPE,
        out -> {
          ClientChannel client = new ClientChannel(out);
          try (Network.Watch _ = network.capture(port, client)) {
            client.awaitGone();
          }
        });
  }

  /**
   * The client as the capture's writer sees it. That it leaves is how every capture ends, not a
   * failure: what is written after that goes nowhere.
   */
  private static final class ClientChannel implements WritableByteChannel {
    private final OutputStream out;
    private final CountDownLatch gone = new CountDownLatch(1);

    ClientChannel(OutputStream out) {
      this.out = out;
    }

    void awaitGone() throws InterruptedException {
      gone.await();
    }

    @Override
    public int write(ByteBuffer source) {
      byte[] bytes = new byte[source.remaining()];
      source.get(bytes);
      if (gone.getCount() > 0) {
        try {
          out.write(bytes);
        } catch (IOException e) {
          gone.countDown();
        }
      }
      return bytes.length;
    }

    @Override
    public boolean isOpen() {
      return gone.getCount() > 0;
    }

    @Override
    public void close() {
      gone.countDown();
    }
  }
}
