/**
 * JMH benchmarks of the parts, and programs that take part in the races of {@code bench/races}.
 * {@code bench/run} builds them, runs them and writes the report.
 */
package io.lanyard.bench;
