package io.lanyard.dns;

import static io.lanyard.dns.ForwarderScene.query;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.ClientId;
import io.lanyard.dhcp.Lease;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.netty.util.NetUtil;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.HTTPSRecord;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

class DnsForwarderTest {
  private static final String GUEST = "qemu1";

  @TempDir private Path folder;
  private Path hostsFile;
  private ForwarderScene scene;
  private FakeUpstream upstream;

  @BeforeEach
  void start() throws Exception {
    hostsFile = folder.resolve("hosts");
    scene =
        new ForwarderScene(
            folder,
            "nat: {host-loopback: true}",
            """
            dns: {hosts: {
              printer: 192.168.127.9,
              "*.apps": 192.168.127.6,
              "*.example.net": 192.168.127.5,
              fixed.apps.lan: 192.168.127.4,
              a.deep.lan: 192.168.127.8,
              db.example.com: 192.168.127.7}}\
            """);
    upstream = scene.upstream;
  }

  @AfterEach
  void stop() throws Exception {
    scene.close();
  }

  private void send(byte[] wire) throws Exception {
    scene.send(GUEST, wire);
  }

  private Message receive() throws Exception {
    return scene.answer(GUEST);
  }

  private Message ask(String name, int type) throws Exception {
    return ask(query(name, type));
  }

  private Message ask(Message query) throws Exception {
    send(query.toWire());
    Message response = receive();
    assertThat(response.getHeader().getID()).isEqualTo(query.getHeader().getID());
    assertThat(response.getHeader().getFlag(Flags.QR)).isTrue();
    return response;
  }

  private static List<String> data(Message response, int section) {
    return response.getSection(section).stream().map(Record::rdataToString).toList();
  }

  private static Record a(Name name, long ttl, String address) {
    return new ARecord(
        name,
        DClass.IN,
        ttl,
        Objects.requireNonNull(NetUtil.createInetAddressFromIpAddressString(address)));
  }

  static Lease lease(String address, @Nullable String hostname) {
    return new Lease(
        Address.parse(address),
        ClientId.ofMac(7),
        7,
        "",
        hostname,
        0,
        Lease.NEVER,
        Lease.State.BOUND);
  }

  // Own names

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

  // The host's hosts file

