package io.lanyard.daemon.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.testing.LogWatch;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A guest's condition after what its VMM has told. */
final class GuestConditionTest {
  private final List<Boolean> power = new ArrayList<>();
  private final GuestCondition condition =
      new GuestCondition(new EventBus(Clock.system(), "r"), Clock.system(), power::add);

  private void becomes(GuestState from, GuestState to, String why) {
    condition.onEvent(new GuestEvent.StateChanged("g", from, to, why));
  }

  @Test
  void aGuestThatCouldNotBeMadeIsAProblemAndOneOfWhichNothingIsKnownIsNone() {
    assertThat(condition.isProblem(false)).isFalse();
    condition.because("image web is not pulled");
    assertThat(condition.isProblem(false)).isTrue();
    assertThat(condition.isProblem(true)).isFalse();
    assertThat(condition.text()).isEqualTo("image web is not pulled");
  }

  @Test
  void aFailureIsAProblemUntilTheGuestRunsAgain() {
    LogWatch.expect("event=guest-state-changed guest=\"g\"");
    becomes(GuestState.RUNNING, GuestState.FAILED, "it has crashed");
    assertThat(condition.isProblem(true)).isTrue();
    becomes(GuestState.FAILED, GuestState.RUNNING, "started");
    assertThat(condition.isProblem(true)).isFalse();
    assertThat(condition.text()).isEqualTo("started");
    assertThat(power).containsExactly(false, true);
  }

  @Test
  void aNoteStandsBeforeTheReasonUntilItIsGoneOrTheGuestStops() {
    LogWatch.expect("event=guest-noted guest=\"g\"");
    becomes(GuestState.CREATED, GuestState.RUNNING, "started");
    condition.onEvent(new GuestEvent.Noted("g", "it lacks nic1"));
    assertThat(condition.text()).isEqualTo("it lacks nic1");
    assertThat(condition.isProblem(true)).isTrue();
    condition.onEvent(new GuestEvent.Noted("g", ""));
    assertThat(condition.text()).isEqualTo("started");
    condition.onEvent(new GuestEvent.Noted("g", "it lacks nic1"));
    becomes(GuestState.RUNNING, GuestState.STOPPED, "it shut itself down");
    assertThat(condition.text()).isEqualTo("it shut itself down");
    assertThat(condition.isProblem(true)).isFalse();
  }

  @Test
  void aPausedGuestIsPoweredOn() {
    becomes(GuestState.RUNNING, GuestState.PAUSED, "paused");
    assertThat(power).containsExactly(true);
  }
}
