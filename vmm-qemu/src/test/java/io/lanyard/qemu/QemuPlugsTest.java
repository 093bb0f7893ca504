package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Devices that come and go, with a monitor in QEMU's place whose guest lets go, or does not. {@link
 * ConformanceIT} has the same with a real QEMU, whose guest has no operating system.
 */
@Timeout(240)
final class QemuPlugsTest {
  private static final Path SOCKET = Path.of("/r/nic.sock");
  private static final Attachment BY = new Attachment.UnixStream(SOCKET, true);
  private static final NicSpec NIC = new NicSpec("nic1", 0x525400000002L, 1500, List.of(BY));
  private static final DiskSpec DISK = new DiskSpec(Path.of("/d"), DiskSpec.RAW, false);
  private static final DiskSpec CD = new DiskSpec(Path.of("/c"), DiskSpec.ISO, true);

  /** Longer than the monitor takes to answer. */
  private static final long PATIENT = 20_000;

  @TempDir Path home;
  private ServerSocketChannel server;
  private Qmp qmp;
  private QemuPlugs plugs;

  /** The commands that came, each with what tells it from others of its name. */
  private final List<String> commands = new CopyOnWriteArrayList<>();

  /** Whether the guest lets go of what it is asked for. */
  private volatile boolean letsGo = true;

  /** The name of a command that is refused; empty for none. */
  private volatile String refuses = "";

