/**
 * The daemon's metrics: what is measured, under which names, and how they are written out.
 *
 * <p>{@link io.lanyard.daemon.metric.Metrics} is the one register. A component registers functions
 * that read its counters, with the network, port, guest, forward or service that they belong to; a
 * component that goes takes its metrics along. {@code KnownMetric} is the table of all names with
 * their units and descriptions, which the exposition and the documentation share.
 *
 * <pre>
 *   network, port, guest --register--> Metrics --LabelledMetrics, KnownMetric--> text exposition
 * </pre>
 *
 * <p>A scrape reads counters on its own thread; nothing is computed on a network's loop for it.
 */
package io.lanyard.daemon.metric;
