package io.lanyard.nat.tcp;

import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The host's end of a spliced connection, as the TCP connection sees it: a socket, or a service of
 * the gateway.
 *
 * <p>Thread: the network's loop only. No method throws.
 */
public interface HostStream {
  /**
   * Takes bytes from the guest, in order. May only gather them until {@link #flush}.
   *
   * @param payload lent for the length of the call, between reader and writer index; what cannot go
   *     at once is retained or copied
   */
  void write(ByteBuf payload);

  /** Passes on what {@link #write} has gathered. */
  void flush();

  /**
   * Bytes that were written and have not left yet. The guest's window follows from it; whenever it
   * falls after having been above zero, {@link GuestStream#drained} is called.
   *
   * @return bytes
   */
  int unsent();

  /**
   * The memory that is kept for bytes of the guest's, which it has to answer for until it is freed.
   *
   * @return bytes, at least {@link #unsent}
   */
  default int memory() {
    return unsent();
  }

  /**
   * The host's own address that the stream is bound to, without which it leads nowhere.
   *
   * @return the address; null of a stream that has none
   */
  default @Nullable Address localAddress() {
    return null;
  }

  /**
   * Tells the stream whether the connection takes more bytes for the guest. A stream that is told
   * to stop may still deliver what it has read already.
   *
   * @param on false: stop reading
   */
  void read(boolean on);

  /** The guest sends no more: half-close once everything has left. */
  void finish();

  /** Ends abruptly, with a reset where there is a peer. Nothing is called back any more. */
  void abort();

  /**
   * Both directions are through; gives back everything. Bytes that have not left yet do so first:
   * {@link #unsent} stays above zero until then, and {@link GuestStream#drained} tells of each step
   * to it, {@link GuestStream#reset} that they never will. Nothing else is called back.
   */
  void close();
}
