package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every component of the model has its key, and every key is declared once and completely. */
class KeysTest {
  private static final Section ROOT = Configuration.Keys.SECTION;

  /** The classes beside the ports' records, whose interface cannot hide one in them. */
  private static final Map<Class<?>, List<Class<?>>> PORT_HOLDERS =
      Stream.of(
              Map.entry(PortConfig.Bess.class, PortKeys.Bess.class),
              Map.entry(PortConfig.Hyperkit.class, PortKeys.Hyperkit.class),
              Map.entry(PortConfig.Vde.class, PortKeys.Vde.class),
              Map.entry(PortConfig.Vxlan.class, PortKeys.Vxlan.class),
              Map.entry(PortConfig.Patch.class, PortKeys.Patch.class),
              Map.entry(PortConfig.QemuStream.class, PortKeys.QemuStream.class),
              Map.entry(PortConfig.QemuDgram.class, PortKeys.QemuDgram.class),
              Map.entry(PortConfig.Vfkit.class, PortKeys.Vfkit.class),
              Map.entry(PortConfig.Udp.class, PortKeys.Udp.class),
              Map.entry(PortConfig.Tap.class, PortKeys.Tap.class),
              Map.entry(PortConfig.VhostUser.class, PortKeys.VhostUser.class),
              Map.entry(PortConfig.Interface.class, PortKeys.Interface.class))
          .collect(
              Collectors.toMap(
                  Map.Entry::getKey, entry -> List.of(PortKeys.class, entry.getValue())));

  /** The keys of modes, some of which several have. */
  private static final Map<Class<?>, List<Class<?>>> MODE_HOLDERS =
      Map.of(
          NetworkMode.Nat.class,
          List.of(
              GatewayConfig.Keys.class,
              NetworkMode.HostOnly.Keys.class,
              NetworkMode.Nat.Keys.class),
          NetworkMode.HostOnly.class,
          List.of(GatewayConfig.Keys.class, NetworkMode.HostOnly.Keys.class));

  /** Parts of the model that one value of the file makes, so that they have no keys. */
  private static final Set<Class<?>> VALUES =
      Set.of(
          BitRate.class,
          ByteSize.class,
          DnsConfig.None.class,
          DnsConfig.OfHost.class,
          DnsConfig.Servers.class,
          DnsRecord.Alias.class,
          DnsRecord.Ipv4.class,
          DnsRecord.Ipv6.class,
          DnsRecord.Pointer.class,
          DnsRecord.Service.class,
          DnsRecord.Text.class,
          DnsUpstream.class,
          EgressConfig.Discovered.class,
          EgressConfig.Prefixes.class,
          EgressConfig.Target.class,
          ForwardConfig.ToAddress.class,
          ForwardConfig.ToGuest.class,
          GuestConfig.Boot.Image.class,
          GuestConfig.Boot.Kernel.class,
          GuestConfig.Boot.Program.class,
          GuestConfig.Boot.Firmware.class,
          GuestConfig.Boot.FirstDisk.class,
          GuestConfig.Boot.Nothing.class,
          HostLoopback.class,
          PortConfig.StreamSocket.ConnectTcp.class,
          PortConfig.StreamSocket.ConnectUnix.class,
          PortConfig.StreamSocket.ListenTcp.class,
          PortConfig.StreamSocket.ListenUnix.class,
          Service.class);

  private static final List<String> GATEWAY = List.of("ipv4", "ipv6", "dhcp", "dns");

  private static final List<String> POLICY =
      List.of(
          "port-group",
          "guard",
          "isolated",
          "mac-limit",
          "storm-control",
          "addresses",
          "limits",
          "egress");
  private static final List<String> RIGHTS = List.of("socket-owner", "socket-group", "socket-mode");

