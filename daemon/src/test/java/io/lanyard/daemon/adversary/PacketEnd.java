package io.lanyard.daemon.adversary;

import io.lanyard.linux.Errno;
import io.lanyard.linux.HostInterface;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.linux.PacketSocket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;

/**
 * The end of a TAP port: a packet socket on the device, so that frames are what the guest wants
 * them to be.
 */
final class PacketEnd implements FrameEnd {
  /** No frame has it: a socket that asks for it alone hears nothing. */
  private static final int NO_VLAN = 4094;

  /** The offload header, all zeros for none. */
  private static final int HEADER = 12;

  private static final int LARGEST = 1 << 17;
  private static final long PAUSE_NANOS = 200_000;

  private final PacketSocket socket;
  private final String down;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment out = arena.allocate(LARGEST);
  private final MemorySegment in = arena.allocate(PacketSocket.HEADROOM + LARGEST);
  private final MemorySegment vector = arena.allocate(16, 8);
  private volatile boolean stopped;

  private PacketEnd(PacketSocket socket, String down) {
    this.socket = socket;
    this.down = down;
    vector.set(ValueLayout.JAVA_LONG, 0, in.address() + PacketSocket.HEADROOM);
    vector.set(ValueLayout.JAVA_LONG, 8, LARGEST);
  }

  /** The end of a device of the hostile guest's, whose link is up until it is closed. */
  static PacketEnd of(Site site) throws IOException {
    String link = "ip -n " + site.world().hostile + " link set " + site.device();
    World.run(link + " up");
    return new PacketEnd(PacketSocket.open(site.device(), site.world().hostile), link + " down");
  }

  /** One that only sends by a namespace's device, beside the namespace's own stack. */
  static PacketEnd sender(String namespace, String device) throws IOException {
    return new PacketEnd(
        NetworkNamespace.run(
            namespace, () -> PacketSocket.open(HostInterface.read(device), true, NO_VLAN)),
        "true");
  }

  @Override
  public void write(ByteBuf frames) throws IOException {
    while (frames.isReadable()) {
      int length = frames.readInt();
      MemorySegment.copy(
          MemorySegment.ofBuffer(frames.nioBuffer(frames.readerIndex(), length)),
          0,
          out,
          HEADER,
          length);
      frames.skipBytes(length);
      int sent = stopped ? -Errno.EBADF : socket.write(out.address(), HEADER + length);
      // A device with a full queue drops frames, as a NIC does.
      if (sent < 0 && sent != -Errno.ENOBUFS && sent != -Errno.EAGAIN) {
        throw new IOException("cannot send: " + Errno.name(-sent));
      }
    }
  }

  @Override
  public ByteBuf read() throws IOException {
    while (!stopped) {
      int length = socket.read(vector.address(), 1);
      if (length > HEADER) {
        long at = (long) PacketSocket.HEADROOM - socket.lead() + HEADER;
        return Unpooled.wrappedBuffer(in.asSlice(at, length - HEADER).asByteBuffer());
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    throw new EOFException();
  }

  @Override
  public void stop() {
    stopped = true;
  }

  @Override
  public void close() throws IOException {
    socket.close();
    arena.close();
    World.run(down);
  }
}
