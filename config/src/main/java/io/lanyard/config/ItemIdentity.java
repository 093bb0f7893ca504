package io.lanyard.config;

import io.lanyard.net.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The way in which the items of a list of the format are told apart. */
enum ItemIdentity {
  /** By name, or else by protocol and listen address. */
  FORWARD,
  /** By the key {@code name}. */
  NAME,
  /** By the key {@code mac}. */
  MAC,
  /** By all that it says: {@code www/cname/web}. Several records may have one name and type. */
  RECORD,
  /** By place, or {@code nic} and the place. */
  NIC,
  /** By place: the order means something, or the items are no mappings. */
  PLACE;

  /** The format's lists, by their keys, with a star for a name. */
  static final Map<String, ItemIdentity> LISTS =
      Map.ofEntries(
          Map.entry("networks.*.forwards", FORWARD),
          Map.entry("networks.*.ports", NAME),
          Map.entry("networks.*.dhcp.reservations", MAC),
          Map.entry("networks.*.dhcp.options.routers", PLACE),
          Map.entry("networks.*.dhcp.options.dns-servers", PLACE),
          Map.entry("networks.*.dhcp.options.ntp-servers", PLACE),
          Map.entry("networks.*.dhcp.options.domain-search", PLACE),
          Map.entry("networks.*.dns.upstreams", PLACE),
          Map.entry("networks.*.dns.records", RECORD),
          Map.entry("networks.*.dns.hosts.*", PLACE),
          Map.entry("networks.*.dns.domains.*", PLACE),
          Map.entry("networks.*.dns.rebinding-exceptions", PLACE),
          Map.entry("networks.*.nat.host-loopback", PLACE),
          Map.entry("networks.*.egress.rules", PLACE),
          Map.entry("networks.*.egress.nat64-prefixes", PLACE),
          Map.entry("networks.*.forward-reserved", PLACE),
          Map.entry("networks.*.port-groups.*.egress.rules", PLACE),
          Map.entry("networks.*.ports.*.addresses", PLACE),
          Map.entry("networks.*.ports.*.egress.rules", PLACE),
          Map.entry("networks.*.ports.*.remotes", PLACE),
          Map.entry("address-sets.*", PLACE),
          Map.entry("guests.*.egress.rules", PLACE),
          Map.entry("guests.*.disks", PLACE),
          Map.entry("guests.*.nics", NIC),
          Map.entry("hooks", PLACE),
          Map.entry("hooks.*.on", PLACE),
          Map.entry("hooks.*.run", PLACE));

  private static final int MOST_DIGITS = 6;

  /**
   * The identity of the items of a list of the format.
   *
   * @param list the list's path
   * @return null if the format has no list there
   */
  static @Nullable ItemIdentity of(List<String> list) {
    if (list.size() < 2) {
      return list.isEmpty() ? null : LISTS.get(list.getFirst());
    }
    StringBuilder key = new StringBuilder(list.getFirst()).append(".*");
    for (int i = 2; i < list.size(); i++) {
      boolean isName =
          (i == 3 && (list.get(2).equals("ports") || list.get(2).equals("port-groups")))
              || (i == 4
                  && list.get(2).equals("dns")
                  && (list.get(3).equals("hosts") || list.get(3).equals("domains")));
      key.append('.').append(isName ? "*" : list.get(i));
    }
    return LISTS.get(key.toString());
  }

  /** A step below a path in its one form. */
  static String canonicalStep(List<String> above, String step) {
    return formBelow(above).of(step);
  }

  /** The form of the steps below a path. */
  static StepForm formBelow(List<String> above) {
    ItemIdentity identity = of(above);
    return new StepForm(identity, identity == null && ignoresCase(above));
  }

  /**
   * The form of the steps below a path.
   *
   * @param identity the items' identity, or null where the steps are keys
   * @param ignoresCase whether case does not tell the keys apart
   */
  record StepForm(@Nullable ItemIdentity identity, boolean ignoresCase) {
    /** A step in its one form. */
    String of(String step) {
      if (identity != null) {
        return identity.canonical(step);
      }
      return ignoresCase ? step.toLowerCase(Locale.ROOT) : step;
    }
  }

  /** Whether a mapping's keys are names that case does not tell apart. */
  private static boolean ignoresCase(List<String> mapping) {
    return mapping.size() == 1
        ? mapping.getFirst().equals("guests")
        : mapping.size() == 4
            && mapping.getFirst().equals("networks")
            && mapping.get(2).equals("dns")
            && (mapping.get(3).equals("hosts") || mapping.get(3).equals("domains"));
  }

  /** An identity in its one form; what is none stays as it is, and is nowhere found. */
  private String canonical(String step) {
    try {
      return switch (this) {
        case FORWARD -> {
          int slash = step.indexOf('/');
          yield slash < 0
              ? step
              : step.substring(0, slash + 1)
                  + ForwardConfig.Keys.canonicalListen(step.substring(slash + 1));
        }
        case RECORD -> {
          String[] parts = step.split("/", 3);
          yield parts.length == 3
              ? DnsRecord.Keys.identity(parts[0], parts[1].toLowerCase(Locale.ROOT), parts[2])
              : step;
        }
        case MAC -> MacAddress.parse(step).toString();
        case NIC -> step.startsWith("nic") ? step.substring("nic".length()) : step;
        case NAME, PLACE -> step;
      };
    } catch (IllegalArgumentException e) {
      return step;
    }
  }

