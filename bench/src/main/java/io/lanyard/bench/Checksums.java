package io.lanyard.bench;

import io.lanyard.vswitch.frame.Checksum;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The Internet checksum over a payload. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class Checksums {
  /** Bytes. */
  @Param({"1460", "64240"})
  int length;

  private ByteBuf payload;

  /** Fills the payload. */
  @Setup
  public void fill() {
    payload = PooledByteBufAllocator.DEFAULT.directBuffer(length);
    for (int i = 0; i < length; i++) {
      payload.writeByte(i * 31);
    }
  }

  /** Gives the buffer back. */
  @TearDown
  public void release() {
    payload.release();
  }

  /**
   * Sums the payload.
   *
   * @return the sum
   */
  @Benchmark
  public long sum() {
    return Checksum.sum(payload, 0, length);
  }
}
