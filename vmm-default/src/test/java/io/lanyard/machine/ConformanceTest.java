package io.lanyard.machine;

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
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class ConformanceTest {
  @TempDir Path directory;

  @TestFactory
  Stream<DynamicTest> bundledMachineConforms() {
    LogWatch.expect("console-listener-failed"); // one of them fails on purpose
    return new VmmConformance(new OurFixture(directory))
        .checks().stream().map(check -> DynamicTest.dynamicTest(check.name(), check::run));
  }

  private record OurFixture(Path directory) implements Fixture {
    private BootSource program(TestProgram program) {
      return new BootSource.Program(program.write(directory));
    }

    @Override
    public VmmProvider provider() {
      return new LanyardVmmProvider();
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
      return program(TestProgram.spinning());
    }

    @Override
    public BootSource passing() {
      return program(TestProgram.reporting(0));
    }

    @Override
    public BootSource failing(int test) {
      return program(TestProgram.reporting(test));
    }

    @Override
    public BootSource echoing() {
      return program(TestProgram.echoing());
    }

    @Override
    public BootSource reflecting() {
      try {
        return new BootSource.Program(EchoGuest.write(directory.resolve("echo.elf")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
