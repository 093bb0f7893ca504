package io.lanyard.dhcp;

import io.lanyard.nat.station.Offence;
import io.lanyard.nat.station.Station;
import io.lanyard.vswitch.frame.Ethernet;
import java.lang.System.Logger.Level;

/**
 * Finds out which client sent a request. What it says of itself every guest has heard, and clones
 * of a virtual machine say the same, since their machine-id, and so their DUID (RFC 4361), is the
 * original's. So a request that comes from another MAC address or port than its client's lease has
 * the address of that lease probed:
 *
 * <pre>
 *   the holder is silent                   it has a new NIC, or was moved to another port
 *   it answers, and the MAC is another     a clone: known by its MAC address from then on
 *   it answers, and the MAC is the same    an impostor: it gets no answer
 * </pre>
 *
 * <p>An identifier that is made of a MAC address is the client's that has this address. One that
 * said it before is known by its own from then on, and keeps the address that it got.
 *
 * <p>Where the MAC address is the same, an answer in a frame from another one does not count
 * against a request in a frame from that address.
 *
 * <p>By the letter of RFC 2131 clones are one client, and would be given one address between them.
 *
 * <p>The machine for which an address is reserved has it whatever identifier it sends. So a lease
 * of that address is probed too, where another port asks for it by the same MAC address.
 *
 * <p>Thread: the network's loop only.
 */
final class Identification {
  private final ServerParts parts;

  Identification(ServerParts parts) {
    this.parts = parts;
  }

  /**
   * Goes on with a request once its client is known, now or after a probe.
   *
   * @param then goes on with the request, whose client may be another now
   */
  void identify(ClientRequest request, Runnable then) {
    Lease held = parts.table().of(request.client());
    if (held == null || !held.bound(parts.now())) {
      if (isKnownByMac(request)) {
        request.isFrom(request.byMac());
        identify(request, then);
      } else {
        reservation(request, then);
      }
      return;
    }
    if (held.mac() == request.mac() && held.isBehind(request.port())) {
      parts.table().heard(held.address(), request.budget().presence());
      reservation(request, then);
      return;
    }
    if (held.mac() != request.mac()) {
      ClientId byMac = request.byMac();
      Lease own = parts.table().of(byMac, request.port());
      if (!byMac.equals(request.client())
          && own != null
          && own.active(parts.now())
          && own.state() != Lease.State.DECLINED) {
        request.isFrom(byMac); // A clone that is known already.
        identify(request, then);
        return;
      }
    }
    lookFor(held, request, () -> reservation(request, then));
  }

  /** The reserved address may be leased to a client of this MAC address and another identifier. */
  private void reservation(ClientRequest request, Runnable then) {
    Lease held = parts.table().ofReservation(request.mac(), parts.now());
    if (held == null || parts.table().mayTake(request, held)) {
      then.run();
    } else {
      lookFor(held, request, then);
    }
  }

  /** Goes on if a lease's holder does not answer, or the asker is told from it. */
  private void lookFor(Lease held, ClientRequest request, Runnable then) {
    if (!parts.check().asks()) {
      if (held.isBehind(request.port())) {
        request.vacated().add(new Vacated(held, parts.table().hearings()));
      }
      then.run(); // A lease of another port stays there.
    } else if (parts.check().admits(held.address(), request)) {
      parts.check().check(held.address(), request, new HolderAnswers(request, held, then));
    }
  }

  /** Whether it names its own address, which it has as a clone of a client that has gone. */
  private boolean isKnownByMac(ClientRequest request) {
    Lease own = parts.table().of(request.byMac());
    return own != null
        && own.bound(parts.now())
        && own.mac() == request.mac()
        && own.isBehind(request.port())
        && request.asksFor(own.address());
  }

  private final class HolderAnswers implements ConflictCheck.Verdict {
    private final ClientRequest request;
    private final Lease held;
    private final Runnable then;

    HolderAnswers(ClientRequest request, Lease held, Runnable then) {
      this.request = request;
      this.held = held;
      this.then = then;
    }

    @Override
    public boolean believes(long mac, Station from) {
      String port = from.budget().name();
      return mac == held.mac()
          && held.isBehind(port)
          && !isAsking(mac, port)
          && (from.mac() == mac || !isProven());
    }

    /**
     * Whether the request's frame came from the MAC address of the lease. Of two that claim it, the
     * one whose frames come from it is the client: the other can write it into any packet.
     */
    private boolean isProven() {
      return request.mac() == held.mac() && request.sender() == request.mac();
    }

    private boolean isAsking(long mac, String port) {
      return mac == request.mac() && port.equals(request.port());
    }

    @Override
    public void free(long probedAt) {
      request.vacated().add(new Vacated(held, probedAt));
      then.run();
    }

    @Override
    public void inUse(long mac, String port, boolean late) {
      if (mac == request.mac()) {
        impostor();
        return;
      }
      parts.counters().count(DhcpCount.CLONE);
      parts.log().log(
          Level.INFO,
          "dhcp-clones",
          request.port(),
          line ->
              line.with("network", parts.network())
                  .with("address", held.address())
                  .with("mac", Ethernet.format(mac))
                  .with("other", Ethernet.format(request.mac()))
                  .with(
                      "cause",
                      "two clients have one identifier, as clones of a machine do; told apart by"
                          + " MAC"));
      if (!late) {
        request.isFrom(request.byMac());
        if (request.client().equals(held.client())) {
          // The identifier is made of the asker's MAC address, so the holder is the clone.
          parts.keeper().identify(held, request.byMac(mac));
        }
        then.run();
      }
    }

    private void impostor() {
      parts.counters().count(DhcpCount.IMPOSTOR);
      request.budget().count(Offence.LEASES);
      parts.log().log(
          Level.WARNING,
          "dhcp-impostor",
          request.port(),
          line ->
              held.describe(
                  line.with("network", parts.network())
                      .with("by-port", request.port())
                      .with("type", request.kind())));
    }
  }
}
