package io.lanyard.bench;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Device;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.hart.Firmware;
import io.lanyard.machine.hart.Hart;
import io.lanyard.machine.hart.Timebase;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Integer code on the machine's interpreter: the counter is guest instructions a second. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class InterpreterBenchmark {
  /** Guest instructions, in millions. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Retired {
    /** Divided by the time by JMH. */
    public double millions;
  }

  private Ram ram;
  private byte[] program;

  /**
   * Reads the program.
   *
   * @throws IOException if it is not there
   */
  @Setup
  public void load() throws IOException {
    ram = Ram.allocate(16 << 20);
    try (InputStream in =
        Objects.requireNonNull(
            InterpreterBenchmark.class.getResourceAsStream("integer.bin"), "integer.bin")) {
      program = in.readAllBytes();
    }
  }

  /** Gives the memory back. */
  @TearDown
  public void release() {
    ram.close();
  }

  /**
   * Executes the program from reset to its end.
   *
   * @param retired counts
   * @return the program's result
   */
  @Benchmark
  public long integer(Retired retired) {
    ram.put(Ram.BASE, program);
    var bus = new Bus(ram);
    var hart = new Hart(0, bus, new Timebase(), Firmware.NONE);
    bus.map(
        "finisher",
        0x10_0000,
        0x1000,
        new Device() {
          @Override
          public long read(long offset, int size) {
            return 0;
          }

          @Override
          public void write(long offset, int size, long value) {
            hart.requestStop();
          }
        });
    hart.reset(Ram.BASE, false);
    hart.run();
    retired.millions += hart.instructions() / 1e6;
    return hart.x(10);
  }
}
