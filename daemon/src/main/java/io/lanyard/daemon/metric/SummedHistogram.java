package io.lanyard.daemon.metric;

import com.codahale.metrics.ExponentiallyDecayingReservoir;
import com.codahale.metrics.Histogram;
import java.util.concurrent.atomic.LongAdder;

/**
 * A histogram that knows the sum of all its values, which the library's does not: a Prometheus
 * summary has it, and an average over time needs it.
 *
 * <p>Thread: any.
 */
final class SummedHistogram extends Histogram {
  private final LongAdder sum = new LongAdder();

  SummedHistogram() {
    super(new ExponentiallyDecayingReservoir());
  }

  @Override
  public void update(long value) {
    sum.add(value);
    super.update(value);
  }

  /** The sum of all values so far. */
  long sum() {
    return sum.sum();
  }
}
