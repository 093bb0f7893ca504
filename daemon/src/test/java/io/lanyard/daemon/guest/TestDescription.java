package io.lanyard.daemon.guest;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.VmmDescription;
import java.util.List;
import java.util.Set;

/** A VMM whose guests start from anything and do little. */
record TestDescription(Set<Capability> capabilities) implements VmmDescription {
  @Override
  public List<String> architectures() {
    return List.of("test64");
  }

  @Override
  public Set<Class<? extends BootSource>> boots() {
    return Set.of(
        BootSource.Kernel.class,
        BootSource.Program.class,
        BootSource.Disk.class,
        BootSource.Nothing.class);
  }

  @Override
  public Set<String> diskFormats() {
    return Set.of(DiskSpec.RAW);
  }

  @Override
  public Set<Class<? extends Attachment>> attachments() {
    return Set.of(Attachment.InProcess.class);
  }
}
