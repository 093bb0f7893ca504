package io.lanyard.config;

import io.lanyard.config.Form.Named;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The named lists of subnets that egress rules refer to: those of the file, and those known. */
final class AddressSets {
  /** A set's name in the schema's regular expressions. */
  static final String NAME_PATTERN = "[A-Za-z0-9][A-Za-z0-9_-]*";

  /** The longest lists that people share have some thousand subnets. */
  private static final int MOST_SUBNETS = 16_384;

  private static final int MOST_SETS = 256;

  /**
   * Public name servers that answer over HTTPS at addresses that do nothing else, as their
   * operators publish them: Cloudflare, Google, Quad9, OpenDNS, AdGuard, NextDNS, Control D,
   * CleanBrowsing, Mullvad, DNS.SB.
   */
  private static final List<Subnet> DOH =
      Stream.of(
              "1.1.1.1/32",
              "1.0.0.1/32",
              "1.1.1.2/32",
              "1.0.0.2/32",
              "1.1.1.3/32",
              "1.0.0.3/32",
              "2606:4700:4700::/64",
              "104.16.248.249/32",
              "104.16.249.249/32",
              "2606:4700::6810:f8f9/128",
              "2606:4700::6810:f9f9/128",
              "8.8.8.8/32",
              "8.8.4.4/32",
              "2001:4860:4860::8888/128",
              "2001:4860:4860::8844/128",
              "9.9.9.9/32",
              "9.9.9.10/32",
              "9.9.9.11/32",
              "149.112.112.0/24",
              "2620:fe::/48",
              "208.67.220.0/24",
              "208.67.222.0/24",
              "146.112.41.0/24",
              "2620:119:35::/48",
              "2620:119:53::/48",
              "94.140.14.0/24",
              "94.140.15.0/24",
              "2a10:50c0::/32",
              "45.90.28.0/24",
              "45.90.30.0/24",
              "2a07:a8c0::/32",
              "2a07:a8c1::/32",
              "76.76.2.0/24",
              "76.76.10.0/24",
              "2606:1a40::/48",
              "2606:1a40:1::/48",
              "185.228.168.0/24",
              "185.228.169.0/24",
              "2a0d:2a00:1::/48",
              "2a0d:2a00:2::/48",
              "194.242.2.0/24",
              "2a07:e340::/32",
              "185.222.222.222/32",
              "45.11.45.11/32",
              "2a09::/128",
              "2a11::/128")
          .map(Subnet::parse)
          .toList();

  private static final Kind<String> NAME =
      Kind.shortName("set-name", "an address set's name of letters, digits", "A-Za-z0-9_-", "doh");

  private static final Kind<Subnet> SUBNET =
      Kind.such(
          "addresses",
          "an address or a subnet",
          "^(" + Kind.IPV4_PATTERN + "(/[0-9]{1,2})?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(/[0-9]{1,3})?)$",
          AddressSets::subnet,
          "10.0.0.0/8",
          "192.0.2.7");

  /** The form of the sets in the file. */
  static final Form<List<Named<List<Subnet>>>> FORM =
      new Form.NamedMap<>(
          NAME, new Form.ListOf<>(SUBNET, MOST_SUBNETS, "subnets"), MOST_SETS, "sets");

  private final Map<String, List<Subnet>> sets = new LinkedHashMap<>();

  private AddressSets() {
    sets.put("doh", DOH);
  }

  /** Reads those of the file. */
  static AddressSets read(Fields root) {
    AddressSets read = new AddressSets();
    for (Named<List<Subnet>> set : root.value(Configuration.Keys.ADDRESS_SETS)) {
      List<Subnet> subnets = set.value();
      if (subnets != null) {
        read.sets.put(set.name(), subnets);
      }
    }
    return read;
  }

  /** A rule's target with the subnets of its set; null if there is no such set. */
  EgressConfig.@Nullable Target resolve(EgressConfig.Target target, Consumer<String> problem) {
    if (!(target.where() instanceof Destination.InSet(String name, List<Subnet> _))) {
      return target;
    }
    List<Subnet> subnets = sets.get(name);
    if (subnets == null) {
      String hint = Quoted.hint(name, sets.keySet());
      problem.accept(
          "no such address set: "
              + Quoted.quote(name)
              + (hint.isEmpty() ? "; declare it under address-sets" : hint));
      return null;
    }
    return new EgressConfig.Target(new Destination.InSet(name, subnets), target.services());
  }

  private static Subnet subnet(String text) {
    Subnet subnet;
    if (text.indexOf('/') >= 0) {
      subnet = Subnet.parse(text);
    } else {
      Address address = text.indexOf(':') < 0 ? Address.parseIpv4(text) : Address.parse(text);
      subnet = Subnet.of(address, address.bits());
    }
    if (subnet.prefix() == 0) {
      throw new IllegalArgumentException("the whole world is no set; a rule says it with *");
    }
    return subnet;
  }
}
