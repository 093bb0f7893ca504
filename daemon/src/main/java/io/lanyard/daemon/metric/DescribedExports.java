package io.lanyard.daemon.metric;

import io.prometheus.metrics.instrumentation.dropwizard.DropwizardExports;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The library's export of counters and timers under our names: its own say which Java class the
 * value came from, and not which unit it is in.
 *
 * @param exports the library's
 * @param sums the times of timers in nanoseconds, by the library's names; live
 */
record DescribedExports(DropwizardExports exports, Map<String, SummedHistogram> sums)
    implements MultiCollector {
  @Override
  public MetricSnapshots collect() {
    List<MetricSnapshot> snapshots = new ArrayList<>();
    for (MetricSnapshot snapshot : exports.collect()) {
      snapshots.add(described(snapshot));
    }
    return new MetricSnapshots(snapshots);
  }

  private MetricSnapshot described(MetricSnapshot snapshot) {
    String name = snapshot.getMetadata().getPrometheusName();
    KnownMetric metric = KnownMetric.of(name);
    if (metric == null) {
      return snapshot;
    }
    MetricMetadata metadata = new MetricMetadata(metric.name(), metric.help());
    return switch (snapshot) {
      case CounterSnapshot counter -> new CounterSnapshot(metadata, counter.getDataPoints());
      case SummarySnapshot summary ->
          new SummarySnapshot(
              metadata,
              summary.getDataPoints().stream()
                  .map(point -> summed(point, sums.get(name)))
                  .toList());
      default -> snapshot;
    };
  }

  private static SummarySnapshot.SummaryDataPointSnapshot summed(
      SummarySnapshot.SummaryDataPointSnapshot point, @Nullable SummedHistogram times) {
    return times == null
        ? point
        : SummarySnapshot.SummaryDataPointSnapshot.builder()
            .count(point.getCount())
            .sum(times.sum() / 1e9)
            .quantiles(point.getQuantiles())
            .labels(point.getLabels())
            .build();
  }
}
