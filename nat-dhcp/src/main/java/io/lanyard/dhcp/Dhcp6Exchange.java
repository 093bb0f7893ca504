package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.config.Dhcpv6Mode;
import io.lanyard.dhcp.Dhcp6Message.Association;
import io.lanyard.net.Address;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives addresses to clients of DHCPv6: SOLICIT, REQUEST, RENEW and REBIND (RFC 8415 sections
 * 18.3.1, 18.3.2, 18.3.4 and 18.3.5).
 *
 * <p>No address is looked for on the network before it is given away, as the server of IPv4 does:
 * every host looks itself before it uses an address (RFC 4862 section 5.4), and declines one that
 * is in use.
 *
 * <p>Thread: the network's loop only.
 */
final class Dhcp6Exchange {
  private final DhcpTerms terms;
  private final LeaseTable table;
  private final LeaseKeeper keeper;
  private final LeaseClock clock;
  private final Counters<DhcpCount> counters;
  private final PoolWatch watch;
  private final Identification identification;
  private final Binder binder;
  private final Reclaim reclaim;
  private final Dhcp6Answers.Sender sender;

  Dhcp6Exchange(ServerParts parts, Clock hostClock, PoolWatch watch, Dhcp6Answers.Sender sender) {
    this.terms = parts.terms();
    this.table = parts.table();
    this.keeper = parts.keeper();
    this.clock = parts.clock();
    this.counters = parts.counters();
    this.watch = watch;
    this.identification = new Identification(parts);
    this.binder = new Binder(parts, watch);
    this.reclaim = new Reclaim(parts, hostClock);
    this.sender = sender;
  }

  private interface Step {
    void take(Dhcp6Answers answers, int association, Dhcp6Client client);
  }

  /** Offers addresses, or gives them at once where the client is content with that. */
  void solicit(Dhcp6Message request) {
    if (request.rapidCommit && givesAddresses()) {
      each(request, Dhcp6Type.REPLY, this::assign);
    } else {
      each(request, Dhcp6Type.ADVERTISE, this::offer);
    }
  }

  /** Gives the addresses that were offered. */
  void request(Dhcp6Message request) {
    each(request, Dhcp6Type.REPLY, this::assign);
  }

  /** Gives addresses for longer. */
  void extend(Dhcp6Message request) {
    each(request, Dhcp6Type.REPLY, this::prolong);
  }

  private boolean givesAddresses() {
    return terms.dhcp().ipv6() == Dhcpv6Mode.STATEFUL;
  }

  /** Takes a step for each association, once it is known whose it is. */
  private void each(Dhcp6Message request, Dhcp6Type type, Step step) {
    byte[] duid = Objects.requireNonNull(request.client, "checked before");
    Dhcp6Answers answers = new Dhcp6Answers(request, type, sender);
    for (int i = 0; i < request.associations.size(); i++) {
      Association asked = request.associations.get(i);
      int association = i;
      switch (asked.code()) {
        case Dhcp6Option.IA_PD ->
            answers.set(i, Dhcp6Outcome.refused(asked, Dhcp6Option.NO_PREFIX));
        case Dhcp6Option.IA_TA ->
            answers.set(i, Dhcp6Outcome.refused(asked, Dhcp6Option.NO_ADDRESSES));
        default -> {
          Dhcp6Client client = new Dhcp6Client(request, duid, asked.id());
          identification.identify(client, () -> step.take(answers, association, client));
        }
      }
    }
  }

  private void offer(Dhcp6Answers answers, int association, Dhcp6Client client) {
    Association asked = client.asked(association);
    whenChosen(
        answers,
        association,
        client,
        address -> {
          Lease offered = keeper.hold(client, address);
          answers.named(offered.hostname());
          answers.set(association, Dhcp6Outcome.given(asked, address, seconds()));
        });
  }

  /** Goes on with an address for a client; it is told here that there is none. */
  private void whenChosen(
      Dhcp6Answers answers, int association, Dhcp6Client client, Consumer<Address> then) {
    Association asked = client.asked(association);
    Address address = givesAddresses() ? choose(client, asked) : null;
    if (address != null && binder.admits(client, address)) {
      then.accept(address);
      return;
    }
    Runnable refuse =
        () -> answers.set(association, Dhcp6Outcome.refused(asked, Dhcp6Option.NO_ADDRESSES));
    if (givesAddresses()) {
      reclaim.insteadOfRefusing(
          client,
          then,
          () -> {
            watch.refused(client.port(), address == null);
            refuse.run();
          });
    } else {
      refuse.run();
    }
  }

  private void assign(Dhcp6Answers answers, int association, Dhcp6Client client) {
    Association asked = client.asked(association);
    if (givesAddresses() && asked.addresses().stream().anyMatch(one -> !isHere(one))) {
      answers.set(association, Dhcp6Outcome.refused(asked, Dhcp6Option.NOT_ON_LINK));
      return;
    }
    whenChosen(
        answers,
        association,
        client,
        address -> bind(answers, association, client, address, List.of()));
  }

