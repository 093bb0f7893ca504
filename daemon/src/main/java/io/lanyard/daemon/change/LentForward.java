package io.lanyard.daemon.change;

import io.lanyard.base.EnumText;
import io.lanyard.config.ForwardConfig;
import io.lanyard.control.api.ForwardInfo;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.NetworkGoneException;

/**
 * A forward that somebody has for a while, and that is no part of the configuration.
 *
 * <p>Thread: any.
 */
public final class LentForward implements AutoCloseable {
  private final Network network;
  private final ForwardConfig forward;

  LentForward(Network network, ForwardConfig forward) {
    this.network = network;
    this.forward = forward;
  }

  /**
   * The forward as it began.
   *
   * @return its description
   */
  public ForwardInfo info() {
    return new ForwardInfo(
        network.name(),
        "",
        EnumText.word(forward.protocol()),
        forward.listen().toString(),
        forward.to().toString(),
        "listening",
        "",
        0);
  }

  /** Closes it, and ends its flows. Nothing happens if its network is gone. */
  @Override
  public void close() {
    try {
      network.removeForward(forward);
    } catch (NetworkGoneException e) {
      // It took its forwards along.
    }
  }
}
