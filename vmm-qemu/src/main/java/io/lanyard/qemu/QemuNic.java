package io.lanyard.qemu;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.NicStatistics;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A guest's NIC: its frames pass by memory that QEMU shares with the daemon, or by a socket between
 * the two.
 */
final class QemuNic implements Nic {
  private final NicSpec spec;
  private volatile Attachment attachment;
  private final Consumer<QemuNic> changed;
  private volatile boolean up = true;

  /**
   * Makes a NIC.
   *
   * @param options of the guest
   * @param changed told when the link's state has changed
   */
  QemuNic(NicSpec spec, QemuOptions options, Consumer<QemuNic> changed) {
    this.spec = spec;
    this.attachment = choose(spec, options).orElseThrow();
    this.changed = changed;
  }

  /** The offer that QEMU takes: shared memory before a socket. */
  static Optional<Attachment> choose(NicSpec spec, QemuOptions options) {
    Optional<Attachment> shared = options.shared() ? shared(spec) : Optional.empty();
    return shared.or(() -> stream(spec));
  }

  private static Optional<Attachment> shared(NicSpec spec) {
    return spec.offers().stream().filter(Attachment.VhostUser.class::isInstance).findFirst();
  }

  /**
   * By a socket QEMU listens, because a QEMU before version 8 that connects does not do so again
   * when the daemon was away; one that listens waits for it.
   */
  static Optional<Attachment.UnixStream> stream(NicSpec spec) {
    return spec.offers().stream()
        .filter(Attachment.UnixStream.class::isInstance)
        .map(Attachment.UnixStream.class::cast)
        .filter(Attachment.UnixStream::vmmListens)
        .findFirst();
  }

  /** Takes the offer that a QEMU which runs already was started with, if there is such an offer. */
  void attachedByStream(boolean byStream) {
    if (byStream) {
      stream(spec).ifPresent(offer -> attachment = offer);
    } else {
      shared(spec).ifPresent(offer -> attachment = offer);
    }
  }

  NicSpec spec() {
    return spec;
  }

  /** Whether the guest is to see its link up. */
  boolean isUp() {
    return up;
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public long mac() {
    return spec.mac();
  }

  @Override
  public Attachment attachment() {
    return attachment;
  }

  @Override
  public void link(boolean nowUp) {
    if (up != nowUp) {
      up = nowUp;
      changed.accept(this);
    }
  }

  @Override
  public NicStatistics statistics() {
    return NicStatistics.UNKNOWN;
  }
}
