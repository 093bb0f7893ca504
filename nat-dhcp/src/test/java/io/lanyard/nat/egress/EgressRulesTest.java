package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.Destination;
import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Sni;
import io.lanyard.config.EgressConfig.Target;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.config.Service;
import io.lanyard.config.Service.Protocol;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EgressRulesTest {
  private static final int TCP = FlowKey.TCP;
  private static final int UDP = FlowKey.UDP;
  private static final int ICMP = FlowKey.ICMP;

  private static Rule rule(boolean allow, String subnet, Service... services) {
    return rule(allow, Subnet.parse(subnet), services);
  }

  private static Rule rule(boolean allow, Subnet subnet, Service... services) {
    return new Rule(
        allow ? Verdict.ALLOW : Verdict.DENY,
        new Target(new Destination.Addresses(subnet), List.of(services)),
        Direction.OUT,
        Sni.IGNORED,
        false);
  }

  private static EgressRules out(List<Rule> rules) {
    return new EgressRules(rules, Direction.OUT);
  }

  private static int find(EgressRules rules, String address, int protocol, int port) {
    Address a = Address.parse(address);
    return rules.find(a.high(), a.low(), protocol, port, false, false);
  }

  @Test
  void theFirstRuleThatMatchesDecidesWhateverItsPrefix() {
    EgressRules rules =
        out(
            List.of(
                rule(true, "10.0.0.0/8", new Service(Protocol.TCP, 443, 443)),
                rule(false, "10.1.0.0/16"),
                rule(true, "10.1.2.0/24"),
                rule(false, "0.0.0.0/0", new Service(Protocol.TCP_AND_UDP, 0, 1023))));
    assertThat(find(rules, "10.1.2.3", TCP, 443)).isEqualTo(0);
    assertThat(find(rules, "10.1.2.3", UDP, 443)).isEqualTo(1);
    assertThat(find(rules, "10.1.2.3", ICMP, 0)).isEqualTo(1);
    assertThat(find(rules, "10.2.2.3", UDP, 443)).isEqualTo(3);
    assertThat(find(rules, "10.2.2.3", UDP, 1024)).isEqualTo(EgressRules.NONE);
    assertThat(find(rules, "10.2.2.3", ICMP, 0)).isEqualTo(EgressRules.NONE);
  }

  @Test
  void theEndsOfTheAddressesAreFoundToo() {
    EgressRules rules =
        out(
            List.of(
                rule(true, "0.0.0.0/32"),
                rule(true, "255.255.255.255/32"),
                rule(true, "::/128"),
                rule(true, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"),
                rule(true, "128.0.0.0/1")));
    assertThat(find(rules, "0.0.0.0", TCP, 1)).isEqualTo(0);
    assertThat(find(rules, "255.255.255.255", TCP, 1)).isEqualTo(1);
    assertThat(find(rules, "::", TCP, 1)).isEqualTo(2);
    assertThat(find(rules, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", TCP, 1)).isEqualTo(3);
    assertThat(find(rules, "255.255.255.254", TCP, 1)).isEqualTo(4);
    assertThat(find(rules, "127.255.255.255", TCP, 1)).isEqualTo(EgressRules.NONE);
  }

  @Test
  void aRuleForEverywhereIsOfBothFamilies() {
    Target everywhere = new Target(new Destination.Anywhere(), List.of());
    EgressRules rules =
        out(List.of(new Rule(Verdict.DENY, everywhere, Direction.OUT, Sni.IGNORED, false)));
    assertThat(find(rules, "10.0.0.1", TCP, 1)).isEqualTo(0);
    assertThat(find(rules, "2001:db8::1", ICMP, 0)).isEqualTo(0);
  }

  @Test
  void aRuleForTheWorldOfOneFamilySaysNothingOfTheOther() {
    EgressRules rules = out(List.of(rule(true, "::/0"), rule(false, "0.0.0.0/0")));
    assertThat(find(rules, "10.0.0.1", TCP, 1)).isEqualTo(1);
    assertThat(find(rules, "2001:db8::1", TCP, 1)).isEqualTo(0);
  }

  @Test
  void aRuleThatAllowsTheWholeWorldSaysNothingOfWhatIsProtected() {
    EgressRules rules =
        out(List.of(rule(true, "0.0.0.0/0"), rule(true, "10.0.0.0/8"), rule(false, "0.0.0.0/0")));
    Address inside = Address.parse("10.0.0.1");
    Address outside = Address.parse("192.0.2.1");
    assertThat(rules.find(inside.high(), inside.low(), TCP, 1, true, false)).isEqualTo(1);
    assertThat(rules.find(outside.high(), outside.low(), TCP, 1, true, false)).isEqualTo(2);
  }

  @Test
  void noRulesMatchNothing() {
    assertThat(find(out(List.of()), "10.0.0.1", TCP, 1)).isEqualTo(EgressRules.NONE);
  }

  @Test
  void twoHundredThousandQuestionsToRandomRulesAreAnsweredAsOneByOne() {
    SplittableRandom random = new SplittableRandom(11);
    for (int round = 0; round < 20; round++) {
      List<Rule> list = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        list.add(randomRule(random));
      }
      EgressRules rules = out(list);
      for (int i = 0; i < 10_000; i++) {
        ask(random, list, rules, randomAddress(random), 16);
      }
    }
  }

  @Test
  void aThousandRulesOfFewSubnetsAreAnsweredAsOneByOneAtEveryPort() {
    SplittableRandom random = new SplittableRandom(12);
    List<String> subnets = List.of("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "::/0");
    List<Rule> list = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      int first = random.nextInt(1 << 16);
      int last = Math.min(65535, first + (1 << random.nextInt(17)) - 1);
      Service service = new Service(protocol(random), first, last);
      list.add(rule(random.nextInt(3) > 0, subnets.get(random.nextInt(subnets.size())), service));
    }
    list.add(rule(false, "10.0.0.0/8"));
    EgressRules rules = out(list);
    for (int i = 0; i < 20_000; i++) {
      String address = List.of("10.1.2.3", "10.2.3.4", "192.0.2.1", "2001:db8::1").get(i % 4);
      ask(random, list, rules, Address.parse(address), 1 << 16);
    }
  }

  /** Compares the answer to a question at random with that of a walk. */
  private static void ask(
      SplittableRandom random, List<Rule> list, EgressRules rules, Address address, int ports) {
    int protocol = new int[] {TCP, UDP, ICMP}[random.nextInt(3)];
    int port = protocol == ICMP ? 0 : random.nextInt(ports);
    boolean byAddress = random.nextBoolean();
    boolean byService = random.nextBoolean();
    assertThat(rules.find(address.high(), address.low(), protocol, port, byAddress, byService))
        .isEqualTo(oneByOne(list, address, protocol, port, byAddress, byService));
  }

  private static int oneByOne(
      List<Rule> rules,
      Address address,
      int protocol,
      int port,
      boolean byAddress,
      boolean byService) {
    for (int i = 0; i < rules.size(); i++) {
      Rule rule = rules.get(i);
      Target target = rule.target();
      boolean counts =
          rule.verdict() == Verdict.DENY
              || ((!byAddress || !isTheWorld(target.where()))
                  && (!byService || !target.services().isEmpty()));
      if (counts
          && contains(target.where(), address)
          && (target.services().isEmpty()
              || target.services().stream().anyMatch(one -> matches(one, protocol, port)))) {
        return i;
      }
    }
    return EgressRules.NONE;
  }

  private static boolean isTheWorld(Destination where) {
    return switch (where) {
      case Destination.Anywhere _ -> true;
      case Destination.Addresses(Subnet subnet) -> subnet.prefix() == 0;
      case Destination.InSet _, Destination.Names _ -> false;
    };
  }

  private static boolean contains(Destination where, Address address) {
    return switch (where) {
      case Destination.Anywhere _ -> true;
      case Destination.Addresses(Subnet subnet) -> subnet.contains(address);
      case Destination.InSet(String _, List<Subnet> subnets) ->
          subnets.stream().anyMatch(subnet -> subnet.contains(address));
      case Destination.Names _ -> false;
    };
  }

  private static boolean matches(Service service, int protocol, int port) {
    boolean about =
        switch (service.protocol()) {
          case TCP -> protocol == TCP;
          case UDP -> protocol == UDP;
          case TCP_AND_UDP -> protocol != ICMP;
          case ICMP -> protocol == ICMP;
        };
    return about && (protocol == ICMP || (port >= service.first() && port <= service.last()));
  }

  private static Address randomAddress(SplittableRandom random) {
    // Few values, so that subnets contain one another often.
    if (random.nextBoolean()) {
      return Address.ofIpv4(random.nextInt(4) << 30 | random.nextInt(4) << 16 | random.nextInt(4));
    }
    byte[] bytes = new byte[16];
    Arrays.fill(bytes, (byte) (random.nextInt(2) * 255));
    bytes[random.nextInt(16)] = (byte) random.nextInt(4);
    return Address.of(bytes);
  }

  private static Protocol protocol(SplittableRandom random) {
    return Protocol.values()[random.nextInt(Protocol.values().length)];
  }

  private static Rule randomRule(SplittableRandom random) {
    Address address = randomAddress(random);
    int prefix = random.nextInt(address.bits() + 1);
    Service[] services = new Service[random.nextInt(3)];
    for (int i = 0; i < services.length; i++) {
      int first = random.nextInt(16);
      services[i] = new Service(protocol(random), first, first + random.nextInt(8));
    }
    return rule(random.nextBoolean(), Subnet.of(address, prefix), services);
  }
}
