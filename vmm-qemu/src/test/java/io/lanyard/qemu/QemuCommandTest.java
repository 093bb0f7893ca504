package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.SpecProblem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Command lines, and the specifications of which none is made. */
final class QemuCommandTest {
  @TempDir Path home;

  private GuestSpec spec(BootSource boot, List<DiskSpec> disks, Map<String, String> options) {
    Attachment socket = new Attachment.UnixStream(Path.of("/r/a,server=off.sock"), true);
    return new GuestSpec(
        "one",
        "riscv64",
        64 << 20,
        2,
        boot,
        disks,
        List.of(new NicSpec("nic0", 0x525400000001L, 1500, List.of(socket))),
        options);
  }

  private List<String> problems(BootSource boot, List<DiskSpec> disks, Map<String, String> options)
      throws IOException {
    Path program = home.resolve("qemu-system-riscv64");
    if (!Files.exists(program)) {
      Files.createFile(program);
      assertThat(program.toFile().setExecutable(true)).isTrue();
    }
    return SpecCheck.of(spec(boot, disks, options), new QemuBinaries(List.of(home), "amd64"))
        .stream()
        .map(SpecProblem::toString)
        .toList();
  }

  @Test
  void aDiskThatIsNotThereIsSaidOnce() throws IOException {
    DiskSpec disk = new DiskSpec(home.resolve("none.img"), "raw", false);
    assertThat(problems(new BootSource.Disk(), List.of(disk), Map.of()))
        .singleElement()
        .asString()
        .startsWith("disks.0.path: ")
        .contains("none.img");
  }

  @Test
  void aCommaInAPathIsACommaInAPath() {
    List<String> line =
        QemuCommand.of(
            Path.of("/usr/bin/qemu-system-riscv64"),
            new QemuVersion(7, 2),
            spec(
                new BootSource.Kernel(Path.of("/k,x=y"), null, "a,b -monitor stdio"),
                List.of(new DiskSpec(Path.of("/d,file.driver=nbd"), "qcow2", false)),
                Map.of()),
            new GuestFiles(Path.of("/run/a,id=b")),
            false);
    assertThat(line)
        .containsSequence("-kernel", "/k,x=y")
        .containsSequence("-append", "a,b -monitor stdio")
        .contains("socket,id=qmp,server=on,wait=off,path=/run/a,,id=b/qmp")
        .contains("-no-user-config", "-nodefaults")
        .anySatisfy(
            argument -> assertThat(argument).contains("\"filename\":\"/d,file.driver=nbd\""))
        .anySatisfy(argument -> assertThat(argument).contains("\"path\":\"/r/a,server=off.sock\""))
        .anySatisfy(argument -> assertThat(argument).contains("\"mac\":\"52:54:00:00:00:01\""));
    assertThat(line).filteredOn(argument -> argument.contains("nbd")).hasSize(1);
  }

  private static List<String> line(QemuVersion version, Map<String, String> options) {
    Path socket = Path.of("/r/a,server=on.sock");
    NicSpec nic =
        new NicSpec(
            "nic0",
            0x525400000001L,
            1500,
            List.of(
                new Attachment.InProcess(),
                new Attachment.VhostUser(socket),
                new Attachment.UnixStream(socket, true)));
    GuestSpec spec =
        new GuestSpec(
            "one",
            "riscv64",
            64 << 20,
            1,
            new BootSource.Nothing(),
            List.of(),
            List.of(nic),
            options);
    Path program = Path.of("/usr/bin/qemu-system-riscv64");
    return QemuCommand.of(program, version, spec, new GuestFiles(Path.of("/run/a")), false);
  }

  @Test
  void memoryIsSharedWhereANicIsAttachedByIt() throws Exception {
    Map<String, String> sharing = Map.of("nics", "vhost-user");
    List<String> shared = line(QemuVersion.read("QEMU emulator version 7.2.22 (Debian"), sharing);
    assertThat(shared)
        .contains("virt,memory-backend=ram")
        .contains("socket,id=net0-socket,path=/r/a,,server=on.sock,reconnect=1")
        .anyMatch(argument -> argument.contains("\"type\":\"vhost-user\""));
    assertThat(QemuCommand.attachesByStream(shared, 0)).isFalse();
    assertThat(line(QemuVersion.read("QEMU emulator version 10.0.2"), sharing))
        .contains("socket,id=net0-socket,path=/r/a,,server=on.sock,reconnect-ms=1000");

    List<String> stream = line(new QemuVersion(7, 2), Map.of("nics", "stream"));
    assertThat(stream).contains("virt").noneMatch(argument -> argument.contains("memfd"));
    assertThat(line(new QemuVersion(7, 2), Map.of())).isEqualTo(stream);
    assertThat(QemuCommand.attachesByStream(stream, 0)).isTrue();
    assertThatThrownBy(() -> QemuVersion.read("no such option"))
        .hasMessageContaining("does not say its version");
  }

  private List<String> lineFor(BootSource boot) {
    List<DiskSpec> disks = List.of(new DiskSpec(Path.of("/d"), "raw", false));
    Path program = Path.of("/usr/bin/qemu-system-riscv64");
    GuestSpec spec = spec(boot, disks, Map.of());
    return QemuCommand.of(
        program, new QemuVersion(7, 2), spec, new GuestFiles(Path.of("/run/a")), false);
  }

