package io.lanyard.nat.tcp;

import io.lanyard.nat.tls.ClientHello;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.function.Function;

/**
 * Lets nothing pass in either direction before the guest has begun a TLS connection to a server
 * that it may name, or something else that it may begin. Until then what it sends is kept here,
 * some kilobytes at most.
 *
 * <p>Thread: the network's loop only.
 */
final class HelloGate implements HostStream {
  private static final int FIRST_SIZE = 2 << 10;

  private final HostStream behind;
  private final GuestStream guest;
  private final Function<ClientHello, Boolean> admits;
  private byte[] kept = new byte[FIRST_SIZE];
  private int length;

  /** How much there has to be before it is read: a guest may send byte by byte. */
  private int least;

  private boolean open;
  private boolean closed;
  private boolean reads;

  /**
   * Makes a gate.
   *
   * @param behind the stream that it leads to, which is connected meanwhile
   * @param guest the guest's end
   * @param admits whether a first message may pass; asked once, never about an incomplete one
   */
  HelloGate(HostStream behind, GuestStream guest, Function<ClientHello, Boolean> admits) {
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
    // One frame more than the reader wants: what follows a first message in it must not be lost.
    int more = payload.readableBytes();
    if (length + more > kept.length) {
      kept = Arrays.copyOf(kept, Math.max(2 * kept.length, length + more));
    }
    payload.getBytes(payload.readerIndex(), kept, length, more);
    length += more;
    if (length < least) {
      return;
    }
    ClientHello hello = ClientHello.read(kept, Math.min(length, ClientHello.MOST_BYTES));
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
    closed = true;
    length = 0;
    behind.abort();
    guest.reset();
  }

  private void open() {
    open = true;
    ByteBuf first = Unpooled.wrappedBuffer(kept, 0, length);
    kept = new byte[0];
    length = 0;
    behind.write(first);
    first.release();
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
    return length + behind.unsent();
  }

  @Override
  public int memory() {
    return (open ? 0 : kept.length) + behind.memory();
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
      if (length == 0 && admits.apply(new ClientHello.Refused("it ends at once", true))) {
        open();
        behind.finish();
      } else {
        refuse();
      }
    }
  }

  @Override
  public void abort() {
    closed = true;
    length = 0;
    behind.abort();
  }

  @Override
  public void close() {
    length = 0;
    behind.close();
  }
}