  @BeforeEach
  void connect() throws IOException {
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(home.resolve("qmp")));
    Thread.ofVirtual().start(this::serve);
    plugs = new QemuPlugs((command, asked) -> qmp.execute(command, asked), true, file(), PATIENT);
    qmp =
        Qmp.connect(
            home.resolve("qmp"),
            "test",
            new Qmp.Listener() {
              @Override
              public void onEvent(String name, Map<?, ?> data) {
                if (name.equals("DEVICE_DELETED")) {
                  plugs.deleted(Json.textIn(data, "device"));
                }
              }

              @Override
              public void onEnd() {}
            });
  }

  @AfterEach
  void close() throws IOException {
    qmp.close();
    server.close();
  }

  /** A guest with some NICs and disks. */
  private static GuestSpec guest(int nics, DiskSpec... disks) {
    return new GuestSpec(
        "one",
        "riscv64",
        64 << 20,
        1,
        new BootSource.Disk(),
        List.of(disks),
        Collections.nCopies(nics, NIC),
        Map.of("hotplug", "on"));
  }

  private Path file() {
    return home.resolve("plugs");
  }

  /** Answers as QEMU does, and tells of devices as a guest's operating system makes it tell. */
  private void serve() {
    try (SocketChannel channel = server.accept();
        Scanner lines = new Scanner(Channels.newInputStream(channel), StandardCharsets.UTF_8)) {
      send(channel, "{\"QMP\": {\"version\": {}}}");
      while (lines.hasNextLine()) {
        Map<?, ?> message = Json.readObject(lines.nextLine());
        String command = Json.textIn(message, "execute");
        Map<?, ?> asked = Json.objectIn(message, "arguments");
        String id = Json.textIn(asked, asked.containsKey("id") ? "id" : "node-name");
        String bus = Json.textIn(asked, "bus");
        commands.add((command + " " + id + " " + bus).strip());
        boolean refused = command.equals(refuses);
        send(
            channel,
            "{\"id\": "
                + message.get("id")
                + (refused ? ", \"error\": {\"desc\": \"on purpose\"}}" : ", \"return\": {}}"));
        if (command.equals("device_del") && letsGo) {
          // A guest may have another one taken from it, which is none of ours.
          deleted(channel, "somebody");
          deleted(channel, id);
        }
      }
    } catch (IOException e) {
      // The client has gone.
    }
  }

  private static void deleted(SocketChannel channel, String device) throws IOException {
    send(
        channel,
        "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"%s\", \"path\": \"/p/%s\"}}"
            .formatted(device, device));
  }

  private static void send(SocketChannel channel, String line) throws IOException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\r\n");
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private List<String> taken() {
    List<String> all = new ArrayList<>(commands);
    commands.clear();
    return all;
  }

  @Test
  void aNicIsGoneWhenTheGuestHasLetGoOfItAndItsPortIsFree() throws Exception {
    plugs.addNic(1, NIC, SOCKET);
    assertThat(plugs.nics(guest(2))).isEqualTo(1);
    assertThat(taken())
        .containsExactly("qmp_capabilities", "netdev_add net1", "device_add nic1 plug0");
    assertThat(Files.readAllLines(file())).containsExactly("ports 4", "0 nic1");

    plugs.removeNic(1, BY);
    assertThat(plugs.nics(guest(2))).isZero();
    assertThat(taken()).containsExactly("device_del nic1", "netdev_del net1");
    assertThat(Files.readAllLines(file())).containsExactly("ports 4");

    plugs.addNic(1, NIC, SOCKET);
    assertThat(taken()).containsExactly("netdev_add net1", "device_add nic1 plug0");
  }

  @Test
  void aDiskIsClosedWhenTheGuestHasLetGoOfIt() throws Exception {
    plugs.addDisk(0, DISK);
    assertThat(plugs.disks(guest(0, DISK))).isEqualTo(1);
    var _ = taken();
    plugs.removeDisk(0, DISK);
    assertThat(plugs.disks(guest(0, DISK))).isZero();
    assertThat(taken())
        .containsExactly("device_del dev-disk0", "blockdev-del disk0", "blockdev-del disk0-file");
  }

  @Test
  void aGuestThatDoesNotLetGoKeepsItsNicAndThePort() throws Exception {
    plugs.addNic(1, NIC, SOCKET);
    var _ = taken();
    letsGo = false;
    QemuPlugs hasty =
        new QemuPlugs((command, asked) -> qmp.execute(command, asked), true, file(), 50);
    assertThatThrownBy(() -> hasty.removeNic(1, BY))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("has not let go of nic1");
    assertThat(hasty.nics(guest(2))).isEqualTo(1);
    assertThat(taken()).containsExactly("device_del nic1");
    assertThat(Files.readAllLines(file())).containsExactly("ports 4", "0 nic1");

    letsGo = true;
    plugs.removeNic(1, BY);
    assertThat(plugs.nics(guest(2))).isZero();
  }

  /** It may come minutes after the change was refused, and after another that was refused too. */
  @Test
  void aNicOfWhichTheGuestLetsGoLateIsThereUntilItIsRemovedAgain() throws Exception {
    GuestSpec guest = guest(2);
    QemuPlugs.begin(file(), guest);
    letsGo = false;
    QemuPlugs hasty =
        new QemuPlugs((command, asked) -> qmp.execute(command, asked), true, file(), 50);
    assertThatThrownBy(() -> hasty.removeNic(1, BY)).hasMessageContaining("make the change again");
    refuses = "device_del"; // as QEMU does while the guest is being asked
    assertThatThrownBy(() -> hasty.removeNic(1, BY)).hasMessageContaining("has not let go of nic1");
    assertThat(hasty.areAsStarted(guest)).isTrue();

    assertThat(hasty.deleted("nic1")).isTrue();
    assertThat(hasty.deleted("nic1")).isFalse();
    assertThat(hasty.deleted("somebody")).isFalse();
    assertThat(hasty.lacksDevices()).isTrue();
    assertThat(hasty.nics(guest)).isEqualTo(2);
    assertThat(hasty.areAsStarted(guest)).isFalse();
    var _ = taken();
    hasty.removeNic(1, BY);
    assertThat(taken()).containsExactly("netdev_del net1");
    assertThat(hasty.lacksDevices()).isFalse();
    assertThat(hasty.nics(guest(1))).isEqualTo(1);
  }

  @Test
  void aNicThatTheGuestLetGoOfWhileNoDaemonRanIsRemoved() throws Exception {
    QemuPlugs.begin(file(), guest(2));
    QemuPlugs found =
        new QemuPlugs(
            (command, asked) -> {
              if (command.equals("device_del")) {
                throw new QmpException("Device 'nic1' not found", "DeviceNotFound");
              }
              return Map.of();
            },
            true,
            file(),
            PATIENT);
    found.removeNic(1, BY);
    assertThat(found.nics(guest(1))).isEqualTo(1);
  }

  @Test
  void aDeviceThatQemuRefusesLeavesNothingBehind() throws Exception {
    refuses = "device_add";
    assertThatThrownBy(() -> plugs.addNic(1, NIC, SOCKET)).hasMessageContaining("on purpose");
    assertThat(taken()).endsWith("device_add nic1 plug0", "netdev_del net1");
    assertThatThrownBy(() -> plugs.addDisk(0, DISK)).hasMessageContaining("on purpose");
    assertThat(taken()).endsWith("blockdev-del disk0", "blockdev-del disk0-file");
    assertThat(plugs.nics(guest(2, DISK)) + plugs.disks(guest(0, DISK))).isZero();
  }

  @Test
  void aFifthDeviceIsRefusedUntilAPortIsFree() throws Exception {
    for (int i = 1; i <= QemuCommand.SPARE_PORTS; i++) {
      plugs.addNic(i, NIC, SOCKET);
    }
    assertThatThrownBy(() -> plugs.addDisk(0, DISK)).hasMessageContaining("no port left");
    plugs.removeNic(QemuCommand.SPARE_PORTS, BY);
    plugs.addDisk(0, DISK);
    assertThat(plugs.disks(guest(0, DISK))).isEqualTo(1);
  }

  @Test
  void anotherDaemonKnowsWhatWasAddedBefore() throws Exception {
    plugs.addNic(1, NIC, SOCKET);
    plugs.addDisk(0, DISK);
    QemuPlugs found = new QemuPlugs((command, asked) -> Map.of(), true, file(), PATIENT);
    assertThat(found.nics(guest(2))).isEqualTo(1);
    assertThat(found.disks(guest(0, DISK))).isEqualTo(1);
  }

  @Test
  void whatAGuestHadAtItsStartCanGoButTheFirstDisk() throws Exception {
    GuestSpec guest = guest(2, DISK, DISK, CD);
    QemuPlugs.begin(file(), guest);
    QemuPlugs started =
        new QemuPlugs((command, asked) -> qmp.execute(command, asked), true, file(), PATIENT);
    plugs = started;
    assertThat(started.nics(guest)).isEqualTo(2);
    assertThat(started.disks(guest)).isEqualTo(2);
    assertThat(started.areAsStarted(guest)).isTrue();

    started.removeDisk(2, CD);
    assertThat(started.areAsStarted(guest(2, DISK, DISK))).isFalse();
    assertThat(started.disks(guest(2, DISK, DISK))).isEqualTo(1);
    started.removeNic(1, new Attachment.VhostUser(SOCKET));
    assertThat(taken())
        .containsExactly(
            "qmp_capabilities",
            "device_del bus-disk2",
            "blockdev-del disk2",
            "blockdev-del disk2-file",
            "device_del nic1",
            "netdev_del net1",
            "chardev-remove net1-socket");

    started.addNic(1, NIC, SOCKET);
    started.addDisk(2, CD);
    assertThat(taken())
        .containsExactly(
            "netdev_add net1",
            "device_add nic1 plug1",
            "blockdev-add disk2-file",
            "blockdev-add disk2",
            "device_add bus-disk2 plug3",
            "device_add dev-cd2 bus-disk2.0");
  }

  @Test
  void aGuestOfAnEarlierVersionLosesOnlyWhatItWasGiven() throws Exception {
    Files.writeString(file(), "0 nic1\n");
    QemuPlugs found = new QemuPlugs((command, asked) -> Map.of(), true, file(), PATIENT);
    assertThat(found.nics(guest(2))).isEqualTo(1);
    assertThat(found.areAsStarted(guest(2))).isFalse();
  }
}
