package io.lanyard.vswitch.pcap;

import java.io.IOException;

/**
 * An interface that libpcap has open. Frames are those of the wire: no offload header, the VLAN tag
 * in its place. libpcap does not say which checksums are unfinished, nor that a frame is a
 * super-frame.
 *
 * <p>Thread: {@link #run} on one, {@link #send} on one other; the rest any.
 */
public interface PcapSession extends AutoCloseable {
  /** Takes captured frames. */
  interface Receiver {
    /**
     * Takes one frame. On the thread of {@link #run}.
     *
     * @param frame the frame; the receiver may keep it
     */
    void accept(byte[] frame);
  }

  /**
   * Hands frames over until {@link #stop}.
   *
   * @param receiver takes them
   * @throws IOException if capturing ends by itself, as when the interface goes down
   */
  void run(Receiver receiver) throws IOException;

  /** Ends {@link #run}. */
  void stop();

  /**
   * Sends a frame; may wait while the interface's queue is full.
   *
   * @param frame begins with the frame
   * @param length its bytes
   * @throws IOException if the interface does not take it
   */
  void send(byte[] frame, int length) throws IOException;

  /**
   * The frames that the kernel's buffer had no room for.
   *
   * @return since the session was opened; 0 when it is closed
   */
  long missed();

  /** Closes the session, which neither runs nor sends; a second call does nothing. */
  @Override
  void close();
}
