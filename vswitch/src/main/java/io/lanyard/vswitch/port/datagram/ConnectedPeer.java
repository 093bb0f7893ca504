package io.lanyard.vswitch.port.datagram;

import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.SocketName;
import io.lanyard.vswitch.Passage;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** The peer of a socket that is connected: the kernel lets no other send. */
final class ConnectedPeer implements Addressing {
  @Override
  public Verdict judge(DatagramBatch batch, int slot, ByteBuf datagram, int index) {
    return Verdict.FRAME;
  }

  @Override
  public int route(Passage passage) {
    return 1;
  }

  @Override
  public @Nullable SocketName receiver(int number) {
    return null;
  }
}
