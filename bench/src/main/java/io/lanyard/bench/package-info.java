/**
 * Measurements inside one JVM: benchmarks of the parts by JMH, and programs that take part in the
 * races of {@code bench/races}.
 *
 * <p><b>Benchmarks</b> ({@link io.lanyard.bench.SwitchForwarding}, {@code GuestNic}, {@code
 * EgressDecision}, {@code Checksums}, {@code InterpreterBenchmark}) call one part without the
 * system calls around it. With {@code -prof gc} they show that the part allocates nothing per
 * frame.
 *
 * <p><b>Race programs</b> have a {@code main} and no daemon: {@code SwitchRace} is a switch between
 * TAP devices, {@code NatRace} a NAT network with one, {@code VhostRace} two guests that share
 * their virtqueues. A script sets the namespaces up, starts a program, sends traffic through it and
 * through its peers, and takes the figures from outside. {@code FlowMemory} and {@code
 * InterpreterSpeed} measure by themselves and print.
 *
 * <p>{@code bench/run} builds all of them, runs them in turn and writes the report. A figure counts
 * only beside another one of the same run: {@code --before} builds an earlier revision and gives
 * each line a twin.
 */
package io.lanyard.bench;
