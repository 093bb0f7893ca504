package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.Lease;
import io.lanyard.testing.LogWatch;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** The names of a network and of its leases are answered by the network itself. */
class OwnNamesTest extends QuestionScene {
  @Test
  void ownNamesAreAnsweredHere() throws Exception {
    assertThat(data(ask("gateway.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.2");
    assertThat(data(ask("host.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.1");
    assertThat(data(ask("PRINTER.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.9");
    assertThat(data(ask("printer.", Type.A), Section.ANSWER)).containsExactly("192.168.127.9");
    assertThat(data(ask("db.example.com.", Type.A), Section.ANSWER))
        .containsExactly("192.168.127.7");
    assertThat(data(ask("localhost.", Type.A), Section.ANSWER)).containsExactly("127.0.0.1");
    assertThat(upstream.queries).isEmpty();
  }

  @Test
  void namesOfLeasesComeAndGo() throws Exception {
    Lease web = lease("192.168.127.130", "web");
    assertThat(ask("web.lan.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    scene.onLoop(() -> {
      scene.forwarder.names().leaseAdded(web);
      return true;
    });
    assertThat(data(ask("web.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.130");
    assertThat(data(ask("130.127.168.192.in-addr.arpa.", Type.PTR), Section.ANSWER))
        .containsExactly("web.lan.");
    scene.onLoop(() -> {
      scene.forwarder.names().leaseRemoved(web);
      return true;
    });
    assertThat(ask("web.lan.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(ask("130.127.168.192.in-addr.arpa.", Type.PTR).getRcode()).isEqualTo(Rcode.NXDOMAIN);
  }

  @Test
  void aLeaseCannotTakeAFixedName() throws Exception {
    scene.onLoop(() -> {
      scene.forwarder.names().leaseAdded(lease("192.168.127.130", "printer"));
      return true;
    });
    assertThat(data(ask("printer.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.9");
  }

  @Test
  void whatTheDomainDoesNotHaveIsDeniedWithAnSoa() throws Exception {
    Message unknown = ask("nobody.lan.", Type.A);
    assertThat(unknown.getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(unknown.getSection(Section.AUTHORITY).getFirst()).isInstanceOf(SOARecord.class);
    Message noType = ask("gateway.lan.", Type.AAAA);
    assertThat(noType.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(noType.getSection(Section.ANSWER)).isEmpty();
    assertThat(noType.getSection(Section.AUTHORITY)).hasSize(1);
    assertThat(ask("deep.lan.", Type.A).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(ask("lan.", Type.SOA).getSection(Section.ANSWER)).hasSize(1);
    assertThat(data(ask("lan.", Type.NS), Section.ANSWER)).containsExactly("gateway.lan.");
    assertThat(upstream.queries).isEmpty();
  }

  @Test
  void reverseNamesOfTheSubnetAreNeverLeaked() throws Exception {
    assertThat(data(ask("2.127.168.192.in-addr.arpa.", Type.PTR), Section.ANSWER))
        .containsExactly("gateway.lan.");
    assertThat(ask("77.127.168.192.in-addr.arpa.", Type.PTR).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(ask("127.168.192.in-addr.arpa.", Type.SOA).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(ask("x.2.127.168.192.in-addr.arpa.", Type.PTR).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(upstream.queries).isEmpty();
    ask("1.0.0.10.in-addr.arpa.", Type.PTR);
    ask("168.192.in-addr.arpa.", Type.SOA);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void reverseNamesThatNobodyElseCanKnowAreAnsweredHere() throws Exception {
    assertThat(data(ask("1.0.0.127.in-addr.arpa.", Type.PTR), Section.ANSWER))
        .containsExactly("localhost.");
    assertThat(data(ask("1." + "0.".repeat(31) + "ip6.arpa.", Type.PTR), Section.ANSWER))
        .containsExactly("localhost.");
    for (String unknown :
        List.of(
            "2.0.0.127.in-addr.arpa.",
            "x.127.in-addr.arpa.",
            "254.169.254.169.in-addr.arpa.",
            "1.2.0.192.in-addr.arpa.",
            "1.100.51.198.in-addr.arpa.",
            "1.113.0.203.in-addr.arpa.",
            "1.0.0.0.in-addr.arpa.",
            "1.0.8.e.f.ip6.arpa.",
            "1.8.b.d.0.1.0.0.2.ip6.arpa.")) {
      Message denial = ask(unknown, Type.PTR);
      assertThat(denial.getRcode()).as(unknown).isEqualTo(Rcode.NXDOMAIN);
      assertThat(denial.getSection(Section.AUTHORITY).getFirst()).isInstanceOf(SOARecord.class);
    }
    for (String empty :
        List.of("127.in-addr.arpa.", "0.127.in-addr.arpa.", "255.255.255.255.in-addr.arpa.")) {
      assertThat(ask(empty, Type.PTR).getRcode()).as(empty).isEqualTo(Rcode.NOERROR);
    }
    assertThat(upstream.queries).isEmpty();
    // Private addresses: the servers of a company or of a VPN may know them (RFC 6303 section 4.1).
    ask("1.0.0.10.in-addr.arpa.", Type.PTR);
    ask("1.0.0.d.f.ip6.arpa.", Type.PTR);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void aNameThatMovesToAnotherLeaseLeadsToItsNewHolder() throws Exception {
    Lease old = lease("192.168.127.130", "web");
    Lease remade = lease("192.168.127.131", "web");
    scene.onLoop(() -> {
      scene.forwarder.names().leaseAdded(old);
      scene.forwarder.names().leaseAdded(remade);
      return true;
    });
    assertThat(data(ask("web.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.131");
    scene.onLoop(() -> {
      scene.forwarder.names().leaseChanged(old, lease("192.168.127.130", null));
      return true;
    });
    assertThat(data(ask("web.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.131");
    assertThat(data(ask("131.127.168.192.in-addr.arpa.", Type.PTR), Section.ANSWER))
        .containsExactly("web.lan.");
    assertThat(ask("130.127.168.192.in-addr.arpa.", Type.PTR).getRcode()).isEqualTo(Rcode.NXDOMAIN);
  }

  @Test
  void aWildcardGivesItsAddressToWhatHasNone() throws Exception {
    assertThat(data(ask("shop.apps.lan.", Type.A), Section.ANSWER))
        .containsExactly("192.168.127.6");
    assertThat(data(ask("a.b.apps.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.6");
    assertThat(data(ask("fixed.apps.lan.", Type.A), Section.ANSWER))
        .containsExactly("192.168.127.4");
    assertThat(data(ask("x.example.net.", Type.A), Section.ANSWER))
        .containsExactly("192.168.127.5");
    Message above = ask("apps.lan.", Type.A); // It exists, as there are names below it.
    assertThat(above.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(above.getSection(Section.ANSWER)).isEmpty();
    // The closest name that exists has no wildcard: RFC 4592 section 2.2.1.
    assertThat(ask("below.fixed.apps.lan.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(ask("shop.apps.lan.", Type.AAAA).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(upstream.queries).isEmpty();
  }

  @Test
  void namesThatNoServerHasAreNotAskedFor() throws Exception {
    assertThat(ask("hidden.onion.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(ask("x.invalid.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    Message designated = ask("_dns.resolver.arpa.", 64 /* SVCB */);
    assertThat(designated.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(designated.getSection(Section.ANSWER)).isEmpty();
    assertThat(upstream.queries).isEmpty();
  }

  @Test
  void ownNamesWorkWithoutAnyServer() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    scene.nameServers("127.0.0.9"); // Nobody listens there.
    assertThat(ask("elsewhere.example.", Type.A).getRcode()).isEqualTo(Rcode.SERVFAIL);
    scene.await(() -> !scene.forwarder.problem().isEmpty());
    assertThat(data(ask("gateway.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.2");
  }
}
