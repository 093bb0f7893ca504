package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.Destination;
import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Sni;
import io.lanyard.config.EgressConfig.Target;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.config.NamePattern;
import io.lanyard.config.Service;
import io.lanyard.config.Service.Protocol;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NameRulesTest {
  private static final int TCP = FlowKey.TCP;
  private static final Service HTTPS = new Service(Protocol.TCP, 443, 443);

  private static Rule rule(Verdict verdict, Destination where, Service... services) {
    return new Rule(
        verdict, new Target(where, List.of(services)), Direction.OUT, Sni.IGNORED, false);
  }

  private static Rule allow(String pattern, Service... services) {
    return rule(Verdict.ALLOW, new Destination.Names(NamePattern.parse(pattern)), services);
  }

  private static Rule deny(String pattern, Service... services) {
    return rule(Verdict.DENY, new Destination.Names(NamePattern.parse(pattern)), services);
  }

  @Test
  void aWildcardIsAboutAllNamesBelowAndNotAboutItself() {
    NameRules rules = new NameRules(List.of(allow("*.example.org"), allow("example.org", HTTPS)));
    assertThat(rules.find("a.example.org", TCP, 1, false)).isEqualTo(0);
    assertThat(rules.find("c.b.a.example.org", TCP, 1, false)).isEqualTo(0);
    assertThat(rules.find("example.org", TCP, 443, false)).isEqualTo(1);
    assertThat(rules.find("example.org", TCP, 80, false)).isEqualTo(EgressRules.NONE);
    assertThat(rules.find("anexample.org", TCP, 443, false)).isEqualTo(EgressRules.NONE);
    assertThat(rules.find("org", TCP, 443, false)).isEqualTo(EgressRules.NONE);
    assertThat(rules.find("", TCP, 443, false)).isEqualTo(EgressRules.NONE);
    assertThat(rules.find("example.org.evil.example", TCP, 443, false)).isEqualTo(EgressRules.NONE);
  }

  @Test
  void theFirstRuleThatMatchesDecidesHoweverNarrow() {
    NameRules rules =
        new NameRules(List.of(deny("ads.example.org"), allow("*.example.org"), deny("*.org")));
    assertThat(rules.find("ads.example.org", TCP, 443, false)).isEqualTo(0);
    assertThat(rules.find("www.example.org", TCP, 443, false)).isEqualTo(1);
    assertThat(rules.find("www.other.org", TCP, 443, false)).isEqualTo(2);
  }

  @Test
  void aServiceThatIsProtectedIsOpenedByARuleThatNamesIt() {
    Service dot = new Service(Protocol.TCP, 853, 853);
    NameRules rules = new NameRules(List.of(allow("dns.example"), allow("dns.example", dot)));
    assertThat(rules.find("dns.example", TCP, 853, false)).isEqualTo(0);
    assertThat(rules.find("dns.example", TCP, 853, true)).isEqualTo(1);
  }

  @Test
  void aNameMayBeAskedForThatSomeRulePermits() {
    Rule world = rule(Verdict.ALLOW, new Destination.Anywhere(), HTTPS);
    Rule subnet = rule(Verdict.ALLOW, new Destination.Addresses(Subnet.parse("10.0.0.0/8")));
    NameRules rules =
        new NameRules(
            List.of(deny("a.example", HTTPS), subnet, deny("b.example"), world, deny("c.example")));
    assertThat(rules.findAsked("a.example")).as("other ports are not denied").isEqualTo(3);
    assertThat(rules.findAsked("b.example")).isEqualTo(2);
    assertThat(rules.findAsked("c.example")).isEqualTo(3);
    assertThat(new NameRules(List.of(subnet)).findAsked("a.example")).isEqualTo(EgressRules.NONE);
    assertThat(new NameRules(List.of(subnet)).isEmpty()).isTrue();
  }

  private static Rule world(Verdict verdict, String subnet) {
    return rule(verdict, new Destination.Addresses(Subnet.parse(subnet)));
  }

  @ParameterizedTest
  @CsvSource({"::/0, 0.0.0.0/0", "0.0.0.0/0, ::/0"})
  void aNameMayBeAskedForUntilBothFamiliesAreDenied(String one, String other) {
    Rule good = allow("good.example");
    Rule first = world(Verdict.DENY, one);
    Rule second = world(Verdict.DENY, other);
    assertThat(new NameRules(List.of(first)).findAsked("any.example")).isEqualTo(EgressRules.NONE);
    assertThat(new NameRules(List.of(first, first)).findAsked("any.example"))
        .isEqualTo(EgressRules.NONE);
    NameRules both = new NameRules(List.of(first, good, second, allow("late.example")));
    assertThat(both.findAsked("good.example")).isEqualTo(1);
    assertThat(both.findAsked("late.example")).isEqualTo(2);
    assertThat(both.findAsked("any.example")).isEqualTo(2);
    NameRules open = new NameRules(List.of(first, world(Verdict.ALLOW, other), second));
    assertThat(open.findAsked("any.example")).as("the other family is open").isEqualTo(1);
  }

  @Test
  void randomRulesAreFoundAsByAWalk() {
    SplittableRandom random = new SplittableRandom(3);
    for (int round = 0; round < 200; round++) {
      List<Rule> list = new ArrayList<>();
      for (int i = random.nextInt(40); i >= 0; i--) {
        int first = random.nextInt(8);
        Service[] services =
            random.nextBoolean()
                ? new Service[] {}
                : new Service[] {new Service(Protocol.TCP, first, first + random.nextInt(3))};
        String pattern = (random.nextBoolean() ? "*." : "") + name(random);
        list.add(random.nextBoolean() ? allow(pattern, services) : deny(pattern, services));
      }
      NameRules rules = new NameRules(list);
      for (int i = 0; i < 200; i++) {
        String name = name(random);
        int port = random.nextInt(10);
        boolean byService = random.nextBoolean();
        assertThat(rules.find(name, TCP, port, byService))
            .as("%s port %d among %s", name, port, list)
            .isEqualTo(walk(list, name, port, byService));
      }
    }
  }

  private static String name(SplittableRandom random) {
    List<String> labels = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      labels.add(random.nextBoolean() ? "a" : "b");
    }
    return String.join(".", labels);
  }

  private static int walk(List<Rule> rules, String name, int port, boolean byService) {
    for (int i = 0; i < rules.size(); i++) {
      Rule rule = rules.get(i);
      NamePattern pattern = ((Destination.Names) rule.target().where()).pattern();
      boolean named =
          pattern.below() ? name.endsWith("." + pattern.name()) : name.equals(pattern.name());
      List<Service> services = rule.target().services();
      boolean served =
          services.isEmpty()
              || services.stream().anyMatch(s -> s.first() <= port && port <= s.last());
      if (named
          && served
          && (!byService || rule.verdict() == Verdict.DENY || !services.isEmpty())) {
        return i;
      }
    }
    return EgressRules.NONE;
  }
}
