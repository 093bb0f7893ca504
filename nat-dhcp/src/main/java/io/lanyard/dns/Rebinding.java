package io.lanyard.dns;

import io.lanyard.config.DnsConfig;
import io.lanyard.nat.egress.Pref64;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.net.Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.SVCBBase;
import org.xbill.DNS.Section;

/**
 * Takes private addresses out of answers for names of others: a page's owner could lead a browser
 * into the guest's own network with them, under the page's name (DNS rebinding). The addresses by
 * which guests find translators (RFC 7050) stay where they belong.
 *
 * <p>Thread: the network's loop only.
 */
final class Rebinding {
  private static final Name FINDS_TRANSLATORS = Name.fromConstantString(Pref64.NAME + ".");

  private final NamePolicy policy;
  private final boolean protects;

  /** The domains whose names may have private addresses. */
  private final Set<Name> exceptions = new HashSet<>();

  Rebinding(DnsConfig config, NamePolicy policy) {
    this.policy = policy;
    protects = config.rebindingProtection();
    config.rebindingExceptions().forEach(name -> exceptions.add(OwnNames.absolute(name, null)));
  }

  /**
   * Takes them out.
   *
   * @param name the name that was asked for
   * @param answer the answer; changed
   * @return how many records were taken out
   */
  int filter(Name name, Message answer) {
    if (!protects || isExcepted(name)) {
      return 0;
    }
    boolean findsTranslators = name.equals(FINDS_TRANSLATORS);
    int taken = 0;
    for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
      taken +=
          Queries.takeOut(
              answer,
              section,
              each ->
                  addresses(each).stream()
                      .map(Address::of)
                      .anyMatch(its -> isTaken(its, findsTranslators)));
    }
    return taken;
  }

  private boolean isTaken(Address address, boolean findsTranslators) {
    return policy.isPrivate(address) && !(findsTranslators && Pref64.isOfName(address));
  }

  private boolean isExcepted(Name name) {
    for (int n = 0; n < name.labels() && !exceptions.isEmpty(); n++) {
      if (exceptions.contains(new Name(name, n))) {
        return true;
      }
    }
    return false;
  }

  private static List<? extends InetAddress> addresses(Record record) {
    return switch (record) {
      case ARecord a -> List.of(a.getAddress());
      case AAAARecord a -> List.of(a.getAddress());
      case SVCBBase service -> hints(service);
      default -> List.of();
    };
  }

  /** The addresses that a service names beside itself (RFC 9460 section 7.3). */
  private static List<InetAddress> hints(SVCBBase service) {
    List<InetAddress> hints = new ArrayList<>();
    if (service.getSvcParamValue(SVCBBase.IPV4HINT) instanceof SVCBBase.ParameterIpv4Hint four) {
      try {
        hints.addAll(four.getAddresses());
      } catch (UnknownHostException e) {
        return List.of(Address.LOOPBACK_IPV4.toInetAddress()); // Unreadable is not harmless.
      }
    }
    if (service.getSvcParamValue(SVCBBase.IPV6HINT) instanceof SVCBBase.ParameterIpv6Hint six) {
      try {
        hints.addAll(six.getAddresses());
      } catch (UnknownHostException e) {
        return List.of(Address.LOOPBACK_IPV4.toInetAddress());
      }
    }
    return hints;
  }
}
