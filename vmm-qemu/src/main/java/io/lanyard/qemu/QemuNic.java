package io.lanyard.qemu;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.NicStatistics;
import java.util.Optional;
import java.util.function.Consumer;

/** A guest's NIC: its frames pass by a socket between QEMU and the daemon's port. */
final class QemuNic implements Nic {
  private final NicSpec spec;
  private final Attachment.UnixStream attachment;
  private final Consumer<QemuNic> changed;
  private volatile boolean up = true;

  /**
   * Makes a NIC.
   *
   * @param changed told when the link's state has changed
   */
  QemuNic(NicSpec spec, Consumer<QemuNic> changed) {
    this.spec = spec;
    this.attachment = choose(spec).orElseThrow();
    this.changed = changed;
  }

  /**
   * The offer that QEMU takes. It listens, because a QEMU before version 8 that connects does not
   * do so again when the daemon was away; one that listens waits for it.
   */
  static Optional<Attachment.UnixStream> choose(NicSpec spec) {
    return spec.offers().stream()
        .filter(Attachment.UnixStream.class::isInstance)
        .map(Attachment.UnixStream.class::cast)
        .filter(Attachment.UnixStream::vmmListens)
        .findFirst();
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
  public Attachment.UnixStream attachment() {
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
