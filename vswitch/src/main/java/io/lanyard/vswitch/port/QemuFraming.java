package io.lanyard.vswitch.port;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** {@link Framing#QEMU}. */
final class QemuFraming implements Framing {
  /** QEMU's own buffer (NET_BUFSIZE): it ends the connection over anything larger, too. */
  private static final int LARGEST = 4096 + 65536;

  @Override
  public int prefixLength() {
    return Integer.BYTES;
  }

  @Override
  public int largest() {
    return LARGEST;
  }

  @Override
  public long length(ByteBuf in, int at) {
    return in.getUnsignedInt(at);
  }

  @Override
  public void write(ByteBuf into, int length) {
    into.writeInt(length);
  }

  @Override
  public @Nullable Handshake handshake(int mtu) {
    return null;
  }
}
