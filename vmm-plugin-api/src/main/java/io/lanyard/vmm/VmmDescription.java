package io.lanyard.vmm;

import java.util.List;
import java.util.Set;

/**
 * A VMM's abilities on this host, read by the daemon before it makes a guest and by {@code lanyard
 * check}. The daemon refuses by itself what is not in here, so that {@link VmmProvider#validate}
 * sees no guest of another kind.
 *
 * <p>A plug-in implements it, for example as a record. Later versions have other methods, with a
 * default that says that there is none of it.
 */
public interface VmmDescription {
  /**
   * The processor architectures of its guests, in the words of the Linux kernel's {@code uname -m}:
   * {@code riscv64}, {@code x86_64}, {@code aarch64}.
   *
   * @return the one that a guest has where nobody says another comes first; empty if this host
   *     lacks what the VMM needs
   */
  List<String> architectures();

  /**
   * The kinds of programs that its guests start with.
   *
   * @return records of {@link BootSource}
   */
  Set<Class<? extends BootSource>> boots();

  /**
   * The formats of its guests' disks: words such as those of {@link DiskSpec}.
   *
   * @return empty for a VMM without disks
   */
  default Set<String> diskFormats() {
    return Set.of();
  }

  /**
   * The ways in which its guests' NICs can be attached.
   *
   * @return records of {@link Attachment}; empty for a VMM without NICs
   */
  default Set<Class<? extends Attachment>> attachments() {
    return Set.of();
  }

  /**
   * The abilities of its guests besides running.
   *
   * @return constants
   */
  default Set<Capability> capabilities() {
    return Set.of();
  }
}
