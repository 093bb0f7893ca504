package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AttachmentTest {
  private static String lines(Attachment.Vmm vmm, Map<String, String> settings) {
    return lines(vmm, settings, new QemuRelease(9, 2));
  }

  private static String lines(Attachment.Vmm vmm, Map<String, String> settings, QemuRelease qemu) {
    return new Attachment(
            settings.getOrDefault("kind", ""),
            "52:54:00:00:00:10",
            settings,
            Path.of("/run/lanyard"),
            qemu)
        .lines(vmm);
  }

  @Test
  void qemusLinesHaveTheOptionThatItsReleaseTakes() {
    Map<String, String> stream = Map.of("kind", "qemu-stream", "path", "vm.sock");
    Map<String, String> shared = Map.of("kind", "vhost-user", "path", "vm.sock");
    QemuRelease old = QemuRelease.read("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)");
    assertThat(lines(Attachment.Vmm.QEMU, stream, old))
        .contains("server=off,addr.type")
        .contains("\n# behind server=off, QEMU 8.0 to 9.1 takes reconnect=1");
    assertThat(lines(Attachment.Vmm.QEMU, shared, old)).contains("id=chr0,reconnect=1,path=");
    assertThat(lines(Attachment.Vmm.QEMU, stream, new QemuRelease(8, 0)))
        .contains("server=off,reconnect=1,addr.type");
    assertThat(lines(Attachment.Vmm.QEMU, shared, new QemuRelease(9, 2)))
        .contains("id=chr0,reconnect-ms=1000,path=");
  }

  @Test
  void qemusLinesHaveTheRealPathAndOneMac() {
    String stream = lines(Attachment.Vmm.QEMU, Map.of("kind", "qemu-stream", "path", "vm.sock"));
    assertThat(stream)
        .startsWith(
            "-netdev"
                + " stream,id=net0,server=off,reconnect-ms=1000,addr.type=unix,addr.path=/run/lanyard/vm.sock"
                + " -device virtio-net-pci,netdev=net0,mac=52:54:00:00:00:10");
    assertThat(stream)
        .isEqualTo(lines(Attachment.Vmm.QEMU, Map.of("kind", "qemu-stream", "path", "vm.sock")));
    assertThat(
            lines(
                Attachment.Vmm.QEMU,
                Map.of("kind", "qemu-dgram", "path", "vm.sock", "peer", "/tmp/q.sock")))
        .contains("local.path=/tmp/q.sock,remote.type=unix,remote.path=/run/lanyard/vm.sock");
    assertThat(
            lines(Attachment.Vmm.QEMU, Map.of("kind", "qemu-stream", "connect", "127.0.0.1:9000")))
        .contains("server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=9000");
    assertThat(
            lines(
                Attachment.Vmm.QEMU,
                Map.of("kind", "udp", "local", "0.0.0.0:4445", "remote", "127.0.0.1:4444")))
        .contains("local.host=127.0.0.1,local.port=4444")
        .contains("remote.host=127.0.0.1,remote.port=4445");
  }

  @Test
  void virtualBoxSendsToWhereThePortReceives() {
    assertThat(
            lines(
                Attachment.Vmm.VIRTUALBOX,
                Map.of("kind", "udp", "local", "127.0.0.1:4445", "remote", "127.0.0.1:4444")))
        .contains("dest=127.0.0.1", "sport=4444", "dport=4445");
  }

  @Test
  void aVmmThatCannotUseAKindIsToldWhichItCan() {
    assertThatThrownBy(
            () -> lines(Attachment.Vmm.FIRECRACKER, Map.of("kind", "vfkit", "path", "v.sock")))
        .hasMessageContaining("firecracker cannot use a port of kind vfkit");
  }

  @Test
  void aVmmThatOpensATapDeviceUsesAPortOfKindInterface() {
    Map<String, String> beside = Map.of("kind", "interface", "interface", "fc0");
    assertThat(lines(Attachment.Vmm.QEMU, beside)).contains("-netdev tap,id=net0,ifname=fc0,");
    assertThat(lines(Attachment.Vmm.FIRECRACKER, beside)).contains("\"host_dev_name\": \"fc0\"");
    assertThat(lines(Attachment.Vmm.CLOUD_HYPERVISOR, beside)).startsWith("--net tap=fc0,mac=");
    assertThat(lines(Attachment.Vmm.LIBVIRT, beside))
        .contains("<target dev='fc0'/>")
        .doesNotContain("memoryBacking");
  }

  @Test
  void noVmmCanOpenTheDeviceOfAPortThatTheDaemonHasOpen() {
    for (Attachment.Vmm vmm : Attachment.Vmm.values()) {
      assertThatThrownBy(() -> lines(vmm, Map.of("kind", "tap", "device", "t0")))
          .hasMessageContaining(vmm.word() + " cannot use a port of kind tap");
    }
  }

  @Test
  void aVmmThatListensIsToldSo() {
    Map<String, String> shared = Map.of("kind", "vhost-user", "connect", "vm.sock");
    assertThat(lines(Attachment.Vmm.QEMU, shared))
        .contains("-chardev socket,id=chr0,server=on,path=/run/lanyard/vm.sock -netdev");
    assertThat(lines(Attachment.Vmm.LIBVIRT, shared))
        .contains("<source type='unix' path='/run/lanyard/vm.sock' mode='server'/>");
    assertThat(lines(Attachment.Vmm.CLOUD_HYPERVISOR, shared))
        .contains("socket=/run/lanyard/vm.sock,vhost_mode=server,mac=");
    assertThat(lines(Attachment.Vmm.QEMU, Map.of("kind", "qemu-stream", "connect", "unix:/q.sock")))
        .contains("server=on,addr.type=unix,addr.path=/q.sock -device");
  }

  @Test
  void aGuestHasAsManyQueuesAsItsPort() {
    Map<String, String> shared = Map.of("kind", "vhost-user", "path", "vm.sock", "queues", "2");
    assertThat(lines(Attachment.Vmm.QEMU, shared))
        .contains("-netdev vhost-user,id=net0,chardev=chr0,queues=2 ")
        .endsWith(",mq=on,vectors=6");
    assertThat(lines(Attachment.Vmm.LIBVIRT, shared)).contains("<driver queues='2'/>");
    assertThat(lines(Attachment.Vmm.CLOUD_HYPERVISOR, shared)).contains(",num_queues=4,");
  }

  @Test
  void aPathIsOneWordOfTheShellAndOneValueOfQemus() {
    assertThat(
            lines(Attachment.Vmm.QEMU, Map.of("kind", "qemu-stream", "path", "/a b,c/it's.sock")))
        .contains("addr.path=/a b,,c/it'\\''s.sock' -device");
    assertThat(lines(Attachment.Vmm.KRUNKIT, Map.of("kind", "vfkit", "path", "/a b.sock")))
        .startsWith("--device 'virtio-net,unixSocketPath=/a b.sock,mac=");
  }

  @Test
  void libvirtPassesOnWhatItDoesNotKnow() {
    assertThat(lines(Attachment.Vmm.LIBVIRT, Map.of("kind", "qemu-stream", "path", "vm.sock")))
        .startsWith(
            """
            <domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
              <qemu:commandline>
                <qemu:arg value='-netdev'/>
            """)
        .contains("addr.path=/run/lanyard/vm.sock'/>\n");
  }

  @Test
  void aPortOfAClientIsToldToBeNone() {
    assertThatThrownBy(() ->
            new Attachment(
                    "qemu-stream", "", Map.of(), Path.of("/run/lanyard"), QemuRelease.UNKNOWN)
                .lines(Attachment.Vmm.QEMU))
        .hasMessageContaining("no port of the configuration");
  }
}
