package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import io.lanyard.nat.station.Presence;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds an address for a client that would be refused, because its port has its share or the pool
 * is exhausted: one whose holder has left without a word, while its lease runs on.
 *
 * <pre>
 *   a lease of the asking port     of the same machine, which has another identifier by now; or
 *                                  left behind before the port had its present link
 *   a lease of another port        left behind there, where the port has more addresses than the
 *                                  asking one, and has been without a link for a minute or has one
 *                                  again
 * </pre>
 *
 * <p>The holder is looked for first, and keeps the lease if it answers behind its port. The address
 * goes from the one client to the other, and the port of the former has one less: nobody gets more
 * than its share by leaving and coming back.
 *
 * <p>RFC 2131 section 2.2 has an address stay with its client while the lease runs. That client
 * finds its address taken when it comes back, and is given another.
 *
 * <p>Thread: the network's loop only.
 */
final class Reclaim {
  /** Leases that are looked at before the client has to ask again. */
  private static final int MOST_LOOKS = 3;

  /** How long a port may be without a link before it counts as gone: a VMM that connects anew. */
  private static final long GONE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** The least time between two searches of all ports that have found nothing. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final ServerParts parts;
  private final Clock clock;
  private final long startNanos;
  private long searchNanos;

  Reclaim(ServerParts parts, Clock clock) {
    this.parts = parts;
    this.clock = clock;
    startNanos = clock.nanoTime();
    searchNanos = startNanos;
  }

  /**
   * Finds an address for a client, and holds it.
   *
   * @param found goes on with the address, which is offered to the client
   * @param none goes on if there is none; like the other, not called where the request is dropped
   */
  void insteadOfRefusing(ClientRequest request, Consumer<Address> found, Runnable none) {
    look(request, new HashSet<>(), found, none);
  }

  private void look(
      ClientRequest request, Set<Address> seen, Consumer<Address> found, Runnable none) {
    boolean looks = parts.check().on() && seen.size() < MOST_LOOKS;
    Lease left = looks ? leftBehind(request, seen) : null;
    if (left == null || parts.keeper().isWriting(left.address())) {
      none.run();
    } else if (parts.check().admits(left.address(), request)) {
      seen.add(left.address());
      parts
          .check()
          .check(
              left.address(),
              request,
              new HolderAnswers(left, request, found, () -> look(request, seen, found, none)));
    }
  }

  private @Nullable Lease leftBehind(ClientRequest request, Set<Address> seen) {
    Lease own = parts.table().leftBehind(request, seen, parts.now());
    long now = clock.nanoTime();
    if (own != null || now - searchNanos < 0) {
      return own;
    }
    Lease other =
        parts
            .table()
            .leftElsewhere(
                request, seen, parts.now(), now - GONE_NANOS, now - startNanos >= GONE_NANOS);
    if (other == null) {
      searchNanos = now + PAUSE_NANOS;
    }
    return other;
  }

  private final class HolderAnswers implements ConflictCheck.Verdict {
    private final Lease left;
    private final ClientRequest request;
    private final Consumer<Address> found;
    private final Runnable others;
    private @Nullable Presence heard;

    HolderAnswers(Lease left, ClientRequest request, Consumer<Address> found, Runnable others) {
      this.left = left;
      this.request = request;
      this.found = found;
      this.others = others;
    }

    @Override
    public boolean believes(long mac, Station from) {
      heard = from.budget().presence();
      return mac == left.mac() && left.isBehind(from.budget().name());
    }

    @Override
    public void free(long probedAt) {
      Lease now = parts.table().at(left.address());
      if (now == null
          || !now.bound(parts.now())
          || !parts.table().isVacated(new Vacated(left, probedAt), now)
          || parts.keeper().isWriting(left.address())) {
        others.run(); // Its holder asks for it just now, or another client was faster.
      } else if (parts.keeper().mayWrite(request.budget())) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        CompletableFuture<Void> _ = done.thenAccept(stored -> reclaimed());
        parts.keeper().giveBack(now, request.port(), done);
      }
    }

    private void reclaimed() {
      Lease now = parts.table().at(left.address());
      if ((now != null && now.active(parts.now()))
          || !parts.table().canHave(left.address(), request, parts.now())) {
        return; // Somebody was faster. The client asks again.
      }
      parts.counters().count(DhcpCount.RECLAIMED);
      parts.log().log(
          Level.INFO,
          "lease-reclaimed",
          request.port(),
          line ->
              left.describe(line.with("network", parts.network()))
                  .with("by-port", request.port())
                  .with("for", Ethernet.format(request.mac()))
                  .with("cause", "its holder has left, and the port may have no other address"));
      parts.keeper().hold(request, left.address());
      found.accept(left.address());
    }

    @Override
    public void inUse(long mac, String port, boolean late) {
      Presence presence = heard;
      if (!late && presence != null) {
        parts.table().heard(left.address(), presence);
        others.run();
        return;
      }
      Lease now = parts.table().at(left.address());
      if (now == null || !now.bound(parts.now())) {
        parts.keeper().quarantine(left.address(), left.client(), mac, port, "probe");
      }
    }
  }
}
