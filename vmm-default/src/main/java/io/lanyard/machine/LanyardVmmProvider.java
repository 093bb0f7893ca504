package io.lanyard.machine;

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
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;

/** The bundled VMM's way in: {@code vmm: lanyard}. */
public final class LanyardVmmProvider implements VmmProvider {
  /** For {@link java.util.ServiceLoader}. */
  public LanyardVmmProvider() {}

  @Override
  public String name() {
    return "lanyard";
  }

  @Override
  public ApiVersion apiVersion() {
    return new ApiVersion(ApiVersion.MAJOR, ApiVersion.MINOR);
  }

  @Override
  public VmmDescription describe() {
    return new Description();
  }

  @Override
  public List<SpecProblem> validate(GuestSpec spec) {
    return SpecCheck.of(spec);
  }

  @Override
  public Vmm open(VmmContext context) throws VmmException {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new VmmException("the bundled machine needs a little-endian host");
    }
    return new LanyardVmm();
  }

  private record Description() implements VmmDescription {
    @Override
    public List<String> architectures() {
      return List.of("riscv64");
    }

    @Override
    public Set<Class<? extends BootSource>> boots() {
      return Set.of(BootSource.Kernel.class, BootSource.Program.class);
    }

    @Override
    public Set<String> diskFormats() {
      return Set.of(DiskSpec.RAW);
    }

    @Override
    public Set<Class<? extends Attachment>> attachments() {
      return Set.of(Attachment.InProcess.class);
    }

    @Override
    public Set<Capability> capabilities() {
      return Set.of(
          Capability.CONSOLE, Capability.REQUEST_STOP, Capability.PAUSE, Capability.RESET);
    }
  }
}