  /** The keys of components that do not have the key's name. */
  private static final Map<String, List<String>> OTHER_NAMES =
      Map.ofEntries(
          // A network's and a guest's name is the key of its mapping; a NIC's is its place.
          Map.entry("NetworkConfig.name", List.of()),
          Map.entry("GuestConfig.name", List.of()),
          Map.entry("Nic.name", List.of()),
          Map.entry("ForwardConfig.ports", List.of("listen", "to")),
          // One list has the addresses of both families.
          Map.entry("Options.ipv6DnsServers", List.of("dns-servers")),
          Map.entry(
              "NetworkConfig.mode",
              List.of(
                  "mode",
                  "ipv4",
                  "ipv6",
                  "dhcp",
                  "dns",
                  "host-adapter",
                  "nat",
                  "egress",
                  "forwards",
                  "uplink")),
          Map.entry("Nat.gateway", GATEWAY),
          Map.entry("HostOnly.gateway", GATEWAY),
          Map.entry(
              "NetworkConfig.switching",
              List.of("guard", "storm-control", "forward-reserved", "history")),
          Map.entry("SwitchConfig.storm", List.of("storm-control")),
          Map.entry("EgressConfig.nat64", List.of("nat64-prefixes")),
          Map.entry("EgressConfig.otherwise", List.of("default")),
          Map.entry("Rule.verdict", List.of("allow", "deny")),
          Map.entry("Rule.target", List.of("allow", "deny")),
          Map.entry("Quotas.written", List.of()),
          Map.entry("QemuStream.at", List.of("path", "listen", "connect")),
          Map.entry("QemuStream.rights", RIGHTS),
          Map.entry("QemuStream.policy", POLICY),
          Map.entry("QemuDgram.rights", RIGHTS),
          Map.entry("QemuDgram.policy", POLICY),
          Map.entry("Vfkit.rights", RIGHTS),
          Map.entry("Vfkit.policy", POLICY),
          Map.entry("Udp.policy", POLICY),
          Map.entry("Bess.rights", RIGHTS),
          Map.entry("Bess.policy", POLICY),
          Map.entry("Hyperkit.rights", RIGHTS),
          Map.entry("Hyperkit.policy", POLICY),
          Map.entry("Vde.rights", RIGHTS),
          Map.entry("Vde.policy", POLICY),
          Map.entry("Vxlan.policy", POLICY),
          Map.entry("Patch.policy", POLICY),
          Map.entry("Tap.policy", POLICY),
          Map.entry("VhostUser.at", List.of("path", "connect")),
          Map.entry("VhostUser.rights", RIGHTS),
          Map.entry("VhostUser.policy", POLICY),
          Map.entry("Interface.device", List.of("interface")),
          Map.entry("Interface.policy", POLICY),
          Map.entry("UplinkConfig.device", List.of("interface")),
          // It is its port group's.
          Map.entry("Nic.mtu", List.of()),
          Map.entry(
              "Nic.policy", List.of("port-group", "guard", "isolated", "storm-control", "limits")),
          Map.entry("PortGroupConfig.name", List.of()),
          Map.entry(
              "PortGroupConfig.policy",
              List.of("guard", "isolated", "mac-limit", "storm-control", "limits", "egress")),
          Map.entry("PortPolicy.group", List.of("port-group")),
          Map.entry("PortPolicy.storm", List.of("storm-control")),
          Map.entry("PortPolicy.groupEgress", List.of()),
          // Each of its NICs has the guest's egress in its policy.
          Map.entry("GuestConfig.nics", List.of("nics", "egress")),
          Map.entry("DnsRecord.data", List.of("a", "aaaa", "cname", "srv", "txt", "ptr")),
          Map.entry("Outbound.ipv4", List.of("address")),
          Map.entry("Outbound.ipv6", List.of("ipv6-address")),
          Map.entry("Outbound.device", List.of("interface")),
          Map.entry(
              "GuestConfig.boot",
              List.of("image", "kernel", "initrd", "command-line", "program", "firmware")));

  /** Keys that decide how the file is read, and are not kept. */
  private static final Set<String> WITHOUT_COMPONENT = Set.of("version", "kind", "address-sets");

  private static Set<Class<?>> records() {
    Set<Class<?>> found = new LinkedHashSet<>();
    collect(Configuration.class, found);
    return found;
  }

  private static void collect(Type type, Set<Class<?>> found) {
    if (type instanceof ParameterizedType generic) {
      for (Type argument : generic.getActualTypeArguments()) {
        collect(argument, found);
      }
    } else if (type instanceof Class<?> part && part.getPackage() == KeysTest.class.getPackage()) {
      if (part.isSealed()) {
        for (Class<?> kind : part.getPermittedSubclasses()) {
          collect(kind, found);
        }
      } else if (part.isRecord() && found.add(part) && !VALUES.contains(part)) {
        for (RecordComponent component : part.getRecordComponents()) {
          collect(component.getGenericType(), found);
        }
      }
    }
  }

  private static List<Class<?>> holders(Class<?> part) {
    List<Class<?>> others = PORT_HOLDERS.getOrDefault(part, MODE_HOLDERS.get(part));
    return others != null
        ? others
        : Stream.of(part.getDeclaredClasses())
            .filter(inner -> inner.getSimpleName().equals("Keys"))
            .<Class<?>>map(inner -> inner)
            .toList();
  }

