package io.lanyard.nat.tcp;

import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.gateway.GuestLink;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** The engine: finds the connection that a segment belongs to. */
final class Engine implements TcpEngine {
  private final TcpCounters counters = new TcpCounters();

  Engine(GuestLink link, TcpHost host, TcpSettings settings) {}

  @Override
  public void receive(ByteBuf frame, int ip) {}

  @Override
  public void flush() {}

  @Override
  public void serve(int address, int port, StreamService service) {}

  @Override
  public @Nullable Flow connectToGuest(
      Channel accepted, int source, int sourcePort, int guest, int port) {
    accepted.unsafe().close(accepted.voidPromise());
    return null;
  }

  @Override
  public void unreachable(ByteBuf frame, int quoted, int code) {}

  @Override
  public void abortGuest(int guest) {}

  @Override
  public TcpCounters counters() {
    return counters;
  }

  @Override
  public int connections() {
    return 0;
  }

  @Override
  public void close() {}
}
