package io.lanyard.qemu;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmDescription;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmProvider;
import java.util.List;
import java.util.Set;

/** QEMU's way in: {@code vmm: qemu}. */
public final class QemuVmmProvider implements VmmProvider {
  private final QemuBinaries binaries;

  /** For {@link java.util.ServiceLoader}. */
  public QemuVmmProvider() {
    this(QemuBinaries.ofThisHost());
  }

  QemuVmmProvider(QemuBinaries binaries) {
    this.binaries = binaries;
  }

  @Override
  public String name() {
    return "qemu";
  }

  @Override
  public ApiVersion apiVersion() {
    return new ApiVersion(ApiVersion.MAJOR, ApiVersion.MINOR);
  }

  @Override
  public VmmDescription describe() {
    return new Description(binaries.architectures());
  }

  @Override
  public List<SpecProblem> validate(GuestSpec spec) {
    return SpecCheck.of(spec, binaries);
  }

  @Override
  public Vmm open(VmmContext context) throws VmmException {
    if (binaries.architectures().isEmpty()) {
      throw new VmmException(
          "there is no program qemu-system-* in PATH; install one, for example qemu-system-x86");
    }
    return new QemuVmm(context, binaries);
  }

  private record Description(List<String> architectures) implements VmmDescription {
    @Override
    public Set<Class<? extends BootSource>> boots() {
      return Set.of(
          BootSource.Kernel.class,
          BootSource.Firmware.class,
          BootSource.Disk.class,
          BootSource.Nothing.class);
    }

    /** Not vmdk, whose descriptor may name any file of the host's. */
    @Override
    public Set<String> diskFormats() {
      return Set.of(DiskSpec.RAW, DiskSpec.QCOW2, DiskSpec.ISO, "vdi", "vhdx", "vpc");
    }

    @Override
    public Set<Class<? extends Attachment>> attachments() {
      return Set.of(Attachment.VhostUser.class, Attachment.UnixStream.class);
    }

    @Override
    public Set<Capability> capabilities() {
      return Set.of(
          Capability.CONSOLE,
          Capability.REQUEST_STOP,
          Capability.PAUSE,
          Capability.RESET,
          Capability.OUTLIVES,
          Capability.HOT_NICS,
          Capability.HOT_DISKS,
          Capability.HOT_SWAP,
          Capability.SNAPSHOTS);
    }
  }
}
