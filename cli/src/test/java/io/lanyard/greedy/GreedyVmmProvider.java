package io.lanyard.greedy;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmDescription;
import io.lanyard.vmm.VmmProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A VMM that wants all of the daemon's heap, and would go on without. */
public final class GreedyVmmProvider implements VmmProvider, VmmDescription {
  private static final List<byte[]> HELD = new ArrayList<>();

  @Override
  public String name() {
    return "greedy";
  }

  @Override
  public ApiVersion apiVersion() {
    return ApiVersion.CURRENT;
  }

  @Override
  public VmmDescription describe() {
    return this;
  }

  @Override
  public List<String> architectures() {
    return List.of("riscv64");
  }

  @Override
  public Set<Class<? extends BootSource>> boots() {
    return Set.of(BootSource.Kernel.class);
  }

  @Override
  public List<SpecProblem> validate(GuestSpec spec) {
    return List.of();
  }

  @Override
  public Vmm open(VmmContext context) {
    while (true) {
      try {
        HELD.add(new byte[1 << 16]);
      } catch (OutOfMemoryError e) {
        // As a library may that knows no better.
        Thread.onSpinWait();
      }
    }
  }
}
