package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import io.lanyard.testing.LogWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Devices of a running daemon that others delete. Needs root, iproute2 and ping. */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReturningDevicesIT {
  private static final long PID = ProcessHandle.current().pid() % 100_000;
  private static final String NAMESPACE = "lanyard-return-" + PID;
  private static final String ADAPTER = "lyad" + PID;
  private static final String TAP = "lytap" + PID;

  @TempDir Path home;
  private Daemon daemon;

  @BeforeEach
  void start() throws Exception {
    HostCommand.run("ip", "netns", "add", NAMESPACE);
    open();
    // A device that nobody has set up has no carrier.
    assertThat(network().report().ports()).noneMatch(port -> port.state().equals("failed"));
    connect();
  }

  private void open() throws Exception {
    daemon =
        InProcessDaemon.open(
            home,
            """
            version: 1
            networks:
              a:
                mode: nat
                ipv4: {subnet: 10.92.17.0/24}
                host-adapter: {name: %s}
                ports:
                  - {name: guest, kind: tap, device: t0, netns: %s}
                  - {name: here, kind: tap, device: %s}
            """
                .formatted(ADAPTER, NAMESPACE, TAP));
  }

  @AfterEach
  void stop() throws Exception {
    daemon.close();
    if (Files.exists(Path.of("/run/netns", NAMESPACE))) {
      HostCommand.run("ip", "netns", "del", NAMESPACE);
    }
  }

  private Network network() {
    return java.util.Objects.requireNonNull(daemon.network("a"));
  }

  private PortInfo port(String name) {
    return network().report().ports().stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Configures the device as a container's script does. */
  private static void connect() throws Exception {
    HostCommand.run("ip", "-n", NAMESPACE, "address", "add", "10.92.17.50/24", "dev", "t0");
    HostCommand.run("ip", "-n", NAMESPACE, "link", "set", "t0", "up");
  }

  private static boolean reaches(String address) throws Exception {
    Process ping =
        new ProcessBuilder("ip", "netns", "exec", NAMESPACE, "ping", "-c", "1", "-W", "1", address)
            .redirectErrorStream(true)
            .start();
    ping.getInputStream().readAllBytes();
    return ping.waitFor() == 0;
  }

  private static String mac(String device) throws Exception {
    return Files.readString(Path.of("/sys/class/net", device, "address"));
  }

  @Test
  void aContainerThatIsRestartedHasItsNetworkAgain() throws Exception {
    LogWatch.expect("event=port-failed");
    Await.until(() -> reaches("10.92.17.2"));
    long frames = port("guest").receivedFrames();
    HostCommand.run("ip", "netns", "del", NAMESPACE);
    Await.until(() -> port("guest").state().equals("failed"));
    assertThat(network().report().info().problems())
        .singleElement()
        .asString()
        .startsWith("port guest: ")
        .contains(NAMESPACE);
    HostCommand.run("ip", "netns", "add", NAMESPACE);
    Await.until(() -> !port("guest").state().equals("failed"));
    connect();
    Await.until(() -> reaches("10.92.17.2"));
    Await.until(() -> port("guest").state().equals("up"));
    assertThat(network().report().info().problems()).isEmpty();
    assertThat(port("guest").receivedFrames()).isGreaterThan(frames);
  }

  @Test
  void aHostAdapterThatIsDeletedIsMadeAgainAsItWas() throws Exception {
    LogWatch.expect("event=port-failed");
    Await.until(() -> reaches("10.92.17.1"));
    String mac = mac(ADAPTER);
    HostCommand.run("ip", "link", "delete", ADAPTER);
    Await.until(() -> HostCommand.run("ip", "address").contains("10.92.17.1/24"));
    assertThat(mac(ADAPTER)).isEqualTo(mac);
    Await.until(() -> reaches("10.92.17.1"));
    assertThat(HostCommand.run("ip", "link", "show", ADAPTER)).contains("UP", "mtu 1500");
    Await.until(() -> network().report().info().problems().isEmpty());
    assertThat(network().report().info().hostAdapter()).isEqualTo(ADAPTER);
  }

  /** Somebody else makes the device: its MAC address is another one, and the old one is free. */
  @Test
  void aHostAdapterWithAnotherMacAddressIsReachedThereAndTheOldOneIsFree() throws Exception {
    LogWatch.expect("event=port-failed");
    Await.until(() -> reaches("10.92.17.1"));
    String before = mac(ADAPTER).strip();
    String after = "02:00:00:00:93:17";
    String device = ADAPTER;
    String made = "lyam" + PID; // it has its address before it has the name
    Await.until(() -> { // the port itself may be faster, and has the device then
      Process batch =
          new ProcessBuilder(
                  "sh",
                  "-c",
                  ("ip link delete %1$s; ip link delete %2$s; ip tuntap add %2$s mode tap vnet_hdr"
                          + " && ip link set %2$s address %3$s && ip link set %2$s name %1$s")
                      .formatted(device, made, after))
              .redirectErrorStream(true)
              .start();
      batch.getInputStream().readAllBytes();
      return batch.waitFor() == 0;
    });
    try {
      Await.until(() -> mac(device).strip().equals(after) && port("host").state().equals("up"));
      HostCommand.run("ip", "-n", NAMESPACE, "neighbour", "flush", "dev", "t0");
      Await.until(() -> reaches("10.92.17.1"));
      Await.until(() -> takes(before, "10.92.17.2"));
    } finally {
      HostCommand.run("ip", "link", "delete", device);
    }
  }

  @Test
  void aHostAdapterThatIsGivenAnotherMacAddressIsReachedThere() throws Exception {
    Await.until(() -> reaches("10.92.17.1"));
    String before = mac(ADAPTER).strip();
    HostCommand.run("ip", "link", "set", ADAPTER, "address", "02:00:00:00:93:18");
    Await.until(() -> LogWatch.count("event=host-adapter-address network=\"a\"") == 1);
    HostCommand.run("ip", "-n", NAMESPACE, "neighbour", "flush", "dev", "t0");
    Await.until(() -> reaches("10.92.17.1"));
    assertThat(mac(ADAPTER).strip()).isEqualTo("02:00:00:00:93:18");
    // The former address is anybody's, and the present one the adapter's alone.
    Await.until(() -> takes(before, "10.92.17.2"));
    assertThat(network().report().info().problems()).isEmpty();
  }

  /** Whether the guest gets through to an address with another MAC address. */
  private static boolean takes(String mac, String address) throws Exception {
    HostCommand.run("ip", "-n", NAMESPACE, "link", "set", "t0", "down");
    HostCommand.run("ip", "-n", NAMESPACE, "link", "set", "t0", "address", mac);
    HostCommand.run("ip", "-n", NAMESPACE, "link", "set", "t0", "up");
    HostCommand.run("ip", "-n", NAMESPACE, "address", "replace", "10.92.17.50/24", "dev", "t0");
    return reaches(address);
  }

  private static void apply(Daemon daemon, String path, String value) throws Exception {
    Edit edit = Edit.set(DocumentPath.parse(path), value, "test", Instant.EPOCH);
    var _ =
        daemon
            .conductor()
            .apply(
                new ChangeRequest(
                    before -> before.with(edit), "test", "", -1, true, false, Duration.ZERO))
            .get(60, TimeUnit.SECONDS);
  }

  @Test
  void aHostAdapterComesAndGoesWhileTheNetworkRuns() throws Exception {
    Await.until(() -> reaches("10.92.17.1"));
    Network before = network();
    String mac = mac(ADAPTER);
    String other = "lyah" + PID;
    apply(daemon, "networks.a.host-adapter", "{name: " + other + "}");
    assertThat(Path.of("/sys/class/net", ADAPTER)).doesNotExist();
    Await.until(() -> HostCommand.run("ip", "address", "show", other).contains("10.92.17.1/24"));
    Await.until(() -> reaches("10.92.17.1")); // the guest's neighbour cache still holds
    Edit none = Edit.remove(DocumentPath.parse("networks.a.host-adapter"), "test", Instant.EPOCH);
    var _ =
        daemon
            .conductor()
            .apply(
                new ChangeRequest(
                    document -> document.with(none), "test", "", -1, true, false, Duration.ZERO))
            .get(60, TimeUnit.SECONDS);
    assertThat(Path.of("/sys/class/net", other)).doesNotExist();
    assertThat(network().report().info().hostAdapter()).isEmpty();
    assertThat(reaches("10.92.17.1")).isFalse();
    apply(daemon, "networks.a.host-adapter", "{name: " + ADAPTER + "}");
    assertThat(mac(ADAPTER)).isEqualTo(mac);
    Await.until(() -> reaches("10.92.17.1"));
    assertThat(network()).isSameAs(before);
    Await.until(() -> reaches("10.92.17.2"));
  }

  @Test
  void aTapOfTheHostThatIsDeletedIsMadeAgain() throws Exception {
    LogWatch.expect("event=port-failed");
    String mac = mac(TAP);
    HostCommand.run("ip", "link", "delete", TAP);
    Await.until(() -> Files.exists(Path.of("/sys/class/net", TAP)));
    HostCommand.run("ip", "link", "set", TAP, "up");
    Await.until(() -> port("here").state().equals("up"));
    assertThat(mac(TAP)).isEqualTo(mac);
  }

  @Test
  void aTapHasNoCarrierWhileNobodySetsItUp() throws Exception {
    Await.until(() -> port("here").state().equals("no-carrier"));
    assertThat(port("here").problem())
        .isEqualTo("the interface is down; set it up by `ip link set " + TAP + " up`");
    assertThat(network().report().info().problems()).isEmpty();
    HostCommand.run("ip", "link", "set", TAP, "up");
    Await.until(() -> port("here").state().equals("up"));
    HostCommand.run("ip", "link", "set", TAP, "down");
    Await.until(() -> port("here").state().equals("no-carrier"));
  }

  @Test
  void aTapHasTheSameMacAddressAfterEachStart() throws Exception {
    String before = mac(TAP);
    daemon.close();
    open();
    assertThat(mac(TAP)).isEqualTo(before);
  }
}
