package io.lanyard.linux;

import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import java.security.SecureRandom;

/**
 * The ends of a datagram at a socket of the host: the remote endpoint, and the local address that
 * it came to or leaves from.
 *
 * <p>Reusable, so that reading and looking up a datagram's ends allocates nothing. It is equal to
 * another with the same values, and so is a question to a map whose keys are {@link #copy copies}
 * that do not change any more. Remote hosts choose most of the values: the hash has a seed of this
 * process, so that nobody makes values that collide.
 *
 * <p>Thread: one at a time.
 */
public final class DatagramEnds {
  private static final long SEED = new SecureRandom().nextLong();
  private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L;

  private long remoteHigh;
  private long remoteLow;
  private int remotePort;
  private long localHigh;
  private long localLow;
  private int scope;

  /** Makes ends that are all unspecified. */
  public DatagramEnds() {}

  /**
   * The ends of datagrams to an endpoint, from whichever address the host chooses.
   *
   * @param remote the destination
   * @param port its port; 0 for ICMP
   * @return new ends
   */
  public static DatagramEnds to(Address remote, int port) {
    return to(remote, port, 0);
  }

  /**
   * The ends of datagrams to an endpoint by one interface, from whichever address the host chooses.
   *
   * @param remote the destination
   * @param port its port; 0 for ICMP
   * @param scope the interface's index, which a link-local address needs; 0 for none
   * @return new ends
   */
  public static DatagramEnds to(Address remote, int port, int scope) {
    DatagramEnds ends = new DatagramEnds();
    ends.remote(remote.high(), remote.low(), port);
    ends.scope = scope;
    return ends;
  }

  /**
   * The same ends, for keeping.
   *
   * @return new ends
   */
  public DatagramEnds copy() {
    DatagramEnds copy = new DatagramEnds();
    copy.remote(remoteHigh, remoteLow, remotePort);
    copy.local(localHigh, localLow, scope);
    return copy;
  }

  void remote(long high, long low, int port) {
    remoteHigh = high;
    remoteLow = low;
    remotePort = port;
  }

  void local(long high, long low, int onInterface) {
    localHigh = high;
    localLow = low;
    scope = onInterface;
  }

  /**
   * The upper long of the remote address.
   *
   * @return 64 bits in network order
   */
  public long remoteHigh() {
    return remoteHigh;
  }

  /**
   * The lower long of the remote address.
   *
   * @return 64 bits in network order
   */
  public long remoteLow() {
    return remoteLow;
  }

  /**
   * The remote port.
   *
   * @return 0 to 65535
   */
  public int remotePort() {
    return remotePort;
  }

  /**
   * The remote endpoint.
   *
   * @return a new object
   */
  public Endpoint remote() {
    return new Endpoint(new Address(remoteHigh, remoteLow), remotePort);
  }

  /**
   * The local address.
   *
   * @return a new object; {@link Address#ANY_IPV6} where the socket does not tell, or has no choice
   */
  public Address local() {
    return new Address(localHigh, localLow);
  }

  /**
   * The interface that a link-local IPv6 address belongs to.
   *
   * @return its index; 0 where neither end is such an address
   */
  public int scope() {
    return scope;
  }

  boolean remoteIsIpv4() {
    return Address.isIpv4(remoteHigh, remoteLow);
  }

  boolean hasLocal() {
    return (localHigh | localLow) != 0;
  }

  long localHigh() {
    return localHigh;
  }

  long localLow() {
    return localLow;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DatagramEnds ends
        && remoteHigh == ends.remoteHigh
        && remoteLow == ends.remoteLow
        && remotePort == ends.remotePort
        && localHigh == ends.localHigh
        && localLow == ends.localLow
        && scope == ends.scope;
  }

  @Override
  public int hashCode() {
    long hash = mix(SEED, remoteHigh);
    hash = mix(hash, remoteLow);
    hash = mix(hash, localHigh);
    hash = mix(hash, localLow);
    hash = mix(hash, (long) scope << 32 | remotePort);
    return (int) hash;
  }

  private static long mix(long hash, long value) {
    long mixed = (hash ^ value) * MULTIPLIER;
    return mixed ^ mixed >>> 32;
  }

  /** Remote endpoint, and the local address where there is one. */
  @Override
  public String toString() {
    return hasLocal() ? remote() + " at " + local() : remote().toString();
  }
}
