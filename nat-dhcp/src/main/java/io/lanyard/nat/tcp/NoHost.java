package io.lanyard.nat.tcp;

import io.netty.buffer.ByteBuf;

/** Stands for the host's side while there is none. */
enum NoHost implements HostStream {
  INSTANCE;

  @Override
  public void write(ByteBuf payload) {}

  @Override
  public void flush() {}

  @Override
  public int unsent() {
    return 0;
  }

  @Override
  public void read(boolean on) {}

  @Override
  public void finish() {}

  @Override
  public void abort() {}

  @Override
  public void close() {}
}
