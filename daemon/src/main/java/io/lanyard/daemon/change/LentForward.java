package io.lanyard.daemon.change;

import io.lanyard.base.EnumText;
import io.lanyard.config.ForwardConfig;
import io.lanyard.control.api.ForwardInfo;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.NetworkGoneException;
import java.util.List;

/**
 * A forward that somebody has for a while, and that is no part of the configuration.
 *
 * <p>Thread: any.
 */
public final class LentForward implements AutoCloseable {
  private final Network network;
  private final ForwardConfig forward;

  private LentForward(Network network, ForwardConfig forward) {
    this.network = network;
    this.forward = forward;
  }

  /**
   * Opens one.
   *
   * @param network its network, which runs
   * @param said the forward; its name is left out, so that it is in no other one's way
   * @throws ChangeRefusedException if it does not listen
   */
  static LentForward open(Network network, ForwardConfig said) throws ChangeRefusedException {
    ForwardConfig forward =
        new ForwardConfig(null, said.protocol(), said.listen(), said.to(), said.ports());
    String problem;
    try {
      problem = network.addForward(forward);
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new ChangeRefusedException(
          Reason.FAILED, String.valueOf(e.getMessage()), List.of(), "");
    }
    LentForward lent = new LentForward(network, forward);
    if (!problem.isEmpty()) {
      lent.close();
      throw new ChangeRefusedException(Reason.FAILED, problem, List.of(), "");
    }
    return lent;
  }

  /** The forward. */
  ForwardConfig forward() {
    return forward;
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
        forward.listenText(),
        forward.toText(),
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
