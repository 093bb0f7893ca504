package io.lanyard.vswitch;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Decides at a port whether a frame may pass.
 *
 * <p>Thread: the network's loop only.
 */
public interface Policy {
  /**
   * Judges a frame. Never throws; allocates nothing.
   *
   * @param passage what is known of the frame; lent for the length of the call
   * @param frame lent for the length of the call and not to be changed
   * @return why the frame is dropped, or null to let it pass
   */
  @Nullable DropCause admit(Passage passage, ByteBuf frame);

  /** Forgets what was learned of the stations behind the port: it has no carrier, or is gone. */
  default void forget() {}

  /** Hears that it judges no more: its port has other policies, or is gone. */
  default void end() {}
}
