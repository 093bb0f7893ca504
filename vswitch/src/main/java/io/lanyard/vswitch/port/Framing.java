package io.lanyard.vswitch.port;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * How frames lie in a byte stream: each behind a prefix that says its length.
 *
 * <p>A port is a framing times where its stream comes from ({@link StreamAddress}).
 *
 * <p>Thread: any; a framing has no state. That of a connection is in its {@link Handshake}.
 */
public interface Framing {
  /** QEMU's: a 32-bit big-endian length (net/stream_data.c). */
  Framing QEMU = new QemuFraming();

  /**
   * HyperKit's (src/lib/pci_virtio_net_vpnkit.c): a handshake, then a 16-bit little-endian length.
   */
  Framing HYPERKIT = new HyperKitFraming(true);

  /** That of gvproxy's {@code /connect}: HyperKit's lengths, and frames at once. */
  Framing GVPROXY = new HyperKitFraming(false);

  /** The talk before the first frame of a connection. It has state. */
  interface Handshake {
    /** The state of a handshake. */
    enum Progress {
      /** More has to come. */
      GOES_ON,
      /** Frames follow. */
      DONE,
      /** The client speaks something else; the connection ends once the answer is sent. */
      FAILED
    }

    /**
     * Takes the client's next bytes, and no more than belong to the handshake.
     *
     * @param in the stream
     * @param out gets the answers
     * @return how far it is
     */
    Progress read(ByteBuf in, ByteBuf out);
  }

  /**
   * Begins the handshake of a connection.
   *
   * @param mtu the largest IP packet on the port, in bytes
   * @return null where frames come at once
   */
  @Nullable Handshake handshake(int mtu);

  /**
   * The length of the prefix.
   *
   * @return bytes
   */
  int prefixLength();

  /**
   * The largest length that a prefix may say. Nothing behind a larger one can be trusted, and the
   * connection ends.
   *
   * @return bytes of frame
   */
  int largest();

  /**
   * Reads the length from a prefix.
   *
   * @param in the stream
   * @param at index of the prefix, which is there as a whole
   * @return bytes of frame, as the prefix says
   */
  long length(ByteBuf in, int at);

  /**
   * Writes a prefix.
   *
   * @param into the stream
   * @param length bytes of frame
   */
  void write(ByteBuf into, int length);
}
