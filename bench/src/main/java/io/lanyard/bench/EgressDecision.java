package io.lanyard.bench;

import io.lanyard.config.Destination;
import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Sni;
import io.lanyard.config.EgressConfig.Target;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.config.Service;
import io.lanyard.nat.egress.EgressRules;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
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
import org.openjdk.jmh.annotations.Warmup;

/** The rule that decides on a new flow, of many rules that do not match it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class EgressDecision {
  private static final Address DESTINATION = Address.parse("192.0.2.1");

  /** Rules. */
  @Param({"1", "1000"})
  int rules;

  /** Whether each is about a subnet of its own; else all are about the whole world. */
  @Param({"false", "true"})
  boolean spread;

  private EgressRules made;
  private int port;

  /** Makes the rules: each allows one port. */
  @Setup
  public void make() {
    List<Rule> list = new ArrayList<>();
    for (int i = 0; i < rules; i++) {
      Subnet subnet = spread ? Subnet.of(Address.ofIpv4(i << 16), 16) : Subnet.parse("0.0.0.0/0");
      Service service = new Service(Service.Protocol.TCP, 2 * i, 2 * i);
      list.add(
          new Rule(
              Verdict.ALLOW,
              new Target(new Destination.Addresses(subnet), List.of(service)),
              Direction.OUT,
              Sni.IGNORED,
              false));
    }
    made = new EgressRules(list, Direction.OUT);
  }

  /**
   * Asks about a port that no rule is about, another one each time.
   *
   * @return no rule
   */
  @Benchmark
  public int find() {
    port = port + 2 & 0xffff;
    return made.find(DESTINATION.high(), DESTINATION.low(), FlowKey.TCP, port | 1, false, false);
  }
}
