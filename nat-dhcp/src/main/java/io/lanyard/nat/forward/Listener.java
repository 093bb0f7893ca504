package io.lanyard.nat.forward;

import io.lanyard.nat.flow.Flow;
import io.lanyard.net.Address;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The host's side of a forward, and its counters.
 *
 * <p>Thread: the network's loop only.
 */
abstract sealed class Listener permits TcpListener, UdpListener {
  final Forward forward;
  private final GuestNames names;
  private final Set<Flow> live = new HashSet<>();
  private long accepted;
  private long refused;
  private long bytesToGuest;
  private long bytesFromGuest;

  Listener(Forward forward, GuestNames names) {
    this.forward = forward;
    this.names = names;
  }

  /** Opens the host's port; on failure nothing is left behind. */
  abstract void open() throws IOException;

  /**
   * Closes the host's port. Connections that were accepted live on; a UDP client's flow does not.
   */
  abstract void close();

  /** The port that is open; the declared one while none is. */
  abstract int port();

  /** The guest's address now; null when nobody has that name. */
  final @Nullable Address guest() {
    String guest = forward.guest();
    if (!guest.isEmpty() && Character.isDigit(guest.charAt(guest.length() - 1))) {
      try {
        return Address.parse(guest);
      } catch (IllegalArgumentException e) {
        // A name that ends in a digit.
        return names.addressOf(guest);
      }
    }
    return names.addressOf(guest);
  }

  final void refused() {
    refused++;
  }

  /** Follows a flow until its end, for the counters. */
  final void accepted(Flow flow) {
    accepted++;
    live.add(flow);
    flow.forward(forward.name());
    flow.onGone(this::gone);
  }

  private void gone(Flow flow) {
    live.remove(flow);
    bytesToGuest += flow.bytesToGuest();
    bytesFromGuest += flow.bytesFromGuest();
  }

  final Set<Flow> live() {
    return live;
  }

  final ForwardStatus status(boolean listening, @Nullable String problem) {
    long to = bytesToGuest;
    long from = bytesFromGuest;
    for (Flow flow : live) {
      to += flow.bytesToGuest();
      from += flow.bytesFromGuest();
    }
    return new ForwardStatus(
        forward, listening, problem, port(), accepted, refused, live.size(), to, from);
  }
}
