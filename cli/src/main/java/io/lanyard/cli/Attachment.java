package io.lanyard.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The lines that attach a guest of some VMM to a port, to be pasted.
 *
 * <p>The daemon chooses the guest's MAC address: the same each time, no other port's, and different
 * on every host.
 */
final class Attachment {
  /**
   * VMMs, each with the kinds of port that it can use, the best first. A VMM that opens a TAP
   * device uses a port of kind {@code interface}: the device of a port of kind {@code tap} is open
   * in the daemon, and the kernel lets nobody else open it.
   */
  @SuppressWarnings("ImmutableEnumChecker") // List.of cannot be changed
  enum Vmm {
    QEMU("vhost-user", "qemu-stream", "qemu-dgram", "vde", "udp", "interface"),
    LIBVIRT("vhost-user", "interface"),
    CLOUD_HYPERVISOR("vhost-user", "interface"),
    FIRECRACKER("interface"),
    VIRTUALBOX("udp"),
    KRUNKIT("vfkit");

    private final List<String> kinds;

    Vmm(String... kinds) {
      this.kinds = List.of(kinds);
    }

    /** The VMM as the command names it. */
    String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private final String mac;
  private final Map<String, String> settings;
  private final Path runtime;
  private final QemuRelease qemu;

  /**
   * Makes one.
   *
   * @param mac the guest's MAC address
   * @param settings the port's keys as the daemon has them
   * @param runtime where relative paths of sockets begin
   * @param qemu the QEMU that reads the lines
   */
  Attachment(String mac, Map<String, String> settings, Path runtime, QemuRelease qemu) {
    this.mac = mac;
    this.settings = settings;
    this.runtime = runtime;
    this.qemu = qemu;
  }

  /**
   * The lines for a VMM.
   *
   * @throws Failure if it cannot use a port of this kind, with the kinds that it can
   */
  String lines(Vmm vmm) {
    String kind = settings.getOrDefault("kind", "");
    if (!vmm.kinds.contains(kind)) {
      throw new Failure(
          vmm.word() + " cannot use a port of kind " + kind,
          "it can use " + String.join(", ", vmm.kinds));
    }
    return switch (vmm) {
      case QEMU -> qemu(kind);
      case LIBVIRT -> libvirt(kind);
      case CLOUD_HYPERVISOR ->
          kind.equals("interface")
              ? "--net tap=" + value("interface") + ",mac=" + mac
              : "--memory size=1G,shared=on --net vhost_user=true,socket=" + path() + ",mac=" + mac;
      case FIRECRACKER -> firecracker();
      case VIRTUALBOX -> virtualBox();
      case KRUNKIT -> "--device virtio-net,unixSocketPath=" + path() + ",mac=" + mac;
    };
  }

  private String qemu(String kind) {
    String device = " -device virtio-net-pci,netdev=net0,mac=" + mac;
    return switch (kind) {
      case "vhost-user" ->
          "-object memory-backend-memfd,id=mem0,size=1G,share=on -numa node,memdev=mem0 -m 1G"
              + " -chardev socket,id=chr0,"
              + qemu.chardevReconnect()
              + "path="
              + path()
              + " -netdev vhost-user,id=net0,chardev=chr0"
              + device;
      case "qemu-stream" -> stream() + device + remark();
      case "qemu-dgram" ->
          "-netdev dgram,id=net0,local.type=unix,local.path="
              + resolved("peer")
              + ",remote.type=unix,remote.path="
              + path()
              + device;
      case "vde" -> "-netdev vde,id=net0,sock=" + path() + device;
      case "udp" ->
          "-netdev dgram,id=net0,"
              + inet("local", value("remote"))
              + ","
              + inet("remote", value("local"))
              + device;
      default ->
          "-netdev tap,id=net0,ifname=" + value("interface") + ",script=no,downscript=no" + device;
    };
  }

  /** A comment of the shell, which may be pasted too. */
  private String remark() {
    return settings.containsKey("connect") || !qemu.streamReconnect().isEmpty()
        ? ""
        : "\n# behind server=off, QEMU 8.0 to 9.1 takes reconnect=1 and a later one"
            + " reconnect-ms=1000: the guest outlives a restart of the daemon then";
  }

  private String stream() {
    String connect = settings.get("connect");
    String at = connect != null ? connect : settings.get("listen");
    boolean unix = at == null || at.startsWith("unix:");
    String address =
        at == null
            ? "addr.type=unix,addr.path=" + path()
            : unix
                ? "addr.type=unix,addr.path=" + runtime.resolve(at.substring("unix:".length()))
                : inet("addr", at);
    return connect == null
        ? "-netdev stream,id=net0,server=off," + qemu.streamReconnect() + address
        : "-netdev stream,id=net0,server=on," + address;
  }

  private static String inet(String prefix, String endpoint) {
    int colon = endpoint.lastIndexOf(':');
    return (prefix + ".type=inet," + prefix + ".host=" + host(endpoint) + "," + prefix)
        + ".port="
        + endpoint.substring(colon + 1);
  }

  /** A wildcard address is reached by the loopback. */
  private static String host(String endpoint) {
    String host = endpoint.substring(0, endpoint.lastIndexOf(':')).replaceAll("[\\[\\]]", "");
    return host.equals("0.0.0.0") || host.equals("*")
        ? "127.0.0.1"
        : host.equals("::") ? "::1" : host;
  }

  private String libvirt(String kind) {
    String source =
        kind.equals("interface")
            ? "<interface type='ethernet'>\n  <target dev='" + xml(value("interface")) + "'/>"
            : "<interface type='vhostuser'>\n  <source type='unix' path='"
                + xml(path())
                + "' mode='client'/>";
    return source
        + "\n  <mac address='"
        + mac
        + "'/>\n  <model type='virtio'/>\n</interface>"
        + (kind.equals("interface")
            ? ""
            : "\n<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>");
  }

  private static String xml(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;");
  }

  private String firecracker() {
    return "\"network-interfaces\": [{\"iface_id\": \"eth0\", \"host_dev_name\": \""
        + value("interface")
        + "\", \"guest_mac\": \""
        + mac
        + "\"}]";
  }

  private String virtualBox() {
    String remote = value("remote");
    String local = value("local");
    return "VBoxManage modifyvm VM --nic1 generic --nicgenericdrv1 UDPTunnel --macaddress1 "
        + mac.replace(":", "").toUpperCase(Locale.ROOT)
        + " --nicproperty1 dest="
        + host(local)
        + " --nicproperty1 sport="
        + remote.substring(remote.lastIndexOf(':') + 1)
        + " --nicproperty1 dport="
        + local.substring(local.lastIndexOf(':') + 1);
  }

  private String path() {
    return resolved("path");
  }

  private String resolved(String key) {
    return runtime.resolve(value(key)).toString();
  }

  private String value(String key) {
    @Nullable String value = settings.get(key);
    if (value == null) {
      throw new Failure("the port has no " + key);
    }
    return value;
  }
}
