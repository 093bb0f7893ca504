package io.lanyard.daemon.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class ProblemsTest {
  private final Problems problems = new Problems();

  @Test
  void aProblemIsThereAsLongAsItsComponentHasIt() {
    AtomicReference<String> pool = new AtomicReference<>("");
    problems.add("dhcp", pool::get);
    assertThat(problems.present()).isEmpty();
    pool.set("the pool is used up; widen dhcp.pool");
    assertThat(problems.present()).containsExactly("dhcp: the pool is used up; widen dhcp.pool");
    pool.set("");
    assertThat(problems.present()).isEmpty();
  }

  @Test
  void moreThanAnybodyReadsAreCounted() {
    problems.addAll(() -> Collections.nCopies(1000, "port p: lost"));
    assertThat(problems.present()).hasSize(51).last().isEqualTo("950 more problems");
  }
}
