package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One message that is being answered: the answer leaves when all of its associations have their
 * outcome, of which some wait for a probe or for the disk. One without outcome leaves the client
 * without answer, and it asks again.
 *
 * <p>Thread: the network's loop only.
 */
final class Dhcp6Answers {
  /** The UDP port of clients (RFC 8415 section 7.2). */
  private static final int CLIENT_PORT = 546;

  /** Sends messages. */
  record Sender(ByteBufAllocator allocator, Dhcp6Reply replies, Counters<DhcpCount> counters) {
    /**
     * Sends a message to the client, or to its relay.
     *
     * @param payload released
     */
    void send(Dhcp6Message request, DhcpCount as, ByteBuf payload) {
      counters.count(as);
      request.from.answer(
          payload,
          request.sender(),
          request.from.address(),
          request.relayed() ? Dhcp6Server.SERVER_PORT : CLIENT_PORT);
    }
  }

  private final Dhcp6Message request;
  private final Dhcp6Type type;
  private final Sender sender;
  private final @Nullable Dhcp6Outcome[] outcomes;
  private int missing;
  private @Nullable String hostname;

  /**
   * Begins.
   *
   * @param type advertise or reply
   */
  Dhcp6Answers(Dhcp6Message request, Dhcp6Type type, Sender sender) {
    this.request = request;
    this.type = type;
    this.sender = sender;
    missing = request.associations.size();
    outcomes = new Dhcp6Outcome[missing];
    if (missing == 0) {
      send();
    }
  }

  /** The client's name is known. */
  void named(@Nullable String name) {
    hostname = name;
  }

  /** An association has its outcome. */
  void set(int association, Dhcp6Outcome outcome) {
    if (outcomes[association] == null) {
      outcomes[association] = outcome;
      missing--;
      if (missing == 0) {
        send();
      }
    }
  }

  private void send() {
    List<Dhcp6Outcome> all = new ArrayList<>(outcomes.length);
    for (Dhcp6Outcome outcome : outcomes) {
      if (outcome != null) {
        all.add(outcome);
      }
    }
    DhcpCount as = type == Dhcp6Type.ADVERTISE ? DhcpCount.ADVERTISE : DhcpCount.REPLY;
    sender.send(
        request, as, sender.replies().about(sender.allocator(), request, type, all, hostname));
  }
}