  /** The same where items are known by their content; null where they are known by place. */
  static @Nullable ItemIdentity ofContent(List<String> list) {
    ItemIdentity identity = of(list);
    return identity == NIC || identity == PLACE ? null : identity;
  }

  /** The place that a step says, or -1 if it is none. */
  static int place(String step) {
    boolean isNumber =
        !step.isEmpty()
            && step.length() <= MOST_DIGITS
            && step.chars().allMatch(c -> c >= '0' && c <= '9')
            && (step.length() == 1 || step.charAt(0) != '0');
    return isNumber ? Integer.parseInt(step) : -1;
  }

  /** The identity that an item's content gives it, in its one form; null for none. */
  @Nullable String of(YamlNode item) {
    if (!(item instanceof YamlNode.Mapping mapping)) {
      return null;
    }
    String name = text(mapping, this == MAC ? "mac" : "name");
    if (this == RECORD) {
      return name == null ? null : record(mapping, name);
    }
    if (this != FORWARD || name != null) {
      return name == null ? null : canonical(name);
    }
    String protocol = text(mapping, "protocol");
    String listen = text(mapping, "listen");
    return protocol == null || listen == null ? null : canonical(protocol + "/" + listen);
  }

  private @Nullable String record(YamlNode.Mapping mapping, String name) {
    for (YamlNode.Entry entry : mapping.entries()) {
      if (DnsRecord.Keys.TYPES.contains(entry.key())) {
        return entry.value() instanceof YamlNode.Scalar scalar
            ? canonical(name + "/" + entry.key() + "/" + scalar.text())
            : null;
      }
    }
    return null;
  }

  /**
   * Whether an item's content gives it an identity. Lists are searched with this, so that most
   * items cost one comparison.
   *
   * @param identity in its one form
   */
  boolean isOf(YamlNode item, String identity) {
    if (!(item instanceof YamlNode.Mapping mapping)) {
      return false;
    }
    String name = text(mapping, this == MAC ? "mac" : "name");
    if (this == NAME || (this == FORWARD && identity.indexOf('/') < 0)) {
      return identity.equals(name);
    }
    if (this == RECORD) {
      return name != null
          && identity.regionMatches(true, 0, name, 0, name.length())
          && identity.equals(of(item));
    }
    String text = name == null ? text(mapping, "listen") : name;
    return text != null && endsAs(text, identity) && identity.equals(of(item));
  }

  /**
   * Whether an address may be another one: their ends differ in case at most, whatever the form.
   */
  private boolean endsAs(String text, String identity) {
    int from = this == MAC ? Math.max(0, text.length() - 2) : text.lastIndexOf(':') + 1;
    int length = text.length() - from;
    return identity.regionMatches(true, identity.length() - length, text, from, length);
  }

  /** The keys that give a new item its identity. */
  List<YamlNode.Entry> keys(String identity, Place place) {
    List<YamlNode.Entry> keys = new ArrayList<>();
    int slash = identity.indexOf('/');
    if (this == RECORD) {
      String[] parts = identity.split("/", 3);
      keys.add(key("name", parts[0], place));
      if (parts.length == 3 && DnsRecord.Keys.TYPES.contains(parts[1])) {
        keys.add(key(parts[1], parts[2], place));
      }
      return keys;
    }
    if (this == FORWARD && slash >= 0) {
      keys.add(key("protocol", identity.substring(0, slash), place));
      keys.add(key("listen", identity.substring(slash + 1), place));
    } else {
      keys.add(key(this == MAC ? "mac" : "name", identity, place));
    }
    return keys;
  }

  /** An item with the keys that give it its identity, which need not be said beside its path. */
  YamlNode.Mapping complete(YamlNode.Mapping item, String identity, Place place) {
    List<YamlNode.Entry> entries = new ArrayList<>();
    for (YamlNode.Entry key : keys(identity, place)) {
      if (item.entries().stream().noneMatch(said -> said.key().equals(key.key()))) {
        entries.add(key);
      }
    }
    if (entries.isEmpty()) {
      return item;
    }
    entries.addAll(item.entries());
    return new YamlNode.Mapping(entries, item.place());
  }

  private static YamlNode.Entry key(String key, String text, Place place) {
    return new YamlNode.Entry(key, place, new YamlNode.Scalar(text, false, place));
  }

  private static @Nullable String text(YamlNode.Mapping mapping, String key) {
    for (YamlNode.Entry entry : mapping.entries()) {
      if (entry.key().equals(key)) {
        return entry.value() instanceof YamlNode.Scalar scalar ? scalar.text() : null;
      }
    }
    return null;
  }
}
