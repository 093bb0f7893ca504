package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Directories;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.NicAddresses;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.daemon.network.Network;
import io.lanyard.net.MacAddress;
import io.lanyard.net.UniqueLocal;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The MAC addresses of NICs, and of guests at ports, for which the configuration says none. */
final class KeptNicAddressesTest {
  private static final UniqueLocal SEEDED = new UniqueLocal(new byte[UniqueLocal.SEED_LENGTH]);
  private static final MacAddress BY_NAME = NicAddresses.OF_NAMES.of("g", "nic0");
  private static final MacAddress OTHER_BY_NAME = NicAddresses.OF_NAMES.of("h", "nic0");

  @TempDir private Path home;

  private KeptNicAddresses open() throws StartException {
    KeptNicAddresses.prepare(home);
    return KeptNicAddresses.open(home, SEEDED);
  }

  private void drawSeed() throws IOException {
    Files.write(home.resolve("ipv6-prefix-seed"), new byte[UniqueLocal.SEED_LENGTH]);
  }

  @Test
  void aNewHostsAddressesAreOfItsSeed() throws Exception {
    MacAddress first = open().of("g", "nic0");
    assertThat(first).isNotEqualTo(BY_NAME).isEqualTo(SEEDED.macAddress("guest g/nic0"));
    assertThat(open().of("g", "nic0")).as("after a crash before the seed").isEqualTo(first);
    drawSeed();
    assertThat(open().of("g", "nic0")).as("after a start that failed").isEqualTo(first);
  }

  @Test
  void theNicsOfAnEarlierDaemonKeepTheAddressesOfTheirNames() throws Exception {
    drawSeed();
    KeptNicAddresses upgraded = open();
    assertThat(upgraded.of("g", "nic0")).isEqualTo(BY_NAME);
    assertThat(open().of("h", "nic0")).as("after a crash").isEqualTo(OTHER_BY_NAME);
    upgraded.of("h", "nic0");
    upgraded.keep();
    assertThat(upgraded.of("g", "nic0")).isEqualTo(BY_NAME);
    assertThat(upgraded.of("g", "nic1")).isEqualTo(SEEDED.macAddress("guest g/nic1"));
    KeptNicAddresses later = open();
    assertThat(later.of("g", "nic0")).isEqualTo(BY_NAME);
    assertThat(later.of("h", "nic0")).isEqualTo(OTHER_BY_NAME);
    assertThat(later.of("new", "nic0")).isEqualTo(SEEDED.macAddress("guest new/nic0"));
  }

  @Test
  void noAddressChangesAtTheNextStartIfTheListCannotBeWritten() throws Exception {
    LogWatch.expect("event=nic-addresses-not-kept");
    drawSeed();
    Path draft = Files.createDirectory(home.resolve("nics-addressed-by-name.new"));
    KeptNicAddresses upgraded = open();
    upgraded.of("g", "nic0");
    upgraded.keep();
    MacAddress added = upgraded.of("h", "nic0");
    Files.delete(draft);
    KeptNicAddresses next = open();
    assertThat(next.of("g", "nic0")).isEqualTo(BY_NAME);
    assertThat(next.of("h", "nic0")).isEqualTo(added);
  }

  /** The MAC addresses of a guest's NIC and for a guest at a port. */
  private record Found(MacAddress nic, String atPort) {}

  private Document document() throws ConfigException {
    return Document.of(
        "test",
        """
        version: 1
        networks: {a: {mode: isolated, ports: [{name: p, kind: qemu-stream, path: p.sock}]}}
        guests: {g: {image: any, autostart: false, nics: [{network: a}]}}
        """,
        home);
  }

  private Found run(Path own) throws Exception {
    Directories directories = new Directories(own.resolve("s"), own.resolve("r"), own.resolve("i"));
    try (Daemon daemon = Daemon.open(Daemon.Settings.of(document(), directories))) {
      Network network = Objects.requireNonNull(daemon.network("a"));
      return new Found(mac(daemon, "g"), network.report().ports().getFirst().guestMac());
    }
  }

  @Test
  void guestsOfTheSameNameOnTwoHostsHaveDifferentAddressesAndKeepThem() throws Exception {
    Found one = run(home.resolve("one"));
    Found other = run(home.resolve("other"));
    assertThat(other.nic()).isNotEqualTo(one.nic());
    assertThat(other.atPort()).isNotEqualTo(one.atPort()).startsWith("52:54:00:");
    assertThat(run(home.resolve("one"))).as("after a restart").isEqualTo(one);
  }

  private Daemon upgraded() throws Exception {
    Path own = home.resolve("old");
    Directories directories = new Directories(own.resolve("s"), own.resolve("r"), own.resolve("i"));
    return Daemon.open(Daemon.Settings.of(document(), directories));
  }

  private static MacAddress mac(Daemon daemon, String guest) {
    var guests = daemon.conductor().present().configuration().guests();
    return Objects.requireNonNull(guests.get(guest)).nics().getFirst().mac();
  }

  @Test
  void aDaemonThatFindsTheStateOfAnEarlierOneKeepsItsGuestsAddresses() throws Exception {
    Path state = Files.createDirectories(home.resolve("old").resolve("s"));
    Files.write(state.resolve("ipv6-prefix-seed"), new byte[UniqueLocal.SEED_LENGTH]);
    MacAddress added = SEEDED.macAddress("guest h/nic0");
    try (Daemon daemon = upgraded()) {
      assertThat(mac(daemon, "g")).isEqualTo(BY_NAME);
      Edit edit =
          Edit.set(
              DocumentPath.of("guests", "h"),
              "{vmm: echo, memory: 64M, program: /bin/true, autostart: false, nics: [{network:"
                  + " a}]}",
              "test",
              Instant.EPOCH);
      daemon
          .conductor()
          .apply(
              new ChangeRequest(
                  before -> before.with(edit),
                  "test",
                  "a test",
                  ChangeRequest.ANY,
                  true,
                  false,
                  Duration.ZERO))
          .get(1, TimeUnit.MINUTES);
      assertThat(mac(daemon, "g")).isEqualTo(BY_NAME);
      assertThat(mac(daemon, "h")).isEqualTo(added);
    }
    try (Daemon daemon = upgraded()) {
      assertThat(mac(daemon, "g")).as("after a restart").isEqualTo(BY_NAME);
      assertThat(mac(daemon, "h")).as("after a restart").isEqualTo(added);
    }
  }
}
