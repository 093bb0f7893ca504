package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.Causes;
import io.lanyard.base.Timers;
import io.lanyard.linux.BatchSocket;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.port.PortContext;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;

/**
 * Binds a socket, and tries again every {@value #RETRY_SECONDS} s where that fails.
 *
 * <p>Thread: the network's loop only; the socket is opened by one that may wait.
 */
final class BoundEndpoint implements DatagramEndpoint {
  static final int RETRY_SECONDS = 5;

  private final DatagramSource source;
  private final PortContext context;
  private final Client client;
  private final Timers.Timer retry;
  private boolean bound;
  private boolean closed;

  BoundEndpoint(DatagramSource source, PortContext context, Client client) {
    this.source = source;
    this.context = context;
    this.client = client;
    this.retry = context.timers().create(this::start);
  }

  @Override
  public void start() {
    if (closed) {
      return;
    }
    try {
      context.blocking().execute(this::open);
    } catch (RuntimeException | Error e) { // the host has no thread for it
      failed(Causes.of(e));
    }
  }

  /** On a thread that may wait. */
  private void open() {
    try {
      BatchSocket socket = source.open();
      post(() -> opened(socket), () -> drop(socket));
    } catch (IOException | RuntimeException e) {
      post(() -> failed(Causes.of(e)), () -> {});
    }
  }

  private void post(Runnable task, Runnable otherwise) {
    try {
      context.loop().execute(task);
    } catch (RejectedExecutionException e) {
      otherwise.run(); // the network has ended
    }
  }

  private void drop(BatchSocket socket) {
    socket.close();
    source.removed();
  }

  private void opened(BatchSocket socket) {
    if (closed) {
      drop(socket);
    } else {
      bound = true;
      client.offer(socket);
    }
  }

  private void failed(String reason) {
    if (!closed) {
      client.waiting(new PortState.Failed(reason, ""));
      retry.arm(RETRY_SECONDS * 1_000_000_000L);
    }
  }

  @Override
  public void disconnected() {
    removeFile();
    if (!closed) {
      retry.arm(RETRY_SECONDS * 1_000_000_000L);
    }
  }

  private void removeFile() {
    if (bound) {
      bound = false;
      source.removed();
    }
  }

  @Override
  public String address() {
    return source.toString();
  }

  @Override
  public String role() {
    return "bind";
  }

  @Override
  public void close() {
    closed = true;
    retry.cancel();
    removeFile();
  }
}
