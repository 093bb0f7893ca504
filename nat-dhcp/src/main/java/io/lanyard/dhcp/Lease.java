package io.lanyard.dhcp;

import io.lanyard.base.LogEvent;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import org.jspecify.annotations.Nullable;

/**
 * The binding of an address to a client.
 *
 * @param address the address
 * @param client whom it is bound to
 * @param mac the client's hardware address, in the low 48 bits
 * @param port the name of the port that the client got it by, or, if it is declined, of the port
 *     that said so; empty if unknown, as in a store of version 0.1.0
 * @param hostname the client's name, one lower-case DNS label that no other lease has; or null
 * @param startMillis when the client first got the address, by the {@link LeaseClock}
 * @param expiryMillis when the binding ends if it is not renewed, by the {@link LeaseClock}; {@link
 *     #NEVER} for an infinite one
 * @param state what has become of it
 */
public record Lease(
    Address address,
    ClientId client,
    long mac,
    String port,
    @Nullable String hostname,
    long startMillis,
    long expiryMillis,
    State state) {
  /** The expiry of an infinite lease. */
  public static final long NEVER = Long.MAX_VALUE;

  /** The state of a lease. The order is that of the stored form: append only. */
  public enum State {
    /** Offered and held for the client, which has not asked for it yet. Never stored. */
    OFFERED,
    /** The client's, until it expires. */
    BOUND,
    /** Given back, or run out; remembered, so that the client gets the same address again. */
    RELEASED,
    /** A client found the address in use (RFC 2131 section 4.3.3): kept out of the pool. */
    DECLINED
  }

  /**
   * Whether the address may not be given to another client.
   *
   * @param nowMillis the present, by the {@link LeaseClock}
   * @return true until the lease has expired or was released
   */
  public boolean active(long nowMillis) {
    return state != State.RELEASED && nowMillis < expiryMillis;
  }

  /**
   * Whether a client uses the address.
   *
   * @param nowMillis the present, by the {@link LeaseClock}
   * @return true if it is bound and has not expired
   */
  public boolean bound(long nowMillis) {
    return state == State.BOUND && nowMillis < expiryMillis;
  }

  Lease in(State newState, long expiry) {
    return new Lease(address, client, mac, port, hostname, startMillis, expiry, newState);
  }

  /** Whether it was got by a port, or by one that is not known. */
  boolean isBehind(String name) {
    return port.isEmpty() || port.equals(name);
  }

  /** Whether it is another state of the same client's hold on the address. */
  boolean isHeldAs(Lease other) {
    return address.equals(other.address)
        && client.equals(other.client)
        && mac == other.mac
        && port.equals(other.port);
  }

  /** An address that nobody has, and that nobody had. */
  static Lease nobodys(Address address, long now) {
    return new Lease(address, ClientId.ofMac(0), 0, "", null, now, now, State.RELEASED);
  }

  /** The same, ending at a time at the latest; an infinite one stays so. */
  Lease until(long latest) {
    return expiryMillis == NEVER || expiryMillis <= latest ? this : in(state, latest);
  }

  Lease of(ClientId other) {
    return new Lease(address, other, mac, port, hostname, startMillis, expiryMillis, state);
  }

  Lease named(@Nullable String name) {
    return new Lease(address, client, mac, port, name, startMillis, expiryMillis, state);
  }

  /** Adds the lease to a line of the log. */
  LogEvent describe(LogEvent line) {
    return line.with("address", address)
        .with("mac", Ethernet.format(mac))
        .with("port", port)
        .with("hostname", hostname)
        .with("state", state);
  }
}
