package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.Dhcp6TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks by DHCPv6 on other guests, whose leases and offers stay theirs. */
class HostileClient6Test extends Dhcp6Scene {
  @ParameterizedTest
  @ValueSource(strings = {"RELEASE", "DECLINE"})
  void nobodyGivesUpAnothersAddress(String how) {
    LogWatch.expect("event=dhcp-impostor .*type=\"(release|decline)\".*");
    Dhcp6TestClient client = client(0);
    Answer first = lease(client);
    Dhcp6TestClient thief = client(1);
    thief.duid = client.duid;
    thief.to(Dhcp6Type.valueOf(how), first).association(1, first.given()).send();
    journal.sync();
    assertThat(thief.next().status()).isEqualTo(Dhcp6Option.NO_BINDING);
    assertThat(count(DhcpCount.NOT_THE_HOLDER)).isEqualTo(1);
    assertThat(server.common().table().leases()).hasSize(1);
    Dhcp6TestClient sameMac = new Dhcp6TestClient(server, client.mac, "evil");
    sameMac.to(Dhcp6Type.valueOf(how), first).association(1, first.given()).send();
    journal.sync();
    assertThat(server.common().table().leases()).hasSize(1);
  }

  /** In the victim's name, from a MAC address of its own or from the victim's. */
  private List<Dhcp6TestClient> thieves(Dhcp6TestClient victim) {
    Dhcp6TestClient own = new Dhcp6TestClient(server, victim.mac + 7, "evil");
    own.duid = victim.duid;
    return List.of(own, new Dhcp6TestClient(server, victim.mac, "evil"));
  }

  @Test
  void anOfferIsTakenByThePortThatItWasMadeToAlone() {
    LogWatch.expect("event=dhcp-impostor .*");
    Dhcp6TestClient victim = client(0);
    Answer offer = victim.solicit();
    for (Dhcp6TestClient thief : thieves(victim)) {
      thief.message(Dhcp6Type.SOLICIT).association(1, offer.given()).send();
      assertThat(thief.next().given()).isNotEqualTo(offer.given());
      thief.to(Dhcp6Type.DECLINE, offer).association(1, offer.given()).send();
      assertThat(thief.next().status()).isEqualTo(Dhcp6Option.NO_BINDING);
    }
    Lease held = server.common().table().byAddress(offer.given()).orElseThrow();
    assertThat(held.port()).isEqualTo(TestClient.portOf(victim.mac));
    assertThat(held.state()).isEqualTo(Lease.State.OFFERED);
    victim.select(offer);
    journal.sync();
    assertThat(victim.next().given()).isEqualTo(offer.given());
  }

