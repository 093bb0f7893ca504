package io.lanyard.daemon.metric;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Dropwizard gauges as Prometheus metrics: gauges of one kind are one metric, with their owners as
 * labels. If a gauge's value is a map, each entry is a point, and its key a further label. (The
 * library's own exporter makes a metric of each gauge, and refuses two of one name.)
 *
 * @param registry where the gauges are
 * @param prefix the prefix of their names
 * @param family the prefix of the metrics' names
 * @param labels the names of the segments between prefix and metric
 */
record LabelledMetrics(MetricRegistry registry, String prefix, String family, List<String> labels)
    implements MultiCollector {
  LabelledMetrics {
    labels = List.copyOf(labels);
  }

  private record Point(Labels labels, double value) {}

  @Override
  @SuppressWarnings("rawtypes") // The registry's own.
  public MetricSnapshots collect() {
    Map<String, List<Point>> byName = new TreeMap<>();
    for (Map.Entry<String, Gauge> gauge :
        registry.getGauges((name, metric) -> name.startsWith(prefix)).entrySet()) {
      List<String> segments = List.of(gauge.getKey().substring(prefix.length()).split("\\.", -1));
      if (segments.size() == labels.size() + 1) {
        Labels owner =
            Labels.of(
                labels, segments.subList(0, labels.size()).stream().map(Metrics::name).toList());
        byName
            .computeIfAbsent(segments.getLast(), metric -> new ArrayList<>())
            .addAll(points(owner, segments.getLast(), gauge.getValue().getValue()));
      }
    }
    List<MetricSnapshot> snapshots = new ArrayList<>();
    byName.forEach((metric, points) -> snapshots.add(snapshot(metric, points)));
    return new MetricSnapshots(snapshots);
  }

  private List<Point> points(Labels owner, String metric, @Nullable Object value) {
    KnownMetric known = KnownMetric.of(family + "_" + metric);
    String label = known == null || known.label().isEmpty() ? "event" : known.label();
    return switch (value) {
      // Negative where nobody knows: a VMM need not count.
      case Number number when number.doubleValue() < 0 -> List.of();
      case Number number -> List.of(new Point(owner, number.doubleValue()));
      case Map<?, ?> events ->
          events.entrySet().stream()
              .map(event ->
                  new Point(
                      owner.add(label, event.getKey().toString()),
                      ((Number) event.getValue()).doubleValue()))
              .toList();
      case null, default -> List.of();
    };
  }

  private MetricSnapshot snapshot(String metric, List<Point> points) {
    String name = family + "_" + metric;
    KnownMetric known = KnownMetric.of(name);
    String help = known == null ? "" : known.help();
    if (known != null && known.rising()) {
      CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
      for (Point point : points) {
        counter.dataPoint(
            CounterSnapshot.CounterDataPointSnapshot.builder()
                .labels(point.labels())
                .value(point.value())
                .build());
      }
      return counter.build();
    }
    GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
    for (Point point : points) {
      gauge.dataPoint(
          GaugeSnapshot.GaugeDataPointSnapshot.builder()
              .labels(point.labels())
              .value(point.value())
              .build());
    }
    return gauge.build();
  }
}
