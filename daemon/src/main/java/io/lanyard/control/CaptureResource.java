package io.lanyard.control;

import io.lanyard.base.Causes;
import io.lanyard.config.DurationText;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Resource;
import io.lanyard.control.http.Response;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.NetworkCaptures;
import io.lanyard.vswitch.capture.Capture;
import io.lanyard.vswitch.capture.FrameFilter;
import io.lanyard.vswitch.pcap.FilterException;
import io.lanyard.vswitch.pcap.Pcap;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Streams what passes a network or one of its ports, as pcapng, until the client closes.
 *
 * <p>A client that closes only its own half of the connection gets the rest: what was captured up
 * to then, and the statistics that end the file.
 */
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
    if (!port.isEmpty()
        && network.report().ports().stream().noneMatch(known -> known.name().equals(port))) {
      throw Problem.notFound(
          "port", port, "\"lanyard port ls --network " + network.name() + "\" lists the ports");
    }
    if (Capture.running() >= Capture.MOST) {
      throw Problem.refused(
          503, Capture.MOST + " captures run already", "end one of them first", List.of());
    }
    FrameFilter filter = filter(request.query("filter", ""));
    Duration last = last(request.query("last", ""));
    if (last != null) {
      return last(network, port, last, filter);
    }
    return new Response.Stream(
        TYPE,
        (in, out) -> {
          ClientChannel client = new ClientChannel(in, out);
          try (NetworkCaptures.Watch _ = network.captures().begin(port, filter, client)) {
            in.transferTo(OutputStream.nullOutputStream());
          }
          client.awaitWritten();
        });
  }

  private static @Nullable Duration last(String text) {
    if (text.isEmpty()) {
      return null;
    }
    try {
      return DurationText.parse(text);
    } catch (IllegalArgumentException e) {
      throw new Problem(400, "last is no time: " + e.getMessage(), text, "such as 30s or 5m");
    }
  }

  /** The last frames of a port, which the network keeps if it is told to. */
  private static Response last(
      Network network, String port, Duration span, @Nullable FrameFilter filter) {
    if (port.isEmpty()) {
      throw new Problem(
          400, "last frames are kept port by port", network.name(), "name a port of the network");
    }
    if (!network.captures().keeps()) {
      throw new Problem(
          409,
          "network " + network.name() + " keeps no last frames",
          network.name(),
          "\"lanyard network set "
              + network.name()
              + " history=4M\" lets it keep 4M of each port from then on");
    }
    return new Response.Stream(
        TYPE,
        (in, out) -> {
          try {
            network.captures().last(port, span, filter, Channels.newChannel(out));
          } catch (IllegalStateException e) {
            throw new IOException(e.getMessage(), e);
          }
        });
  }

  private static @Nullable FrameFilter filter(String text) {
    if (text.isBlank()) {
      return null;
    }
    try {
      return new FrameFilter(Pcap.library().compile(text));
    } catch (FilterException e) {
      throw new Problem(
          400,
          String.valueOf(e.getMessage()),
          text,
          "pcap-filter(7) has the language; for example: tcp port 80 and not src host"
              + " 192.168.127.10");
    } catch (IOException e) {
      throw new Problem(
          501,
          "no filter can be compiled: " + Causes.of(e),
          text,
          "leave the filter out, and filter where the capture is read");
    }
  }

  /**
   * The client as the capture's writer sees it. That it leaves is how every capture ends, not a
   * failure: what is written after that goes nowhere.
   */
  private static final class ClientChannel implements WritableByteChannel {
    /** Longer than what waits in the capture's queue takes to be written. */
    private static final int WRITE_SECONDS = 20;

    private final InputStream in;
    private final OutputStream out;
    private final CountDownLatch written = new CountDownLatch(1);
    private volatile boolean gone;

    ClientChannel(InputStream in, OutputStream out) {
      this.in = in;
      this.out = out;
    }

    /** Waits for the end of the file. */
    void awaitWritten() throws InterruptedException {
      if (!written.await(WRITE_SECONDS, TimeUnit.SECONDS)) {
        gone = true;
      }
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      byte[] bytes = new byte[source.remaining()];
      source.get(bytes);
      if (!gone) {
        try {
          out.write(bytes);
        } catch (IOException e) {
          gone = true;
          in.close();
        }
      }
      return bytes.length;
    }

    @Override
    public boolean isOpen() {
      return written.getCount() > 0;
    }

    /** The writer closes it when the file is whole. */
    @Override
    public void close() throws IOException {
      written.countDown();
      in.close();
    }
  }
}
