package io.lanyard.nat.gateway;

import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.tcp.StreamService;
import io.lanyard.nat.tcp.TcpCounters;
import io.lanyard.nat.tcp.TcpEngine;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** A TCP engine that does nothing. */
final class SilentTcp implements TcpEngine {
  @Override
  public void receive(ByteBuf frame, int ip) {}

  @Override
  public void flush() {}

  @Override
  public void serve(int address, int port, StreamService service) {}

  @Override
  public @Nullable Flow connectToGuest(
      Channel accepted, int source, int sourcePort, int guest, int port) {
    return null;
  }

  @Override
  public void unreachable(ByteBuf frame, int quoted, int code) {}

  @Override
  public void abortGuest(int guest) {}

  @Override
  public TcpCounters counters() {
    return new TcpCounters();
  }

  @Override
  public int connections() {
    return 0;
  }

  @Override
  public void close() {}
}