  @Test
  void aLeaseThatIsBoundMeanwhileStaysWithItsPort() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    Dhcp6TestClient victim = client(0);
    for (Dhcp6TestClient thief : thieves(victim)) {
      Answer offer = victim.solicit();
      Answer other = thief.solicit();
      victim.select(offer);
      thief.select(other);
      journal.sync();
      assertThat(victim.next().given()).isEqualTo(offer.given());
      assertThat(thief.next().status()).isEqualTo(Dhcp6Option.NO_ADDRESSES);
      journal.sync();
      victim.to(Dhcp6Type.RELEASE, offer).association(1, offer.given()).send();
      journal.sync();
      victim.next();
    }
    assertThat(server.common().table().leases()).isEmpty();
    assertThat(journal.disk.values()).extracting(Lease::state).containsOnly(Lease.State.RELEASED);
  }

  @Test
  void aFloodOfRenewalsOfWhatIsWithdrawnHasALimitOfWritesUnderWay() {
    Dhcp6TestClient client = client(0);
    Answer first = lease(client);
    server.configure(
        TestNetworks.nat("ipv6: {subnet: \"" + SUBNET + "\"}", "dhcp: {ipv6: stateless}"),
        List.of());
    for (int i = 0; i < 3000; i++) {
      client.to(Dhcp6Type.RENEW, first).association(1, first.given()).send();
    }
    assertThat(journal.waiting()).isEqualTo(1024);
    assertThat(client.next().addresses()).containsExactly(first.given() + " 0");
    journal.sync();
    assertThat(server.common().table().leases()).isEmpty();
  }

  /** Of two machines with one identifier each has its address; a holder that answers keeps its. */
  @Test
  void clonesAreToldApartByTheirMacAddresses() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    Dhcp6TestClient original = client(0);
    Address first = lease(original).given();
    Dhcp6TestClient clone = client(1);
    clone.duid = original.duid;
    clone.message(Dhcp6Type.SOLICIT).association(1).send();
    assertThat(clone.answers).as("while the holder is looked for").isEmpty();
    assertThat(probe.answeredBy(original.mac).address()).isEqualTo(first);
    assertThat(clone.next().given()).isNotEqualTo(first);
    assertThat(count(DhcpCount.CLONE)).isEqualTo(1);
  }

  /** An identifier with a MAC address in it belongs to that machine, also where another said it. */
  @Test
  void whoeverSaysAnothersIdentifierFirstKeepsItsAddressAndTheOtherHasItsOwn() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    Dhcp6TestClient victim = client(0);
    Dhcp6TestClient thief = client(1);
    thief.duid = victim.duid;
    Address first = lease(thief).given();
    victim.message(Dhcp6Type.SOLICIT).association(1).send();
    assertThat(probe.answeredBy(thief.mac).address()).isEqualTo(first);
    Answer offer = victim.next();
    assertThat(offer.given()).as("an address that somebody uses").isNotEqualTo(first);
    victim.select(offer);
    journal.sync();
    assertThat(victim.next().given()).isEqualTo(offer.given());
    assertThat(server.common().table().byAddress(first).orElseThrow().mac()).isEqualTo(thief.mac);
    thief.to(Dhcp6Type.RENEW, offer).association(1, first).send();
    journal.sync();
    assertThat(thief.next().addresses()).containsExactly(first + " 1800");
    assertThat(journal.stored(first).mac()).isEqualTo(thief.mac);
    assertThat(journal.stored(offer.given()).mac()).isEqualTo(victim.mac);
  }

  @Test
  void aCloneKeepsItsAddressWhenTheOriginalHasGone() {
    SteppedProbe probe = new SteppedProbe();
    server.common().probeWith(probe);
    Dhcp6TestClient original = client(0);
    Dhcp6TestClient clone = client(1);
    original.duid = Dhcp6TestClient.duidOf(9);
    clone.duid = original.duid;
    Answer first = lease(original);
    clone.message(Dhcp6Type.SOLICIT).association(1).send();
    probe.answeredBy(original.mac);
    Answer offer = clone.next();
    clone.select(offer);
    probe.answeredBy(original.mac);
    journal.sync();
    assertThat(clone.next().given()).isEqualTo(offer.given());
    original.to(Dhcp6Type.RELEASE, first).association(1, first.given()).send();
    journal.sync();
    clone.to(Dhcp6Type.RENEW, offer).association(1, offer.given()).send();
    journal.sync();
    assertThat(clone.next().addresses()).containsExactly(offer.given() + " 1800");
  }

  // Shares

  @Test
  void onePortDoesNotEmptyThePool() {
    LogWatch.expect("event=dhcp-port-limited .*");
    int pool = server.common().table().poolSize();
    assertThat(pool).isEqualTo(4096);
    int most = 0;
    for (int i = 0; i < 2 * pool; i++) {
      Dhcp6TestClient evil = new Dhcp6TestClient(server, MAC + 1000 + i, "evil");
      evil.message(Dhcp6Type.SOLICIT).option(Dhcp6Option.RAPID_COMMIT).association(1).send();
      journal.sync();
      most += evil.next().status() == -1 ? 1 : 0;
    }
    assertThat(most).isLessThan(pool * 8 / 9);
    assertThat(server.common().problem("evil"))
        .startsWith("port evil has ")
        .endsWith(" of the DHCPv6 pool's 4096 addresses and gets no more: find out who asks there");
    assertThat(lease(client(0)).addresses()).hasSize(1);
  }

  @Test
  void fiftySolicitationsTakeNoAddressFromOthers() {
    int before = server.common().table().available();
    for (int i = 0; i < 50; i++) {
      new Dhcp6TestClient(server, MAC + 1000 + i, "evil").solicit();
    }
    assertThat(lease(client(0)).addresses()).hasSize(1);
    link.step(Duration.ofMinutes(1));
    assertThat(server.common().table().available()).isEqualTo(before - 1);
  }
}
