package io.lanyard.config;

import static io.lanyard.config.DocumentTest.changed;
import static io.lanyard.config.DocumentTest.remove;
import static io.lanyard.config.DocumentTest.set;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SettingsTest {
  @Test
  void everySettingSaysWhereItComesFrom() throws ConfigException {
    Document changed =
        changed(
            set("networks.lan.forwards[web].listen", "\"127.0.0.1:9090\""),
            set("networks.lan.dns.upstreams", "[192.0.2.1, 192.0.2.2]"));

    assertThat(changed.settings(false))
        .extracting(setting -> setting.path() + " = " + setting.value() + " # " + setting.origin())
        .contains(
            "version = 1 # base.yaml:2:10",
            "networks.lan.forwards[web].to = \"web:80\" # base.yaml:13:66",
            "networks.lan.forwards[web].listen = \"127.0.0.1:9090\""
                + " # alice at 2026-11-29T12:00:00Z",
            "networks.lan.dns.upstreams = [192.0.2.1, 192.0.2.2] # alice at 2026-11-29T12:00:00Z",
            "networks.lan.dhcp.reservations[52:54:00:00:00:10].hostname = web # base.yaml:9:66",
            "networks.lan.egress.rules[1].allow = \"*:53\" # base.yaml:11:43",
            "guests.demo.image = debian # base.yaml:18:17");
  }

  @Test
  void whatAChangeHasRemovedSaysWhatTheFileHasAndWhoRemovedIt() throws ConfigException {
    Document changed =
        changed(
            remove("networks.lan.forwards[web]"),
            set("networks.lan.egress", "{default: deny}"),
            set("networks.lan.ports[p1].device", "t9"));

    assertThat(changed.removed())
        .extracting(setting -> setting.path() + " = " + setting.value() + " # " + setting.origin())
        .containsExactly(
            "networks.lan.egress.rules[0].deny = 10.0.0.0/8 # alice at 2026-11-29T12:00:00Z",
            "networks.lan.egress.rules[1].allow = \"*:53\" # alice at 2026-11-29T12:00:00Z",
            "networks.lan.forwards[web].name = web # bob at 2026-11-29T12:00:00Z",
            "networks.lan.forwards[web].protocol = tcp # bob at 2026-11-29T12:00:00Z",
            "networks.lan.forwards[web].listen = \"127.0.0.1:8080\" # bob at 2026-11-29T12:00:00Z",
            "networks.lan.forwards[web].to = \"web:80\" # bob at 2026-11-29T12:00:00Z");
    assertThat(changed().removed()).isEmpty();
  }

  @Test
  void aValueThatNobodySaidIsListedWithItsDefault() throws ConfigException {
    Document changed =
        changed(set("networks.lab", "{mode: isolated}"), set("networks.lan.dns.domain", "lab"));

    List<String> all =
        changed.settings(true).stream()
            .map(setting -> setting.path() + " = " + setting.value() + " # " + setting.origin())
            .toList();
    assertThat(all)
        .contains(
            "networks.lan.mtu = 1500 # default",
            "networks.lan.ipv4.subnet = 10.1.0.0/24 # base.yaml:6:20",
            "networks.lan.ipv4.gateway = 10.1.0.2 # default",
            "networks.lan.ipv4.pool = 10.1.0.128-10.1.0.254 # default",
            "networks.lan.host-adapter = (none; a host-only network always has one) # default",
            "networks.lan.dhcp.lease-time = 30m # default",
            "networks.lan.dhcp.max-lease-time = 1d # default",
            "networks.lan.dhcp.leases-per-port = (no limit) # default",
            "networks.lan.dhcp.options.routers = [10.1.0.2] # default",
            "networks.lan.dns.domain = lab # alice at 2026-11-29T12:00:00Z",
            "networks.lan.dns.hosts = {} # default",
            "networks.lan.dns.upstreams = (those of the host's resolv.conf) # default",
            "networks.lan.nat.timeouts.tcp-established = 2h5m # default",
            "networks.lan.nat.host-loopback = false # default",
            "networks.lan.egress.rules[1].allow = \"*:53\" # base.yaml:11:43",
            "networks.lan.egress.default = allow # default",
            "networks.lan.ports[p1].mtu = 1500 # default",
            "networks.lan.ports[p1].isolated = false # default",
            "networks.lan.storm-control.broadcast = 20000 # default",
            "networks.lab.guard = off # default",
            "networks.lab.ports = [] # default",
            "guests.demo.memory = 512M # default",
            "guests.demo.nics[0].network = lan # base.yaml:18:42",
            "guests.demo.disks = [] # default",
            "log.level = info # default")
        .noneMatch(setting -> setting.startsWith("networks.lab.dhcp"))
        .noneMatch(setting -> setting.startsWith("networks.lan.egress.rules[1].deny"))
        .noneMatch(setting -> setting.startsWith("guests.demo.initrd"));
    assertThat(changed.settings(true)).containsAll(changed.settings(false)).doesNotHaveDuplicates();
  }

  @Test
  void everyListOfTheFormatSaysHowItsItemsAreToldApart() {
    Set<String> lists = new TreeSet<>();
    addLists(Configuration.Keys.SECTION, "", lists);

    assertThat(ItemIdentity.LISTS.keySet()).containsExactlyInAnyOrderElementsOf(lists);
  }

  private static void addLists(Form<?> form, String path, Set<String> lists) {
    String below = path.isEmpty() ? "" : path + ".";
    switch (form) {
      case Section section ->
          section.keys().forEach(key -> addLists(key.form(), below + key.name(), lists));
      case Form.OffOr(Section section, boolean _) -> addLists(section, path, lists);
      case Form.NamedMap<?> map -> addLists(map.value(), below + "*", lists);
      case Variants variants -> variants.sections().forEach(one -> addLists(one, path, lists));
      case Form.FlagOrServices(Form.ListOf<?> services) -> addLists(services, path, lists);
      case Form.OneOrMore<?>(Form.ListOf<?> list) -> addLists(list, path, lists);
      case Form.ListOf<?> list -> {
        lists.add(path);
        addLists(list.item(), below + "*", lists);
      }
      default -> {
        // Such a value has no items.
      }
    }
  }

  @Test
  void theDefaultsOfEverySampleAreListed() throws ConfigException {
    for (var file : Samples.of("good")) {
      Document document = Document.of(file.toString(), Samples.text(file), Samples.NOWHERE);

      List<Setting> said =
          document.settings(false).stream().filter(one -> !one.value().equals("{}")).toList();
      assertThat(document.settings(true)).containsAll(said).doesNotHaveDuplicates();
    }
  }
}