  private static <T> List<T> constants(Class<?> holder, Class<T> type) {
    List<T> constants = new ArrayList<>();
    for (Field field : holder.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) && type.isAssignableFrom(field.getType())) {
        try {
          field.setAccessible(true);
          constants.add(type.cast(field.get(null)));
        } catch (IllegalAccessException e) {
          throw new AssertionError(field.toString(), e);
        }
      }
    }
    return constants;
  }

  /** The names of the keys of a record's section, or of its holder if it shares another's. */
  private static Set<String> keys(Class<?> part) {
    Set<String> names = new TreeSet<>();
    for (Class<?> holder : holders(part)) {
      List<Section> sections = constants(holder, Section.class);
      if (sections.isEmpty()) {
        constants(holder, Key.class).forEach(key -> names.add(key.name()));
      } else {
        sections.forEach(section -> names.addAll(section.names()));
      }
    }
    names.removeAll(WITHOUT_COMPONENT);
    return names;
  }

  private static List<String> keys(RecordComponent component) {
    String name = component.getDeclaringRecord().getSimpleName() + "." + component.getName();
    return OTHER_NAMES.getOrDefault(
        name, List.of(component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT)));
  }

  @TestFactory
  Stream<DynamicTest> everyComponentHasItsKeysAndEveryKeyItsComponent() {
    return records().stream()
        .filter(part -> !VALUES.contains(part))
        .map(part ->
            DynamicTest.dynamicTest(
                part.getName(),
                () -> {
                  Set<String> ofComponents = new TreeSet<>();
                  for (RecordComponent component : part.getRecordComponents()) {
                    ofComponents.addAll(keys(component));
                  }
                  assertThat(ofComponents).isEqualTo(keys(part));
                }));
  }

  @Test
  void everyKeyOfTheFileIsOneThatARecordDeclares() {
    Set<Class<?>> holders = new HashSet<>();
    records().forEach(part -> holders.addAll(holders(part)));
    Set<Key<?>> declared = Collections.newSetFromMap(new IdentityHashMap<>());
    holders.forEach(holder -> constants(holder, Key.class).forEach(declared::add));
    Set<Key<?>> used = Collections.newSetFromMap(new IdentityHashMap<>());
    ROOT.tree().forEach(section -> used.addAll(section.keys()));

    assertThat(used).isEqualTo(declared);
  }

  @Test
  void everySectionHasANameOfItsOwn() {
    assertThat(ROOT.tree()).extracting(Section::name).doesNotHaveDuplicates();
  }

  /** Each key with where it stands. */
  private static Map<String, Key<?>> all() {
    Map<String, Key<?>> all = new LinkedHashMap<>();
    for (Section section : ROOT.tree()) {
      section.keys().forEach(key -> all.put(section.name() + "." + key.name(), key));
    }
    return all;
  }

  @Test
  void everyKeySaysWhatItMeansAndWhatHoldsWithoutIt() {
    all()
        .forEach((name, key) -> {
          assertThat(key.meaning()).as(name).matches("(?s)\\S.*\\.");
          if (!key.required() && !key.hasDefault()) {
            assertThat(key.unlessSaid()).as(name).matches("(?s)\\S.*[^.]");
          }
        });
  }

  private static <T> void readBack(String name, Key<T> key) {
    Problems problems = new Problems("default");
    YamlNode node = YamlReader.read(key.form().text(key.otherwise()), problems);

    assertThat(node).as(name).isNotNull();
    assertThat(key.form().read(problems, name, node.place(), node))
        .as(name)
        .isEqualTo(key.otherwise());
    assertThat(problems.isEmpty()).as(name).isTrue();
  }

  @Test
  void everyDefaultCanBeWrittenInTheFile() {
    all()
        .forEach((name, key) -> {
          if (key.hasDefault()) {
            readBack(name, key);
          }
        });
  }

  private static void kinds(Form<?> form, Set<Kind<?>> found) {
    switch (form) {
      case Kind<?> kind -> found.add(kind);
      case Form.Within<?> within -> found.add(within.kind());
      case Form.ListOf<?> list -> kinds(list.item(), found);
      case Form.OneOrMore<?>(Form.ListOf<?> list) -> kinds(list, found);
      case Form.OrOff<?> orOff -> kinds(orOff.value(), found);
      case Form.FlagOrServices(Form.ListOf<Service> list) -> kinds(list, found);
      case Form.NamedMap<?> map -> {
        found.add(map.names());
        kinds(map.value(), found);
      }
      default -> {
        // It has no text, or a word.
      }
    }
  }

  @Test
  void everyExampleIsReadAndPassesThePatternOfTheSchema() {
    Set<Kind<?>> kinds = new LinkedHashSet<>();
    all().values().forEach(key -> kinds(key.form(), kinds));
    for (Kind<?> kind : kinds) {
      for (String example : kind.examples()) {
        Problems problems = new Problems("example");
        YamlNode node = YamlReader.read(example, problems);

        assertThat(node).as(example).isInstanceOf(YamlNode.Scalar.class);
        assertThat(kind.read(problems, kind.name(), node.place(), node)).as(example).isNotNull();
        assertThat(((YamlNode.Scalar) node).text()).matches(kind.pattern());
        assertThat(problems.isEmpty()).as(example).isTrue();
      }
    }
  }
}