  private void prolong(Dhcp6Answers answers, int association, Dhcp6Client client) {
    Association asked = client.asked(association);
    Lease held = table.of(client.client());
    if (held == null || !held.bound(now())) {
      unknown(answers, association, client, asked);
    } else if (givesAddresses() && canHave(held.address(), client)) {
      List<Address> others =
          asked.addresses().stream().filter(one -> !one.equals(held.address())).toList();
      bind(answers, association, client, held.address(), others);
    } else if (!table.mayTake(client, held)) {
      counters.count(DhcpCount.IMPOSTOR);
    } else if (keeper.mayWrite(client.budget())) {
      // The configuration has another use for the address, or none, and perhaps another address.
      keeper.giveBack(held);
      Address instead = givesAddresses() ? choose(client, asked) : null;
      if (givesAddresses() && instead == null) {
        watch.exhausted();
      }
      if (instead == null || instead.equals(held.address())) {
        answers.set(association, withdrawn(asked, List.of(held.address())));
      } else {
        bind(answers, association, client, instead, List.of(held.address()));
      }
    }
  }

  /** A client that remembers an address which the server does not know of as its own. */
  private void unknown(
      Dhcp6Answers answers, int association, Dhcp6Client client, Association asked) {
    counters.count(DhcpCount.UNKNOWN_CLIENT);
    boolean rebinds = client.message().type == Dhcp6Type.REBIND;
    boolean authoritative = terms.dhcp().authoritative();
    Address first = asked.addresses().isEmpty() ? null : asked.addresses().getFirst();
    if (first != null && authoritative && givesAddresses() && canHave(first, client)) {
      bind(answers, association, client, first, List.of());
    } else if (!rebinds) {
      answers.set(association, Dhcp6Outcome.refused(asked, Dhcp6Option.NO_BINDING));
    } else if (authoritative) {
      answers.set(association, withdrawn(asked, asked.addresses()));
    }
    // Else another server knows the client: section 18.3.5.
  }

  private static Dhcp6Outcome withdrawn(Association asked, List<Address> addresses) {
    return new Dhcp6Outcome(asked, null, 0, addresses, Dhcp6Option.SUCCESS);
  }

  private void bind(
      Dhcp6Answers answers,
      int association,
      Dhcp6Client client,
      Address address,
      List<Address> withdrawn) {
    Association asked = client.asked(association);
    binder.bind(
        client,
        address,
        seconds(),
        new Binder.Outcome() {
          @Override
          public void bound(Lease lease, int seconds) {
            answers.named(lease.hostname());
            answers.set(
                association,
                new Dhcp6Outcome(asked, lease.address(), seconds, withdrawn, Dhcp6Option.SUCCESS));
          }

          @Override
          public void refused(String why) {
            answers.set(
                association,
                withdrawn.isEmpty()
                    ? Dhcp6Outcome.refused(asked, Dhcp6Option.NO_ADDRESSES)
                    : withdrawn(asked, withdrawn));
          }
        });
  }

  /** The address for a client: its own, the one that it names, any; null if there is none. */
  private @Nullable Address choose(Dhcp6Client client, Association asked) {
    Address hint = Address.ANY_IPV6;
    for (Address one : asked.addresses()) {
      if (hint.isAny() && isHere(one)) {
        hint = one;
      }
    }
    Address address = table.choose(client, hint, now());
    if (address == null
        && (keeper.withdrawOfferFor(client.port()) || keeper.withdrawOffer(client.port()))) {
      address = table.choose(client, hint, now());
    }
    return address;
  }

  private boolean canHave(Address address, Dhcp6Client client) {
    return table.canHave(address, client, now());
  }

  private boolean isHere(Address address) {
    return terms.subnet().isHost(address);
  }

  /** The lease time in seconds; what clients propose is no more than a hint (section 21.6). */
  private int seconds() {
    return (int) terms.dhcp().leaseTime().toSeconds();
  }

  private long now() {
    return clock.millis();
  }

  /** Whether the addresses that a client names are of this link (section 18.3.3). */
  boolean areHere(Dhcp6Message request) {
    return request.associations.stream()
        .flatMap(asked -> asked.addresses().stream())
        .allMatch(this::isHere);
  }

  /** Whether a write decides of an address that a client names, as of one that it renews. */
  boolean isUndecided(Dhcp6Message request) {
    return request.associations.stream()
        .flatMap(asked -> asked.addresses().stream())
        .anyMatch(keeper::differs);
  }

  /** Whether a client has leases of all addresses that it names, and is to keep them. */
  boolean confirms(Dhcp6Message request) {
    List<Address> named =
        request.associations.stream().flatMap(asked -> asked.addresses().stream()).toList();
    boolean has = named.stream().allMatch(address -> has(request, address));
    if (has) {
      named.forEach(address -> table.heard(address, request.budget().presence()));
    }
    return has;
  }

  /**
   * Whether a client has a lease. One that was got by another port moves when the client asks for
   * the address. A write that is under way may be about to end it.
   */
  private boolean has(Dhcp6Message request, Address address) {
    Lease lease = table.at(address);
    return lease != null
        && lease.bound(now())
        && lease.mac() == request.mac()
        && lease.isBehind(request.budget().name())
        && !keeper.differs(address)
        && table.keeps(lease, now());
  }
}
