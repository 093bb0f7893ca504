package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.Document;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.RevisionInfo;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A change that is to be confirmed is taken back unless it is. */
@Timeout(240)
class ConfirmationTest extends ConductorScene {
  @Test
  void aChangeOfAnUplinkAsksForAConfirmation() throws Exception {
    LogWatch.expect("event=port-failed");
    String before = START + "  lan: {mode: bridged, uplink: {interface: nosuch0}}\n";
    String after = before.replace("nosuch0", "nosuch1");
    start(before);
    ChangeRefusedException refused = refused(after);
    assertThat(refused.reason()).isEqualTo(Reason.ENDS_SOMETHING);
    assertThat(refused.details())
        .containsExactly(
            "network lan: its uplink nosuch0 is opened anew, as nosuch1; users that reach this host"
                + " by a guest may be cut off");
    assertThat(refused.hint()).contains("--confirm");
    assertThat(get(daemon.conductor().plan(request -> document(after))).ends())
        .isEqualTo(refused.details());
    Document document = document("other.yaml", after);
    PlanInfo done =
        get(
            daemon
                .conductor()
                .apply(
                    new ChangeRequest(
                        present -> document,
                        "test",
                        "",
                        ChangeRequest.ANY,
                        false,
                        true,
                        Duration.ofMinutes(1))));
    assertThat(done.confirmBy()).isNotEmpty();
  }

  private PlanInfo applyUnconfirmed(String text, Duration confirm) throws Exception {
    ChangeRequest request = request(text, false);
    return get(
        daemon
            .conductor()
            .apply(new ChangeRequest(request.change(), "test", "", -1, false, false, confirm)));
  }

  @Test
  void whatIsNotConfirmedIsTakenBack() throws Exception {
    LogWatch.expect("event=configuration-taken-back");
    start(START);
    PlanInfo done =
        applyUnconfirmed(START.replace("10.9.8.9:80", "10.9.8.10:80"), Duration.ofMillis(200));
    assertThat(done.confirmBy()).isNotEmpty();
    Await.until(() -> forwards("a").equals(List.of("web listening -> 10.9.8.9:80")));
    assertThat(refusal(() -> get(daemon.conductor().confirm(done.revision()))).reason())
        .isEqualTo(Reason.UNKNOWN);
  }

  @Test
  void whatIsConfirmedStays() throws Exception {
    start(START);
    PlanInfo done =
        applyUnconfirmed(START.replace("10.9.8.9:80", "10.9.8.10:80"), Duration.ofMinutes(10));
    assertThat(refused(START).reason()).isEqualTo(Reason.BUSY);
    get(daemon.conductor().confirm(done.revision()));
    daemon.close();
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
  }

  @Test
  void aStopBeforeTheConfirmationTakesItBack() throws Exception {
    LogWatch.expect("event=revision-taken-back");
    start(START);
    applyUnconfirmed(START.replace("10.9.8.9:80", "10.9.8.10:80"), Duration.ofMinutes(10));
    daemon.close();
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.9:80");
    // No number is used twice: somebody may know it as an entity tag.
    assertThat(daemon.conductor().present().revision()).isEqualTo(2);
    assertThat(get(daemon.conductor().history()))
        .extracting(RevisionInfo::why)
        .containsExactly(
            "taken back: 1 was not confirmed before the daemon ended",
            " (not confirmed)",
            "as it started");
  }
}
