package io.lanyard.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Pattern;
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
    LIBVIRT("vhost-user", "interface", "qemu-stream", "qemu-dgram", "vde", "udp"),
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

  private static final String UNIX = "unix:";

  /** Words that the shell takes as they are. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:=,@%+-]+");

  private final String kind;
  private final String mac;
  private final Map<String, String> settings;
  private final Path runtime;
  private final QemuRelease qemu;

  /**
   * Makes one.
   *
   * @param kind the port's kind
   * @param mac the guest's MAC address; empty if the daemon names none
   * @param settings the port's keys and their values, as plain text
   * @param runtime where relative paths of sockets begin
   * @param qemu the QEMU that reads the lines
   */
  Attachment(
      String kind, String mac, Map<String, String> settings, Path runtime, QemuRelease qemu) {
    this.kind = kind;
    this.mac = mac;
    this.settings = settings;
    this.runtime = runtime;
    this.qemu = qemu;
  }

  /**
   * The lines for a VMM.
   *
   * @throws Failure if it cannot use a port of this kind, with the kinds that it can, or if the
   *     port is none of the configuration's
   */
  String lines(Vmm vmm) {
    if (!vmm.kinds.contains(kind)) {
      throw new Failure(
          vmm.word() + " cannot use a port of kind " + kind,
          "it can use " + String.join(", ", vmm.kinds));
    }
    if (settings.isEmpty()) {
      throw new Failure(
          "the port is there for a client that it has, and is no port of the configuration",
          "name a port that \"lanyard config show\" lists");
    }
    if (mac.isEmpty()) {
      throw new Failure(
          "the daemon names no MAC address for a guest at this port",
          "restart it: it is of an earlier version");
    }
    return switch (vmm) {
      case QEMU -> qemu(kind);
      case LIBVIRT -> libvirt(kind);
      case CLOUD_HYPERVISOR -> cloudHypervisor(kind);
      case FIRECRACKER -> firecracker();
      case VIRTUALBOX -> virtualBox();
      case KRUNKIT ->
          words("--device", "virtio-net,unixSocketPath=" + resolved("path") + ",mac=" + mac);
    };
  }

  private String qemu(String kind) {
    return switch (kind) {
      case "vhost-user" ->
          words(
              "-object",
              "memory-backend-memfd,id=mem0,size=1G,share=on",
              "-numa",
              "node,memdev=mem0",
              "-m",
              "1G",
              "-chardev",
              "socket,id=chr0,"
                  + (connects() ? "server=on," : qemu.chardevReconnect())
                  + "path="
                  + qemuPath(socket()),
              "-netdev",
              "vhost-user,id=net0,chardev=chr0" + (pairs() > 1 ? ",queues=" + pairs() : ""),
              "-device",
              device() + (pairs() > 1 ? ",mq=on,vectors=" + (2 * pairs() + 2) : ""));
      case "interface" ->
          words(
              "-netdev",
              "tap,id=net0,ifname=" + value("interface") + ",script=no,downscript=no",
              "-device",
              device());
      default -> words("-netdev", netdev(kind), "-device", device()) + remark(kind);
    };
  }

  private String device() {
    return "virtio-net-pci,netdev=net0,mac=" + mac;
  }

  /** QEMU's options of a back end that needs no others beside it. */
  private String netdev(String kind) {
    return switch (kind) {
      case "qemu-stream" -> stream();
      case "qemu-dgram" ->
          "dgram,id=net0,local.type=unix,local.path="
              + qemuPath(resolved("peer"))
              + ",remote.type=unix,remote.path="
              + qemuPath(resolved("path"));
      case "vde" -> "vde,id=net0,sock=" + qemuPath(resolved("path"));
      default ->
          "dgram,id=net0," + inet("local", value("remote")) + "," + inet("remote", value("local"));
    };
  }

  /** A comment of the shell, which may be pasted too. */
  private String remark(String kind) {
    return !kind.equals("qemu-stream") || connects() || !qemu.streamReconnect().isEmpty()
        ? ""
        : "\n# behind server=off, QEMU 8.0 to 9.1 takes reconnect=1 and a later one"
            + " reconnect-ms=1000: the guest outlives a restart of the daemon then";
  }

  private String stream() {
    String at = settings.get(connects() ? "connect" : "listen");
    String address =
        at == null || at.startsWith(UNIX)
            ? "addr.type=unix,addr.path=" + qemuPath(socket())
            : inet("addr", at);
    return connects()
        ? "stream,id=net0,server=on," + address
        : "stream,id=net0,server=off," + qemu.streamReconnect() + address;
  }

  /** Whether the VMM listens, and the port connects to it. */
  private boolean connects() {
    return settings.containsKey("connect");
  }

  /** How many pairs of queues the guest may have. */
  private int pairs() {
    return Integer.parseInt(settings.getOrDefault("queues", "1"));
  }

  /** A comma ends a value of QEMU's, and two stand for one. */
  private static String qemuPath(Path path) {
    return path.toString().replace(",", ",,");
  }

  /** Words as the shell reads them. */
  private static String words(String... words) {
    StringJoiner line = new StringJoiner(" ");
    for (String word : words) {
      line.add(shell(word));
    }
    return line.toString();
  }

  private static String shell(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
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
    String rest = "\n  <mac address='" + mac + "'/>\n  <model type='virtio'/>";
    return switch (kind) {
      case "interface" ->
          "<interface type='ethernet'>\n  <target dev='"
              + xml(value("interface"))
              + "'/>"
              + rest
              + "\n</interface>";
      case "vhost-user" ->
          "<interface type='vhostuser'>\n  <source type='unix' path='"
              + xml(socket().toString())
              + (connects() ? "' mode='server'/>" : "' mode='client'/>")
              + rest
              + (pairs() > 1 ? "\n  <driver queues='" + pairs() + "'/>" : "")
              + "\n"
              + "</interface>\n"
              + "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>";
      default ->
          "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
              + "  <qemu:commandline>\n"
              + argument("-netdev")
              + argument(netdev(kind))
              + argument("-device")
              + argument(device() + ",addr=0x10")
              + "  </qemu:commandline>\n</domain>";
    };
  }

  private static String argument(String word) {
    return "    <qemu:arg value='" + xml(word) + "'/>\n";
  }

  private static String xml(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;");
  }

  private String cloudHypervisor(String kind) {
    if (kind.equals("interface")) {
      return "--net tap=" + value("interface") + ",mac=" + mac;
    }
    return words(
        "--memory",
        "size=1G,shared=on",
        "--net",
        "vhost_user=true,socket="
            + socket()
            + (connects() ? ",vhost_mode=server" : "")
            + (pairs() > 1 ? ",num_queues=" + 2 * pairs() : "")
            + ",mac="
            + mac);
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

  /** The UNIX socket at which port and VMM meet, whichever of them listens. */
  private Path socket() {
    String at = connects() ? value("connect") : value("path");
    return runtime.resolve(at.startsWith(UNIX) ? at.substring(UNIX.length()) : at);
  }

  private Path resolved(String key) {
    return runtime.resolve(value(key));
  }

  private String value(String key) {
    @Nullable String value = settings.get(key);
    if (value == null) {
      throw new Failure("the port has no " + key);
    }
    return value;
  }
}
