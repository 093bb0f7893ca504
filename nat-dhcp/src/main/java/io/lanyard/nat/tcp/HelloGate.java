package io.lanyard.nat.tcp;

import io.lanyard.nat.tls.ClientHello;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lets nothing pass in either direction before the guest has begun a TLS connection to a server
 * that it may name, or something else that it may begin. Until then what it sends is kept here,
 * some kilobytes at most, outside the heap: that is where the memory is that connections are
 * granted, and a heap that is full ends the daemon.
 *
 * <p>Thread: the network's loop only.
 */
final class HelloGate implements HostStream {
  private static final int FIRST_SIZE = 2 << 10;

  private final ByteBufAllocator allocator;
  private final HostStream behind;
  private final GuestStream guest;
  private final Function<ClientHello, Boolean> admits;

  /** The guest's bytes; null if there are none, or they have been passed on. */
  private @Nullable ByteBuf kept;

  /** How much there has to be before it is read: a guest may send byte by byte. */
  private int least;

  private boolean open;
  private boolean closed;
  private boolean reads;

  /**
   * Makes a gate.
   *
   * @param allocator where what is kept lies
   * @param behind the stream that it leads to, which is connected meanwhile
   * @param guest the guest's end
   * @param admits whether a first message may pass; asked once, never about an incomplete one
   */
  HelloGate(
      ByteBufAllocator allocator,
      HostStream behind,
      GuestStream guest,
      Function<ClientHello, Boolean> admits) {
    this.allocator = allocator;
    this.behind = behind;
    this.guest = guest;
    this.admits = admits;
  }

  @Override
  public void write(ByteBuf payload) {
    if (open) {
      behind.write(payload);
      return;
    }
    if (closed) {
      return;
    }
    ByteBuf all = kept;
    if (all == null) {
      all = allocator.directBuffer(FIRST_SIZE);
      kept = all;
    }
    // One frame more than the reader wants: what follows a first message in it must not be lost.
    all.writeBytes(payload, payload.readerIndex(), payload.readableBytes());
    int length = all.readableBytes();
    if (length < least) {
      return;
    }
    int read = Math.min(length, ClientHello.MOST_BYTES);
    ClientHello hello = ClientHello.read(ByteBufUtil.getBytes(all, all.readerIndex(), read), read);
    if (hello instanceof ClientHello.Incomplete(int needed)) {
      least = needed;
      return;
    }
    if (admits.apply(hello)) {
      open();
    } else {
      refuse();
    }
  }

  private void refuse() {
    discard();
    behind.abort();
    guest.reset();
  }

  /** Takes nothing any more, and gives back what was kept. */
  private void discard() {
    closed = true;
    ByteBuf first = kept;
    kept = null;
    if (first != null) {
      first.release();
    }
  }

  private void open() {
    open = true;
    ByteBuf first = kept;
    kept = null;
    if (first != null) {
      try {
        behind.write(first);
      } finally {
        first.release();
      }
    }
    if (reads) {
      behind.read(true);
    }
  }

  @Override
  public void flush() {
    behind.flush();
  }

  @Override
  public int unsent() {
    return (kept == null ? 0 : kept.readableBytes()) + behind.unsent();
  }

  @Override
  public int memory() {
    return (kept == null ? 0 : kept.capacity()) + behind.memory();
  }

  @Override
  public @Nullable Address localAddress() {
    return behind.localAddress();
  }

  @Override
  public void read(boolean on) {
    reads = on;
    if (open) {
      behind.read(on);
    }
  }

  @Override
  public void finish() {
    if (open) {
      behind.finish();
    } else if (!closed) {
      if (kept == null && admits.apply(new ClientHello.Refused("it ends at once", true))) {
        open();
        behind.finish();
      } else {
        refuse();
      }
    }
  }

  @Override
  public void abort() {
    discard();
    behind.abort();
  }

  @Override
  public void close() {
    discard();
    behind.close();
  }
}
