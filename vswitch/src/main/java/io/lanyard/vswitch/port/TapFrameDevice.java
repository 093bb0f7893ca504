package io.lanyard.vswitch.port;

import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.linux.TapDevice;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A TAP device as a port uses it. Its frames have the switch's own header ({@code vnet_hdr}). */
final class TapFrameDevice implements FrameDevice {
  private final TapDevice tap;
  private final @Nullable String place;
  private final NetworkNamespace.@Nullable Identity namespace;
  private final Offloads offloads;
  private final String limitation;
  private final boolean stays;

  /**
   * Makes one.
   *
   * @param tap the device
   * @param place the name or path of its network namespace, or null for the daemon's own
   * @param namespace where it was made; null if that cannot be known, as without {@code /proc}
   * @param limitation what it lacks, with the remedy, or an empty text
   * @param stays whether it is this daemon's and stays when it is closed
   */
  TapFrameDevice(
      TapDevice tap,
      @Nullable String place,
      NetworkNamespace.@Nullable Identity namespace,
      String limitation,
      boolean stays) {
    this.tap = tap;
    this.stays = stays;
    this.limitation = limitation;
    this.place = place;
    this.namespace = namespace;
    boolean on = tap.offloads();
    this.offloads = Offloads.of(on, on, on, tap.uso());
  }

  /** Where the device was made; null if that could not be known. */
  NetworkNamespace.@Nullable Identity namespace() {
    return namespace;
  }

  @Override
  public String name() {
    return tap.name();
  }

  @Override
  public int fd() {
    return tap.fd();
  }

  @Override
  public int read(long vectors, int count) {
    return tap.read(vectors, count);
  }

  @Override
  public int write(Passage passage, long address, int length) {
    return tap.write(address, length);
  }

  @Override
  public boolean isGone(int errno) {
    return errno != Errno.EAGAIN && errno != Errno.EINTR && !isDown(errno);
  }

  /** {@inheritDoc} The kernel: tun_get_user in drivers/net/tun.c; tun_chr_poll for the return. */
  @Override
  public boolean isDown(int errno) {
    return errno == Errno.EIO;
  }

  @Override
  public boolean isSetUp() {
    return tap.isUp();
  }

  @Override
  public String downReason() {
    return "the interface is down; " + Namespaces.remedy(place, "link set " + name() + " up");
  }

  @Override
  public Offloads offloads() {
    return offloads;
  }

  @Override
  public String limitation() {
    return limitation;
  }

  @Override
  public long hardwareAddress() throws IOException {
    return tap.hardwareAddress();
  }

  @Override
  public void forgo() {
    if (stays) {
      try {
        tap.persist(false);
      } catch (ErrnoException e) {
        // Somebody else has ended it.
      }
    }
  }

  @Override
  public void close() {
    tap.close();
  }
}
