package io.lanyard.machine;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmProvider;
import java.nio.ByteOrder;
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
  public Set<Capability> capabilities() {
    return Set.of(Capability.values());
  }

  @Override
  public Vmm open(VmmContext context) throws VmmException {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new VmmException("the bundled machine needs a little-endian host");
    }
    return new LanyardVmm();
  }
}
