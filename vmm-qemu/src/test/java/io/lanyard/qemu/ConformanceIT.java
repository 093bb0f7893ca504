package io.lanyard.qemu;

import io.lanyard.testing.LogWatch;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmProvider;
import io.lanyard.vmm.tck.EchoGuest;
import io.lanyard.vmm.tck.Fixture;
import io.lanyard.vmm.tck.VmmConformance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Needs qemu-system-riscv64 (Debian: qemu-system-misc). */
final class ConformanceIT {
  @TempDir Path directory;

  @TestFactory
  Stream<DynamicTest> qemuConforms() {
    LogWatch.expect("console-listener-failed"); // one of them fails on purpose
    return new VmmConformance(new OurFixture(directory))
        .checks().stream().map(check -> DynamicTest.dynamicTest(check.name(), check::run));
  }

  /** The kit's echo guest in place of the firmware: it computes, echoes, and drives its NIC. */
  private record OurFixture(Path directory) implements Fixture {
    @Override
    public VmmProvider provider() {
      return new QemuVmmProvider(new QemuBinaries(List.of(Path.of("/usr/bin")), "riscv64"));
    }

    @Override
    public VmmContext context() {
      return new VmmContext(directory, directory);
    }

    @Override
    public long memory() {
      return 16 << 20;
    }

    @Override
    public BootSource spinning() {
      return reflecting();
    }

    @Override
    public BootSource echoing() {
      return reflecting();
    }

    @Override
    public BootSource reflecting() {
      try {
        return new BootSource.Firmware(EchoGuest.write(directory.resolve("echo,guest.elf")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Map<String, String> options() {
      return Map.of("accel", "tcg", "hotplug", "on");
    }
  }
}