  @Test
  void whatTheHostsFileHasIsAnsweredFromIt() throws Exception {
    Files.writeString(
        hostsFile,
        """
        127.0.0.1 localhost
        127.0.1.1 myhost.example myhost
        ::1 ip6-localhost
        ff02::1 ip6-allnodes
        10.1.2.3 Nas.example nas   # a comment
        2001:db8::7 nas.example
        10.1.2.4 tv.lan printer.lan gateway.lan
        0.0.0.0 ads.example
        nonsense
        10.1.2.5 -bad..name-
        """);
    // The first question finds them too, although the file was not read before it.
    assertThat(data(ask("nas.example.", Type.A), Section.ANSWER)).containsExactly("10.1.2.3");
    assertThat(data(ask("NAS.example.", Type.AAAA), Section.ANSWER))
        .containsExactly("2001:db8:0:0:0:0:0:7");
    assertThat(data(ask("nas.", Type.A), Section.ANSWER)).containsExactly("10.1.2.3");
    assertThat(ask("nas.", Type.AAAA).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(data(ask("ads.example.", Type.A), Section.ANSWER)).containsExactly("0.0.0.0");
    assertThat(data(ask("3.2.1.10.in-addr.arpa.", Type.PTR), Section.ANSWER))
        .containsExactly("Nas.example.");
    assertThat(upstream.queries).isEmpty();
    // In the network's domain it comes after the network's own names.
    assertThat(data(ask("tv.lan.", Type.A), Section.ANSWER)).containsExactly("10.1.2.4");
    assertThat(data(ask("printer.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.9");
    assertThat(data(ask("gateway.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.2");
    // A loopback address would lead a guest to itself; other types are the servers' business.
    ask("myhost.example.", Type.A);
    ask("nas.example.", Type.MX);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void aChangedHostsFileIsFollowed() throws Exception {
    Files.writeString(hostsFile, "10.1.2.3 nas.example\n");
    assertThat(data(ask("nas.example.", Type.A), Section.ANSWER)).containsExactly("10.1.2.3");
    Files.writeString(hostsFile, "10.1.2.33 nas.example\n10.1.2.4 new.example\n");
    scene.step(Duration.ofSeconds(2));
    assertThat(data(ask("new.example.", Type.A), Section.ANSWER)).containsExactly("10.1.2.4");
    assertThat(data(ask("nas.example.", Type.A), Section.ANSWER)).containsExactly("10.1.2.33");
    Files.delete(hostsFile);
    scene.step(Duration.ofSeconds(2));
    ask("other.example.", Type.A);
    ask("nas.example.", Type.A);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void theVeryFirstQuestionFindsANameOfTheHostsFileInTheNetworksDomain() throws Exception {
    Files.writeString(hostsFile, "10.1.2.4 tv.lan\n");
    assertThat(data(ask("tv.lan.", Type.A), Section.ANSWER)).containsExactly("10.1.2.4");
  }

  @Test
  void everyGuestThatWaitedForTheHostsFileIsAnswered() throws Exception {
    Files.writeString(hostsFile, "10.1.2.3 nas.example\n");
    List<String> guests = List.of("one", "two", "three");
    scene.onLoop(() -> {
      for (String guest : guests) {
        scene.send(scene.guest(guest), query("nas.example.", Type.A).toWire());
      }
      return true;
    });
    for (String guest : guests) {
      assertThat(data(scene.answer(guest), Section.ANSWER)).containsExactly("10.1.2.3");
    }
    assertThat(upstream.queries).isEmpty();
  }

  @Test
  void whatAGuestCallsItselfDoesNotHideANameOfTheHostsFileOutsideTheNetworksDomain()
      throws Exception {
    Files.writeString(hostsFile, "10.1.2.3 nas\n10.1.2.9 printer\n");
    scene.onLoop(() -> {
      scene.forwarder.names().leaseAdded(lease("192.168.127.130", "nas"));
      scene.forwarder.names().leaseAdded(lease("192.168.127.131", "web"));
      return true;
    });
    assertThat(data(ask("nas.", Type.A), Section.ANSWER)).containsExactly("10.1.2.3");
    assertThat(data(ask("nas.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.130");
    assertThat(data(ask("web.", Type.A), Section.ANSWER)).containsExactly("192.168.127.131");
    // The configuration comes first everywhere.
    assertThat(data(ask("printer.", Type.A), Section.ANSWER)).containsExactly("192.168.127.9");
  }

  // Upstream

  @Test
  void theCaseOfTheNameComesBackAsItWasSent() throws Exception {
    upstream.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), 60, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    assertThat(ask("wWw.eXample.org.", Type.A).getQuestion().getName().toString())
        .isEqualTo("wWw.eXample.org.");
    Message cached = ask("WwW.ExAmple.org.", Type.A);
    assertThat(cached.getQuestion().getName().toString()).isEqualTo("WwW.ExAmple.org.");
    assertThat(cached.getSection(Section.ANSWER).getFirst().getName().toString())
        .isEqualTo("WwW.ExAmple.org.");
    assertThat(upstream.queries).hasSize(1);
  }

  @Test
  void flagsPassBothWays() throws Exception {
    Message query = query("flags.example.", Type.A);
    query.getHeader().setFlag(Flags.CD);
    query.getHeader().setFlag(Flags.AD);
    query.addRecord(new OPTRecord(4096, 0, 0, ExtendedFlags.DO), Section.ADDITIONAL);
    Message response = ask(query);
    Message seen = upstream.queries.remove();
    assertThat(seen.getHeader().getFlag(Flags.RD)).isTrue();
    assertThat(seen.getHeader().getFlag(Flags.CD)).isTrue();
    assertThat(seen.getHeader().getFlag(Flags.AD)).isTrue();
    assertThat(seen.getOPT().getFlags() & ExtendedFlags.DO).isNotZero();
    assertThat(response.getHeader().getFlag(Flags.CD)).isTrue();
    assertThat(response.getHeader().getFlag(Flags.AD)).isTrue();
    assertThat(response.getOPT().getFlags() & ExtendedFlags.DO).isNotZero();
    assertThat(response.getOPT().getPayloadSize()).isEqualTo(1232);

    Message plain = query("plain.example.", Type.A);
    plain.getHeader().unsetFlag(Flags.RD);
    assertThat(ask(plain).getOPT()).isNull();
    assertThat(upstream.queries.remove().getHeader().getFlag(Flags.RD)).isFalse();
  }

  @Test
  void answersOfOthersAreNoAuthorityAndOfferRecursion() throws Exception {
    upstream.answer =
        r -> {
          r.getHeader().setFlag(Flags.AA);
          r.getHeader().unsetFlag(Flags.RA);
          r.addRecord(a(r.getQuestion().getName(), 60, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    for (String when : List.of("fresh", "cached")) {
      Message answer = ask("www.example.org.", Type.A);
      assertThat(answer.getHeader().getFlag(Flags.AA)).as(when).isFalse();
      assertThat(answer.getHeader().getFlag(Flags.RA)).as(when).isTrue();
    }
    assertThat(upstream.queries).hasSize(1);
    assertThat(ask("gateway.lan.", Type.A).getHeader().getFlag(Flags.AA)).isTrue();
  }

  @Test
  void everyRecordTypePassesThrough() throws Exception {
    Name name = Name.fromString("types.example.");
    Map<Integer, String> records = RecordSamples.all();
    for (Map.Entry<Integer, String> sample : records.entrySet()) {
      Record record =
          Record.fromString(name, sample.getKey(), DClass.IN, 60, sample.getValue(), Name.root);
      upstream.answer =
          r -> {
            r.addRecord(record, Section.ANSWER);
            return r;
          };
      Message response = ask("types.example.", sample.getKey());
      assertThat(response.getSection(Section.ANSWER))
          .as(Type.string(sample.getKey()))
          .containsExactly(record);
    }
    assertThat(records).hasSizeGreaterThan(40);
  }

  @Test
  void recordsOfServicesComeWhereTheyAreAskedForAndNowhereElse() throws Exception {
    upstream.answer =
        response -> {
          Name name = response.getQuestion().getName();
          for (int section : new int[] {Section.ANSWER, Section.AUTHORITY, Section.ADDITIONAL}) {
            response.addRecord(service(name), section);
          }
          response.addRecord(a(name, 60, "192.0.2.1"), Section.ANSWER);
          return response;
        };
    Message address = ask("www.example.com.", Type.A);
    assertThat(data(address, Section.ANSWER)).containsExactly("192.0.2.1");
    assertThat(address.getSection(Section.AUTHORITY)).isEmpty();
    assertThat(address.getSection(Section.ADDITIONAL)).allMatch(each -> each.getType() == Type.OPT);
    assertThat(ask("www.example.com.", Type.HTTPS).getSection(Section.ANSWER)).hasSize(2);
    assertThat(ask("www.example.com.", Type.ANY).getSection(Section.ANSWER)).hasSize(2);
  }

  private static Record service(Name name) {
    return new HTTPSRecord(name, DClass.IN, 60, 1, Name.root, List.of());
  }

  @Test
  void answersAreKeptForTheirTimeAndTheTimesCountDown() throws Exception {
    upstream.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), 100, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    ask("cached.example.", Type.A);
    scene.step(Duration.ofSeconds(40));
    Message later = ask("cached.example.", Type.A);
    assertThat(later.getSection(Section.ANSWER).getFirst().getTTL()).isEqualTo(60);
    assertThat(upstream.queries).hasSize(1);
    scene.step(Duration.ofSeconds(61));
    ask("cached.example.", Type.A);
    assertThat(upstream.queries).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"60, 60", "86400, 86400", "604800, 86400", "2147483647, 86400"})
  void noAnswerHoldsLongerThanItsAddressMayBeUsed(long said, long passed) throws Exception {
    upstream.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), said, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    assertThat(ask("ages.example.", Type.A).getSection(Section.ANSWER).getFirst().getTTL())
        .isEqualTo(passed);
  }

  @Test
  void denialsAreKeptAsLongAsTheSoaSays() throws Exception {
    Name zone = Name.fromString("example.");
    upstream.answer =
        r -> {
          r.getHeader().setRcode(Rcode.NXDOMAIN);
          r.addRecord(
              new SOARecord(zone, DClass.IN, 3600, zone, zone, 1, 2, 3, 4, 30), Section.AUTHORITY);
          return r;
        };
    assertThat(ask("no.example.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    scene.step(Duration.ofSeconds(29));
    assertThat(ask("no.example.", Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(upstream.queries).hasSize(1);
    scene.step(Duration.ofSeconds(2));
    ask("no.example.", Type.A);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void aDenialWithoutSoaIsNotKept() throws Exception {
    upstream.answer =
        r -> {
          r.getHeader().setRcode(Rcode.NXDOMAIN);
          return r;
        };
    ask("no.example.", Type.A);
    ask("no.example.", Type.A);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void theSameQuestionIsAskedUpstreamOnce() throws Exception {
    upstream.answer = r -> null;
    scene.send("one", query("slow.example.", Type.A).toWire());
    scene.send("two", query("SLOW.example.", Type.A).toWire());
    scene.await(() -> !upstream.queries.isEmpty());
    assertThat(scene.count(DnsCount.MERGED)).isEqualTo(1);
    assertThat(scene.count(DnsCount.UPSTREAM_UDP)).isEqualTo(1);
    upstream.answer = r -> r;
    scene.step(Duration.ofSeconds(2)); // The second attempt is answered.
    assertThat(scene.answer("one").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(scene.answer("two").getRcode()).isEqualTo(Rcode.NOERROR);
  }

  @Test
  void theNextServerIsAskedWhenTheFirstIsSilent() throws Exception {
    FakeUpstream second = scene.upstream("127.0.0.2");
    scene.nameServers("127.0.0.1", "127.0.0.2");
    upstream.answer = r -> null;
    send(query("failover.example.", Type.A).toWire());
    scene.await(() -> !upstream.queries.isEmpty());
    scene.step(Duration.ofMillis(1600));
    assertThat(receive().getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(second.queries).hasSize(1);
    ask("other.example.", Type.A); // The server that answered last is asked first.
    assertThat(upstream.queries).hasSize(1);
  }

  @Test
  void aServerThatIsNotThereOrRefusesIsPassedOverAtOnce() throws Exception {
    FakeUpstream refusing = scene.upstream("127.0.0.3");
    refusing.answer =
        r -> {
          r.getHeader().setRcode(Rcode.REFUSED);
          return r;
        };
    scene.nameServers("127.0.0.9", "127.0.0.3", "127.0.0.1"); // Nobody listens at the first.
    assertThat(ask("dead.example.", Type.A).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(refusing.queries).hasSize(1);
  }

  @Test
  void aRefusalOfEveryServerReachesTheGuest() throws Exception {
    upstream.answer =
        r -> {
          r.getHeader().setRcode(Rcode.REFUSED);
          return r;
        };
    assertThat(ask("refused.example.", Type.A).getRcode()).isEqualTo(Rcode.REFUSED);
  }

  @Test
  void servfailWhenNobodyAnswers() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    upstream.answer = r -> null;
    send(query("silence.example.", Type.A).toWire());
    scene.await(() -> !upstream.queries.isEmpty());
    scene.step(Duration.ofSeconds(2));
    scene.await(() -> upstream.queries.size() == 3); // The root is asked for too.
    scene.step(Duration.ofSeconds(7));
    assertThat(receive().getRcode()).isEqualTo(Rcode.SERVFAIL);
  }

  @Test
  void ownNamesWorkWithoutAnyServer() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    scene.nameServers("127.0.0.9"); // Nobody listens there.
    assertThat(ask("elsewhere.example.", Type.A).getRcode()).isEqualTo(Rcode.SERVFAIL);
    scene.await(() -> !scene.forwarder.problem().isEmpty());
    assertThat(data(ask("gateway.lan.", Type.A), Section.ANSWER)).containsExactly("192.168.127.2");
  }

  @Test
  void aChangedResolvConfIsFollowedAndTheCacheForgotten() throws Exception {
    upstream.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), 600, "192.0.2.1"), Section.ANSWER);
          return r;
        };
    ask("vpn.example.", Type.A);
    FakeUpstream vpn = scene.upstream("127.0.0.4");
    vpn.answer =
        r -> {
          r.addRecord(a(r.getQuestion().getName(), 600, "10.9.9.9"), Section.ANSWER);
          return r;
        };
    scene.nameServers("127.0.0.4");
    scene.step(Duration.ofSeconds(2));
    ask("else.example.", Type.A);
    assertThat(data(ask("vpn.example.", Type.A), Section.ANSWER)).containsExactly("10.9.9.9");
  }

  private void answerWithTwoKilobytes() {
    String filler = "x".repeat(250);
    upstream.answer =
        r -> {
          for (int i = 0; i < 8; i++) {
            r.addRecord(
                new TXTRecord(r.getQuestion().getName(), DClass.IN, 60, i + filler),
                Section.ANSWER);
          }
          return r;
        };
  }

  @Test
  void aTruncatedAnswerIsFetchedOverTcp() throws Exception {
    answerWithTwoKilobytes();
    Message small = ask("big.example.", Type.TXT);
    assertThat(small.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(small.numBytes()).isLessThanOrEqualTo(512);
    assertThat(scene.count(DnsCount.UPSTREAM_TCP)).isEqualTo(1);
    List<byte[]> whole = new ArrayList<>();
    byte[] query = query("big.example.", Type.TXT).toWire();
    scene.onLoop(() -> {
      scene.forwarder.receiveFromStream(query, TestStations.station("guest", 1), whole::add);
      return true;
    });
    Message stream = new Message(whole.getFirst());
    assertThat(stream.getHeader().getFlag(Flags.TC)).isFalse();
    assertThat(stream.getSection(Section.ANSWER)).hasSize(8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"identifier", "opcode", "questions"})
  void anAnswerToAnotherQuestionIsNotBelieved(String differs) throws Exception {
    int question = query("spoof.example.", Type.A).toWire().length - Header.LENGTH;
    upstream.bytes =
        wire -> {
          switch (differs) {
            case "identifier" -> wire[1] ^= 1;
            case "opcode" -> wire[2] |= 2 << 3;
            default -> {
              byte[] twice = Arrays.copyOf(wire, wire.length + question);
              System.arraycopy(
                  wire,
                  Header.LENGTH,
                  twice,
                  Header.LENGTH + question,
                  wire.length - Header.LENGTH);
              twice[5] = 2;
              return twice;
            }
          }
          return wire;
        };
    send(query("spoof.example.", Type.A).toWire());
    scene.await(() -> scene.forwarder.counters().get(DnsCount.UPSTREAM_MISMATCH) == 1);
    assertThat(scene.answers(GUEST)).isEmpty();
    upstream.bytes = wire -> wire;
    scene.step(Duration.ofSeconds(2));
    assertThat(receive().getRcode()).isEqualTo(Rcode.NOERROR);
  }

  @Test
  void aServerWithoutEdnsIsAskedWithout() throws Exception {
    upstream.answer =
        r -> {
          if (r.getOPT() != null) {
            r.removeRecord(r.getOPT(), Section.ADDITIONAL);
            r.getHeader().setRcode(Rcode.FORMERR);
          }
          return r;
        };
    Message query = query("old.example.", Type.A);
    query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    assertThat(ask(query).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void aFailureIsKeptForASecondSoThatDeadServersAreLeftInPeace() throws Exception {
    upstream.answer =
        r -> {
          r.getHeader().setRcode(Rcode.SERVFAIL);
          return r;
        };
    assertThat(ask("broken.example.", Type.A).getRcode()).isEqualTo(Rcode.SERVFAIL);
    int asked = upstream.queries.size();
    assertThat(ask("broken.example.", Type.A).getRcode()).isEqualTo(Rcode.SERVFAIL);
    assertThat(upstream.queries).hasSize(asked);
    scene.step(Duration.ofSeconds(1));
    ask("broken.example.", Type.A);
    assertThat(upstream.queries.size()).isGreaterThan(asked);
  }

  @Test
  void namesWhoseServersAreSilentDoNotFillTheLog() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    scene.nameServers("127.0.0.9");
    for (int i = 0; i < 20; i++) {
      assertThat(ask("dead" + i + ".example.", Type.A).getRcode()).isEqualTo(Rcode.SERVFAIL);
      if (i == 0) {
        scene.await(() -> !scene.forwarder.problem().isEmpty());
      }
      scene.nameServers("127.0.0.1");
      scene.step(Duration.ofSeconds(2));
      ask("good" + i + ".example.", Type.A);
      scene.nameServers("127.0.0.9");
      scene.step(Duration.ofMillis(500));
      scene.step(Duration.ofMillis(500));
    }
    assertThat(LogWatch.count("dns-upstreams-silent")).isEqualTo(1);
  }

  @Test
  void aDenialAtTheEndOfACnameIsKeptAsLongAsTheSoaSays() throws Exception {
    Name zone = Name.fromString("example.");
    upstream.answer =
        r -> {
          r.addRecord(
              new CNAMERecord(
                  r.getQuestion().getName(),
                  DClass.IN,
                  600,
                  Name.fromConstantString("end.example.")),
              Section.ANSWER);
          r.addRecord(
              new SOARecord(zone, DClass.IN, 3600, zone, zone, 1, 2, 3, 4, 30), Section.AUTHORITY);
          return r;
        };
    ask("alias.example.", Type.AAAA);
    scene.step(Duration.ofSeconds(29));
    assertThat(ask("alias.example.", Type.AAAA).getSection(Section.ANSWER)).hasSize(1);
    assertThat(upstream.queries).hasSize(1);
    scene.step(Duration.ofSeconds(2));
    ask("alias.example.", Type.AAAA);
    assertThat(upstream.queries).hasSize(2);
  }

  @Test
  void aTruncatedAnswerStillSpeaksEdns() throws Exception {
    answerWithTwoKilobytes();
    Message query = query("big.example.", Type.TXT);
    query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    Message response = ask(query);
    assertThat(response.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(response.numBytes()).isLessThanOrEqualTo(1232);
    assertThat(response.getOPT()).isNotNull();
  }

  // Refusals

  @Test
  void aQueryWithTwoOptRecordsIsMalformed() throws Exception {
    Message query = query("x.example.", Type.A);
    query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    query.addRecord(new OPTRecord(512, 0, 0), Section.ADDITIONAL);
    assertThat(ask(query).getRcode()).isEqualTo(Rcode.FORMERR);
    assertThat(upstream.queries).isEmpty();
  }

  @Test
  void aNameThatIsAPointerIntoTheHeaderGetsAnAnswerThatCanBeRead() throws Exception {
    // Octet 6 is zero, so the name is the root.
    byte[] wire = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, (byte) 0xc0, 6, 0, 1, 0, 1};
    send(wire);
    Message response = receive();
    assertThat(response.getHeader().getID()).isEqualTo(0x1234);
    assertThat(response.getQuestion().getName()).isEqualTo(Name.root);
  }

  @Test
  void aGuestThatAsksTooMuchIsRefusedAndOthersAreNot() throws Exception {
    LogWatch.expect("dns-questions-refused");
    upstream.answer = r -> null;
    for (int i = 0; i < 129; i++) {
      send(query("q" + i + ".example.", Type.A).toWire());
    }
    assertThat(receive().getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(scene.count(DnsCount.OVER_QUOTA)).isEqualTo(1);
    scene.send("another", query("other.example.", Type.A).toWire());
    assertThat(scene.answers(GUEST)).isEmpty();
    assertThat(scene.answers("another")).isEmpty();
  }

  @Test
  void whatCannotBeReadIsAnsweredWithItsIdentifier() throws Exception {
    byte[] wire = query("x.example.", Type.A).toWire();
    byte[] cut = java.util.Arrays.copyOf(wire, wire.length - 3);
    send(cut);
    Message response = receive();
    assertThat(response.getRcode()).isEqualTo(Rcode.FORMERR);
    assertThat(response.getHeader().getID()).isEqualTo((wire[0] & 255) << 8 | (wire[1] & 255));
    send(java.util.Arrays.copyOf(wire, 11));
    assertThat(scene.count(DnsCount.MALFORMED)).isEqualTo(1);
  }

  @Test
  void aResponseIsNeverAnswered() throws Exception {
    Message query = query("x.example.", Type.A);
    query.getHeader().setFlag(Flags.QR);
    send(query.toWire());
    assertThat(scene.answers(GUEST)).isEmpty();
    assertThat(scene.count(DnsCount.MALFORMED)).isEqualTo(1);
  }

  @Test
  void otherOpcodesVersionsAndTransfersAreTurnedDown() throws Exception {
    Message notify = query("x.example.", Type.SOA);
    notify.getHeader().setOpcode(Opcode.NOTIFY);
    assertThat(ask(notify).getRcode()).isEqualTo(Rcode.NOTIMP);
    Message future = query("x.example.", Type.A);
    future.addRecord(new OPTRecord(1232, 0, 1), Section.ADDITIONAL);
    assertThat(ask(future).getRcode()).isEqualTo(Rcode.BADVERS);
    assertThat(ask("example.", Type.AXFR).getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(upstream.queries).isEmpty();
  }
}
