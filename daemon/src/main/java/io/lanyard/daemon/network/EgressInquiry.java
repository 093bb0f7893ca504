package io.lanyard.daemon.network;

import io.lanyard.base.EnumText;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.control.api.EgressTestInfo;
import io.lanyard.dns.DnsForwarder;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.EgressTrial;
import io.lanyard.nat.gateway.EgressTrial.Outcome;
import io.lanyard.nat.gateway.GatewayAddresses;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Switch;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what would become of a guest's flow: whether it may ask for the name, where that leads,
 * and what the egress says about each address.
 *
 * <p>Thread: the network's loop only.
 */
final class EgressInquiry {
  private static final String NOWHERE = "a host-only network leads nowhere";

  private final NetworkServices services;
  private final LinkInquiry link;
  private final boolean leadsOut;
  private final String network;
  private final String port;
  private final EgressQuestion question;

  EgressInquiry(
      NetworkServices services,
      Switch ethernet,
      String network,
      String port,
      EgressQuestion question) {
    this.services = services;
    link = new LinkInquiry(ethernet, services, port);
    leadsOut = services.nat().config().mode() instanceof NetworkMode.Nat;
    this.network = network;
    this.port = port;
    this.question = question;
  }

  /** The answer of a network that has no gateway, or whose gateway does not run. */
  static EgressTestInfo withoutGateway(NetworkConfig config, String port, EgressQuestion question) {
    boolean isBridged = config.enabled() && config.mode() instanceof NetworkMode.Bridged;
    Address address = question.address();
    return new EgressTestInfo(
        config.name(),
        port,
        question.name(),
        address == null ? "" : address.toString(),
        question.text(),
        isBridged ? "allow" : "deny",
        isBridged
            ? "a bridged network has no egress rules: its guests are on the LAN, and reach what"
                + " that lets them"
            : config.gateway() == null
                ? "an isolated network leads nowhere, and no rule is about the guests on it"
                : "the network has no gateway that runs");
  }

  /** The answers: one for each address. */
  CompletionStage<List<EgressTestInfo>> run() {
    Egress egress = services.nat().egress();
    Address given = question.address();
    if (question.inward() && !leadsOut) {
      return done(info(given, Outcome.DENY, "a host-only network has no forwards"));
    }
    if (given != null && question.inward()) {
      EgressTrial trial =
          egress.trials().client(port, question.protocol(), given, question.service());
      return done(info(given, trial.outcome(), trial.reason()));
    }
    if (given != null) {
      return done(of(egress, given, List.of()));
    }
    DnsForwarder dns = services.dns();
    String name = dns == null ? question.name() : dns.askedOfOthers(question.name());
    EgressTrial asked = name == null ? null : egress.trials().question(port, name);
    if (asked != null && asked.outcome() == Outcome.DENY) {
      return done(
          info(null, Outcome.DENY, "the question for the name is refused: " + asked.reason()));
    }
    if (dns == null) {
      return done(
          info(null, Outcome.DENY, "the network has no name server that says where it leads"));
    }
    boolean ipv6 = services.nat().gateway().addresses().ipv6() != null;
    return dns.lookup(question.name(), ipv6).thenApply(found -> judge(egress, names(name), found));
  }

  /** The names for which the guest is told the addresses: with the one that an alias leads to. */
  private List<String> names(@Nullable String ofOthers) {
    return ofOthers == null || ofOthers.equals(question.name())
        ? List.of(question.name())
        : List.of(question.name(), ofOthers);
  }

  private List<EgressTestInfo> judge(Egress egress, List<String> names, List<Address> found) {
    Set<Address> all = new LinkedHashSet<>(egress.trials().toldAddresses(port, question.name()));
    all.addAll(found);
    if (all.isEmpty()) {
      return List.of(
          info(null, Outcome.DENY, "the name may be asked for and has no address at present"));
    }
    List<EgressTestInfo> answers = new ArrayList<>();
    for (Address address : all) {
      answers.add(of(egress, address, names));
    }
    return answers;
  }

  private EgressTestInfo of(Egress egress, Address address, List<String> names) {
    EgressTrial onLink = link.trial(address, question.protocol(), question.service());
    if (onLink != null) {
      return info(address, onLink.outcome(), onLink.reason());
    }
    GatewayAddresses own = services.nat().gateway().addresses();
    if (!leadsOut && !own.isGateway(address.high(), address.low())) {
      return info(address, Outcome.DENY, NOWHERE);
    }
    EgressTrial trial =
        egress.trials().flow(port, names, address, question.protocol(), question.service());
    String missing = trial.outcome() == Outcome.DENY ? "" : services.nat().outboundProblem(address);
    return missing.isEmpty()
        ? info(address, trial.outcome(), trial.reason())
        : info(address, Outcome.DENY, missing);
  }

  private EgressTestInfo info(@Nullable Address address, Outcome outcome, String reason) {
    return new EgressTestInfo(
        network,
        port,
        question.name(),
        address == null ? "" : address.toString(),
        question.text(),
        EnumText.word(outcome),
        reason);
  }

  private static CompletionStage<List<EgressTestInfo>> done(EgressTestInfo only) {
    return CompletableFuture.completedFuture(List.of(only));
  }
}
