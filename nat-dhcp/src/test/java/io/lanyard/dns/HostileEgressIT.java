package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dns.EgressScene.Family;
import io.lanyard.dns.EgressScene.Guests;
import io.lanyard.nat.gateway.EgressTrial;
import io.lanyard.nat.gateway.GatewayCount;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A guest that tries to get round rules about names, in both families: with TLS that lies, with
 * names that lead elsewhere, and by a port whose rules are its own. Needs root.
 */
class HostileEgressIT {
  @TempDir private Path folder;
  private EgressScene scene;

  @BeforeEach
  void makeTheWorld() throws Exception {
    scene = new EgressScene(folder);
  }

  @AfterEach
  void deleteTheWorld() throws Exception {
    scene.close();
  }

  private static final String WITH_SNI =
      "default: deny, rules: [{allow: 'good.example:tcp/8443', sni: required},"
          + " {allow: '*.good.example:tcp/8443', sni: required}]";

  @ParameterizedTest
  @EnumSource
  void tlsPassesToANameThatTheGuestWasToldAndThatARulePermits(Family family) throws Exception {
    try (Guests guests = scene.new Guests(family, WITH_SNI)) {
      assertThat(guests.ask("good.example")).contains(family.good);
      assertThat(guests.tls(family.good, "good.example")).contains("served");
      assertThat(guests.tls(family.good, "evil.example")).as("a lie").doesNotContain("served");
      assertThat(guests.tls(family.good, "www.good.example"))
          .as("a name that it may have, and has not asked for")
          .doesNotContain("served");
      assertThat(guests.tls(family.good, "")).as("no name").doesNotContain("served");
      assertThat(guests.tls(family.evil, "good.example"))
          .as("a name does not open an address")
          .doesNotContain("served");
      assertThat(guests.plain(family.good, 8443, "GET / HTTP/1.0"))
          .as("no TLS at all")
          .doesNotContain("served");
      assertThat(guests.count(GatewayCount.EGRESS_SNI_DENIED)).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDeniedNameIsNotReachedAtAnAddressThatNothingLedTo(Family family) throws Exception {
    String denied =
        "default: allow, rules: [{deny: 'evil.example:tcp/8443', sni: denied},"
            + " {deny: '*.evil.example:tcp/8443', sni: denied}]";
    try (Guests guests = scene.new Guests(family, denied)) {
      assertThat(guests.tls(family.evil, "evil.example")).as("raw").doesNotContain("served");
      assertThat(guests.tls(family.good, "www.evil.example")).doesNotContain("served");
      assertThat(guests.count(GatewayCount.EGRESS_SNI_DENIED)).isEqualTo(2);
      assertThat(guests.tls(family.evil, "good.example")).contains("served");
      assertThat(guests.tls(family.evil, "")).as("no name").contains("served");
      assertThat(guests.plain(family.evil, 8088, "")).as("another port").contains("served");
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoNamesAtOneAddressAreToldApart(Family family) throws Exception {
    String one =
        "default: deny, rules: [{allow: 'good.example:tcp/8443', sni: required},"
            + " {allow: 'shared.example:tcp/8088'}]";
    try (Guests guests = scene.new Guests(family, one)) {
      guests.ask("good.example");
      guests.ask("shared.example");
      assertThat(guests.tls(family.good, "good.example")).contains("served");
      assertThat(guests.tls(family.good, "shared.example")).doesNotContain("served");
      assertThat(guests.plain(family.good, 8088, "hello")).contains("served");
    }
  }

  @ParameterizedTest
  @EnumSource
  void namesThatLeadInsideOrToTheHostOpenNothing(Family family) throws Exception {
    String open = "default: deny, rules: [{allow: '*.good.example:tcp/8088'}]";
    try (Guests guests = scene.new Guests(family, open)) {
      assertThat(guests.ask("inside.good.example")).contains("NOERROR");
      assertThat(guests.ask("self.good.example")).contains("NOERROR");
      boolean ipv4 = family == Family.IPV4;
      assertThat(guests.test(ipv4 ? "10.0.0.1" : "fd00::1", 8088).reason())
          .contains("but not at a private address");
      assertThat(guests.test(ipv4 ? "10.99.0.1" : "2001:db8:99::1", 8088).reason())
          .contains("but not at an address of the host itself");
      assertThat(guests.plain(ipv4 ? "10.99.0.1" : "2001:db8:99::1", 8088, ""))
          .doesNotContain("served");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aShortTimeToLiveOpensAnAddressNoLongerThanItsMinute(Family family) throws Exception {
    String open = "default: deny, rules: [{allow: '*.good.example:tcp/8088'}]";
    try (Guests guests = scene.new Guests(family, open)) {
      assertThat(guests.ask("flip.good.example")).contains(family.evil);
      assertThat(guests.plain(family.evil, 8088, "")).as("told for a second").contains("served");
      assertThat(guests.test(family.good, 8088).outcome()).isEqualTo(EgressTrial.Outcome.DENY);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aGuestHasTheNamesOfItsOwnPortGroupAlone(Family family) throws Exception {
    String own = "default: deny, rules: [{allow: '*.good.example:tcp/8088'}]";
    try (Guests guests = scene.new Guests(family, "default: allow")) {
      guests.inGroup("lab", own, "default: allow");
      assertThat(guests.ask("never.good.example")).contains(family.good);
      assertThat(guests.plain(family.good, 8088, "")).contains("served");
      assertThat(guests.plain(family.evil, 8088, ""))
          .as("what the other group may")
          .doesNotContain("served");
      assertThat(guests.ask("www.evil.example")).contains("REFUSED");
      assertThat(guests.test(family.evil, 8088).reason())
          .isEqualTo("no rule allows it; default of port group lab, deny");

      guests.inGroup("lab", "default: allow", own);
      assertThat(guests.plain(family.evil, 8088, "")).contains("served");
    }
  }

  @ParameterizedTest
  @EnumSource
  void theRulesOfAPortComeFirstAndEndItsFlowsWhenTheyChange(Family family) throws Exception {
    try (Guests guests = scene.new Guests(family, "default: allow")) {
      assertThat(guests.plain(family.evil, 8088, "")).contains("served");
      String kind = family == Family.IPV4 ? "TCP4:" : "TCP6:";
      Process talk =
          guests.net.startGuest("socat", "-T", "600", "-", kind + family.at(family.good, 8088));
      try {
        assertThat(talk.inputReader().readLine()).isEqualTo("served");
        String own = family == Family.IPV4 ? family.evil : "[" + family.evil + "]";
        guests.ofPort("default: deny, rules: [{allow: '" + own + ":8088'}]");
        assertThat(talk.waitFor(60, TimeUnit.SECONDS)).as("its flow ends").isTrue();
      } finally {
        talk.destroyForcibly();
      }
      assertThat(guests.plain(family.evil, 8088, "")).contains("served");
      assertThat(guests.plain(family.good, 8088, "")).doesNotContain("served");
      assertThat(guests.test(family.evil, 8088).reason()).contains("rule 0 of port guest, allow");
      assertThat(guests.test(family.good, 8088).reason())
          .isEqualTo("no rule allows it; default of port guest, deny");
      guests.ofPort("");
      assertThat(guests.plain(family.good, 8088, "")).contains("served");
    }
  }
}
