package io.lanyard.nat.egress;

import io.lanyard.config.Destination;
import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.nat.egress.ServiceTable.Entry;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * An ordered list of rules, made ready to be asked about each new flow.
 *
 * <p>The first rule that matches decides. To find it, the rules are kept by the subnet that they
 * are about, and those of one subnet by port; of the few subnets that contain the destination each
 * is asked for its first rule.
 *
 * <p>Immutable.
 */
public final class EgressRules {
  /** The index of no rule. */
  public static final int NONE = -1;

  /** All that {@link #wholeFamilies} finds: a bit for IPv4 and one for IPv6. */
  static final int BOTH_FAMILIES = 3;

  private static final Subnet EVERYWHERE_IPV4 = Subnet.parse("0.0.0.0/0");
  private static final Subnet EVERYWHERE_IPV6 = Subnet.parse("::/0");

  // The parts that a rule has to name, or it does not permit.
  private static final int BY_ADDRESS = 1;
  private static final int BY_SERVICE = 2;
  private static final int PROTECTION = 4;

  private final List<Rule> rules;
  private final Family ipv4;
  private final Family ipv6;

  /**
   * Makes a list ready.
   *
   * @param rules the rules, in order
   * @param direction whose flows are asked about; rules about the others decide nothing
   */
  public EgressRules(List<Rule> rules, Direction direction) {
    this.rules = List.copyOf(rules);
    ipv4 = new Family(this.rules, direction, true);
    ipv6 = new Family(this.rules, direction, false);
  }

  /**
   * Finds the rule that decides.
   *
   * @param high the upper long of the destination
   * @param low its lower long
   * @param protocol the IP protocol number
   * @param port the destination's port; 0 for ICMP
   * @param byAddress whether the destination is protected: a rule that permits the whole world says
   *     nothing about it
   * @param byService whether the service is: a rule that permits all services says nothing about it
   * @return its index, or {@link #NONE}
   */
  public int find(
      long high, long low, int protocol, int port, boolean byAddress, boolean byService) {
    Family family = Address.isIpv4(high, low) ? ipv4 : ipv6;
    return family.find(high, low, protocol, port, byAddress, byService);
  }

  /** The first of two rules, of which either may be {@link #NONE}. */
  public static int earlier(int one, int other) {
    return one == NONE || (other != NONE && other < one) ? other : one;
  }

  /** Whether a rule is about all addresses of a family, or of both. */
  static boolean isAboutTheWorld(Rule rule) {
    return wholeFamilies(rule) != 0;
  }

  /** The families all of whose addresses a rule is about, of {@link #BOTH_FAMILIES}. */
  static int wholeFamilies(Rule rule) {
    return switch (rule.target().where()) {
      case Destination.Anywhere _ -> BOTH_FAMILIES;
      case Destination.Addresses(Subnet subnet) when subnet.prefix() == 0 ->
          subnet.network().isIpv4() ? 1 : 2;
      case Destination.Addresses _, Destination.InSet _, Destination.Names _ -> 0;
    };
  }

  /**
   * A rule.
   *
   * @param index its place, from 0
   * @return the rule
   */
  public Rule get(int index) {
    return rules.get(index);
  }

  /**
   * How many rules there are.
   *
   * @return rules
   */
  public int size() {
    return rules.size();
  }

  /** The rules of one direction and family. */
  private static final class Family {
    private final SubnetTable subnets;

    /** The rules of each subnet: all, and those that decide on what is protected. */
    private final ServiceTable[][] tables = new ServiceTable[PROTECTION][];

    Family(List<Rule> rules, Direction direction, boolean isIpv4) {
      subnets =
          new SubnetTable(
              rules.stream()
                  .filter(rule -> rule.direction() == direction)
                  .flatMap(rule -> of(rule, isIpv4))
                  .toList());
      List<List<Entry>> lists = new ArrayList<>();
      for (int i = 0; i < subnets.size(); i++) {
        lists.add(new ArrayList<>());
      }
      for (int i = 0; i < rules.size(); i++) {
        if (rules.get(i).direction() == direction) {
          Entry entry = new Entry(i, rules.get(i).target().services());
          of(rules.get(i), isIpv4).forEach(subnet -> lists.get(subnets.number(subnet)).add(entry));
        }
      }
      for (int of = 0; of < PROTECTION; of++) {
        tables[of] = new ServiceTable[lists.size()];
        for (int i = 0; i < lists.size(); i++) {
          int protection = of;
          List<Entry> own = lists.get(i);
          List<Entry> decisive =
              own.stream().filter(entry -> decides(rules.get(entry.number()), protection)).toList();
          tables[of][i] =
              decisive.size() == own.size() && of != 0 ? tables[0][i] : new ServiceTable(decisive);
        }
      }
    }

    private static Stream<Subnet> of(Rule rule, boolean isIpv4) {
      return switch (rule.target().where()) {
        case Destination.Anywhere _ -> Stream.of(isIpv4 ? EVERYWHERE_IPV4 : EVERYWHERE_IPV6);
        case Destination.Addresses(Subnet subnet) when subnet.network().isIpv4() == isIpv4 ->
            Stream.of(subnet);
        case Destination.InSet(String _, List<Subnet> subnets) ->
            subnets.stream().filter(subnet -> subnet.network().isIpv4() == isIpv4);
        default -> Stream.empty();
      };
    }

    private static boolean decides(Rule rule, int protection) {
      return rule.verdict() == Verdict.DENY
          || (((protection & BY_ADDRESS) == 0 || !isAboutTheWorld(rule))
              && ((protection & BY_SERVICE) == 0 || !rule.target().services().isEmpty()));
    }

    int find(long high, long low, int protocol, int port, boolean byAddress, boolean byService) {
      ServiceTable[] asked = tables[(byAddress ? BY_ADDRESS : 0) | (byService ? BY_SERVICE : 0)];
      int best = NONE;
      int subnet = subnets.find(high, low);
      while (subnet != SubnetTable.NONE) {
        best = earlier(best, asked[subnet].find(protocol, port));
        subnet = subnets.parent(subnet);
      }
      return best;
    }
  }
}
