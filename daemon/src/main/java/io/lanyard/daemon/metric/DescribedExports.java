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

/**
 * The library's export of counters and timers under our names: its own say which Java class the
 * value came from, and not which unit it is in.
 *
 * @param exports the library's
 */
record DescribedExports(DropwizardExports exports) implements MultiCollector {
  @Override
  public MetricSnapshots collect() {
    List<MetricSnapshot> snapshots = new ArrayList<>();
    for (MetricSnapshot snapshot : exports.collect()) {
      snapshots.add(described(snapshot));
    }
    return new MetricSnapshots(snapshots);
  }

  private static MetricSnapshot described(MetricSnapshot snapshot) {
    KnownMetric metric = KnownMetric.of(snapshot.getMetadata().getPrometheusName());
    if (metric == null) {
      return snapshot;
    }
    MetricMetadata metadata = new MetricMetadata(metric.name(), metric.help());
    return switch (snapshot) {
      case CounterSnapshot counter -> new CounterSnapshot(metadata, counter.getDataPoints());
      case SummarySnapshot summary -> new SummarySnapshot(metadata, summary.getDataPoints());
      default -> snapshot;
    };
  }
}
