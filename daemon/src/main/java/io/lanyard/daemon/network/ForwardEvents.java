package io.lanyard.daemon.network;

import io.lanyard.base.EnumText;
import io.lanyard.config.ForwardConfig;
import io.lanyard.control.api.EventType;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.nat.forward.ForwardListener;
import io.lanyard.nat.forward.ForwardStatus;
import java.util.Map;

/**
 * Tells of a network's forwards.
 *
 * <p>Thread: the network's loop only.
 *
 * @param network the network's name
 * @param events hears of them
 */
record ForwardEvents(String network, EventBus events) implements ForwardListener {
  @Override
  public void changed(ForwardStatus status) {
    publish(EventType.FORWARD_CHANGED, status);
  }

  @Override
  public void removed(ForwardStatus status) {
    publish(EventType.FORWARD_REMOVED, status);
  }

  private void publish(EventType type, ForwardStatus status) {
    ForwardConfig forward = status.forward();
    String problem = status.problem();
    events.publishOf(
        forward.label(),
        type,
        network,
        forward.label(),
        Map.of(
            "protocol", EnumText.word(forward.protocol()),
            "listen", forward.listenText(),
            "to", forward.toText(),
            "state", status.listening() ? "listening" : "failed",
            "problem", problem == null ? "" : problem));
  }
}