  /** QEMU's own loader of kernels has the first place on PCs, and two of one are an error. */
  @Test
  void nothingStartsBeforeAKernel() {
    assertThat(lineFor(new BootSource.Kernel(Path.of("/k"), null, "")))
        .noneMatch(argument -> argument.contains("bootindex"));
    assertThat(lineFor(new BootSource.Disk()))
        .anyMatch(argument -> argument.contains("\"bootindex\":0"))
        .anyMatch(argument -> argument.contains("\"bootindex\":1"));
  }

  @Test
  void aBoardOfPciExpressHasPortsForWhatIsPlugged() {
    assertThat(lineFor(new BootSource.Disk()))
        .filteredOn(argument -> argument.contains("pcie-root-port"))
        .hasSize(QemuCommand.SPARE_PORTS);
  }

  @Test
  void allPartsButTheFirstDiskAreBehindPortsWhereTheGuestLetsGo() {
    List<DiskSpec> disks =
        List.of(
            new DiskSpec(Path.of("/a"), "raw", false),
            new DiskSpec(Path.of("/b"), "raw", false),
            new DiskSpec(Path.of("/c"), DiskSpec.ISO, true));
    GuestSpec spec = spec(new BootSource.Disk(), disks, Map.of("hotplug", "on"));
    List<String> line =
        QemuCommand.of(
            Path.of("/usr/bin/qemu-system-riscv64"),
            new QemuVersion(7, 2),
            spec,
            new GuestFiles(Path.of("/run/a")),
            false);

    assertThat(QemuCommand.behindPorts(spec)).containsExactly("dev-disk1", "bus-disk2", "nic0");
    assertThat(line)
        .filteredOn(argument -> argument.contains("\"bus\":\"plug"))
        .satisfiesExactly(
            disk -> assertThat(disk).contains("\"id\":\"dev-disk1\"", "\"bus\":\"plug0\""),
            cd -> assertThat(cd).contains("\"id\":\"bus-disk2\"", "\"bus\":\"plug1\""),
            nic -> assertThat(nic).contains("\"id\":\"nic0\"", "\"bus\":\"plug2\""));
    // Debian's kernel for riscv64 does not.
    assertThat(QemuCommand.behindPorts(spec(new BootSource.Disk(), disks, Map.of()))).isEmpty();
    Map<String, String> ownBoard = Map.of("machine", "virt", "hotplug", "on");
    assertThat(QemuCommand.behindPorts(spec(new BootSource.Disk(), disks, ownBoard))).isEmpty();
  }

  @Test
  void whatCouldBeAPropertyOrAnotherFileIsRefused() throws IOException {
    assertThat(problems(new BootSource.Nothing(), List.of(), Map.of())).isEmpty();
    assertThat(
            problems(
                new BootSource.Nothing(),
                List.of(),
                Map.of("machine", "virt,dumpdtb=/x", "accel", "kvm", "colour", "red")))
        .anyMatch(problem -> problem.startsWith("options.machine: expected a name of QEMU's"))
        .anyMatch(problem -> problem.startsWith("options.accel: KVM runs guests of the host's"))
        .anyMatch(problem -> problem.startsWith("options.colour: vmm: qemu has no such option"));
    Path layer = home.resolve("layer.qcow2");
    byte[] header = new byte[104];
    ByteBuffer.wrap(header).putInt(0x514649fb).putInt(3).putLong(72);
    Files.write(layer, header);
    List<DiskSpec> disks = List.of(new DiskSpec(layer, "qcow2", false));
    assertThat(problems(new BootSource.Disk(), disks, Map.of()))
        .singleElement()
        .asString()
        .startsWith("disks.0.path: " + layer + " is a layer over another file");
    assertThat(problems(new BootSource.Disk(), disks, Map.of("backing", "allow"))).isEmpty();
    assertThat(
            problems(new BootSource.Disk(), List.of(new DiskSpec(layer, "vdi", false)), Map.of()))
        .anyMatch(problem -> problem.contains("is not vdi but qcow2"));
  }

  @Test
  void aKernelThatIsNoneForTheArchitectureIsRefused() throws IOException {
    Path text = Files.writeString(home.resolve("text"), "no kernel ".repeat(100));
    Path arm = home.resolve("arm,64");
    byte[] header = new byte[64];
    ByteBuffer.wrap(header).putInt(0x38, 0x41524d64);
    Files.write(arm, header);
    assertThat(problems(new BootSource.Kernel(text, arm, ""), List.of(), Map.of()))
        .anyMatch(problem -> problem.startsWith("boot.kernel: " + text + " is no kernel"))
        .anyMatch(problem -> problem.startsWith("boot.initrd: QEMU takes no initrd with a comma"));
    assertThat(problems(new BootSource.Kernel(arm, null, ""), List.of(), Map.of()))
        .anyMatch(problem -> problem.contains("is a kernel for arm64, and the guest is riscv64"));
    assertThat(problems(new BootSource.Kernel(home, null, ""), List.of(), Map.of()))
        .anyMatch(problem -> problem.contains("it is a directory"));
  }
}
