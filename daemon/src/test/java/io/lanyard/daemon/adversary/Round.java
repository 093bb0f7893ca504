package io.lanyard.daemon.adversary;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A round of both guests in both families, all at once.
 *
 * @param honest that of the guest on the attacker's network, for each family in their order
 * @param other that of the guest on the other network
 */
record Round(List<FutureTask<Success>> honest, List<FutureTask<Success>> other) {
  private static final int UNDISTURBED_PERCENT = 90;

  static Round begin(List<HonestGuest> honest, List<HonestGuest> other) {
    return new Round(all("honest", honest), all("other", other));
  }

  private static List<FutureTask<Success>> all(String name, List<HonestGuest> guests) {
    return guests.stream().map(guest -> Background.begin(name, guest::work)).toList();
  }

  Success honest(Family family) throws Exception {
    return honest.get(family.ordinal()).get();
  }

  Success other(Family family) throws Exception {
    return other.get(family.ordinal()).get();
  }

  /** The rounds of all guests, those of the attacker's network first. */
  List<FutureTask<Success>> all() {
    return Stream.concat(honest.stream(), other.stream()).toList();
  }

  boolean isDone() {
    return all().stream().allMatch(FutureTask::isDone);
  }

  /**
   * Waits until all is done, and expects next to no failure.
   *
   * @param said the daemon's log of that time
   */
  void assertUndisturbed(Supplier<String> said) throws Exception {
    for (FutureTask<Success> one : all()) {
      assertThat(one.get())
          .as(() -> "without an attack: " + said.get())
          .matches(s -> s.isAtLeast(UNDISTURBED_PERCENT, Success.ALL));
    }
  }
}
