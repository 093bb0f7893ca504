package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.ClientId;
import io.lanyard.dhcp.Lease;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Names of a network whose gateway and guests have IPv6 addresses, too. */
class Ipv6NamesTest {
  private static final Address GATEWAY = Address.parse("192.168.127.2");
  private static final Address PRINTER = Address.parse("192.168.127.9");
  private static final Address GATEWAY6 = Address.parse("fd6c:616e:7961:8::2");
  private static final Address PRINTER6 = Address.parse("fd6c:616e:7961:8:a:b:c:d");

  private final OwnZone zone =
      new OwnZone(
          ZoneTerms.of(
              TestNetworks.nat(
                  "dns: {hosts: {printer: 192.168.127.9, other: 192.168.127.8, whole.lan:"
                      + " 192.168.127.7}}"),
              List.of()),
          new Ipv6Names() {
            @Override
            public Subnet subnet() {
              return Subnet.parse("fd6c:616e:7961:8::/64");
            }

            @Override
            public List<Address> beside(Address ipv4) {
              return ipv4.equals(GATEWAY)
                  ? List.of(GATEWAY6)
                  : ipv4.equals(PRINTER) ? List.of(PRINTER6) : List.of();
            }

            @Override
            public @Nullable Address ipv4Beside(Address ipv6) {
              return ipv6.equals(GATEWAY6) ? GATEWAY : ipv6.equals(PRINTER6) ? PRINTER : null;
            }
          });

  private HostsFile file = HostsFile.parse(List.of());

  private Message ask(String name, int type) {
    return ask(zone, name, type);
  }

  private Message ask(OwnZone of, String name, int type) {
    Record asked = Record.newRecord(Name.fromConstantString(name), type, DClass.IN);
    return Objects.requireNonNull(of.answer(Message.newQuery(asked), asked, file));
  }

  private void lease(String name, Address address) {
    zone.names()
        .leaseAdded(
            new Lease(address, ClientId.ofMac(1), 1, "a", name, 0, Lease.NEVER, Lease.State.BOUND));
  }

  private List<String> data(String name, int type) {
    return data(zone, name, type);
  }

  private List<String> data(OwnZone of, String name, int type) {
    return ask(of, name, type).getSection(Section.ANSWER).stream()
        .map(Record::rdataToString)
        .toList();
  }

  @Test
  void anOwnersAddressesOfBothFamiliesAreItsNames() {
    assertThat(data("gateway.lan.", Type.AAAA)).containsExactly(text(GATEWAY6));
    assertThat(data("gateway.lan.", Type.A)).containsExactly("192.168.127.2");
    assertThat(data("printer.lan.", Type.ANY)).containsExactly("192.168.127.9", text(PRINTER6));
    assertThat(data("printer.", Type.AAAA)).containsExactly(text(PRINTER6));
    assertThat(data("other.lan.", Type.AAAA)).isEmpty();
    assertThat(ask("other.lan.", Type.AAAA).getRcode()).isEqualTo(Rcode.NOERROR);
  }

  /** The library's own form. */
  private static String text(Address address) {
    return address.toInetAddress().getHostAddress();
  }

  private static String reverse(String lastHalf) {
    return lastHalf + "8.0.0.0.1.6.9.7.e.6.1.6.c.6.d.f.ip6.arpa.";
  }

  @Test
  void reverseNamesOfTheSubnetAreAnsweredHere() {
    assertThat(data(reverse("2." + "0.".repeat(15)), Type.PTR)).containsExactly("gateway.lan.");
    assertThat(data(reverse("d.0.0.0.c.0.0.0.b.0.0.0.a.0.0.0."), Type.PTR))
        .containsExactly("printer.lan.");
    assertThat(ask(reverse("3." + "0.".repeat(15)), Type.PTR).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(ask(reverse(""), Type.PTR).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(ask(reverse("0.0."), Type.PTR).getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(ask(reverse("x.".repeat(16)), Type.PTR).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(ask(reverse("0.".repeat(20)), Type.PTR).getRcode()).isEqualTo(Rcode.NXDOMAIN);
  }

  @Test
  void whatReservationsAndHostsSayIsAnsweredInBothFamilies() {
    Address reserved = Address.parse("fd6c:616e:7961:8::10");
    OwnZone both =
        new OwnZone(
            ZoneTerms.of(
                TestNetworks.nat(
                    "ipv6: {subnet: \"fd6c:616e:7961:8::/64\"}",
                    "dns: {hosts: {nas: 192.168.127.11, six: \"fd6c:616e:7961:8::12\"}}",
                    "dhcp: {ipv6: stateful, reservations: ["
                        + "{mac: \"52:54:00:00:00:10\", address: 192.168.127.10, ipv6: \""
                        + reserved
                        + "\", hostname: web}, "
                        + "{mac: \"52:54:00:00:00:11\", address: 192.168.127.11, ipv6:"
                        + " \"fd6c:616e:7961:8::11\", hostname: nas}]}"),
                List.of()),
            Ipv6Names.NONE);
    assertThat(data(both, "web.lan.", Type.A)).containsExactly("192.168.127.10");
    assertThat(data(both, "web.lan.", Type.AAAA)).containsExactly(text(reserved));
    assertThat(data(both, "nas.lan.", Type.AAAA))
        .as("hosts says the other family alone")
        .containsExactly("fd6c:616e:7961:8:0:0:0:11");
    assertThat(data(both, "six.lan.", Type.AAAA)).containsExactly("fd6c:616e:7961:8:0:0:0:12");
  }

  /** A guest's name for itself comes after the host's file, in either family. */
  @Test
  void aLeaseTakesNoBareNameOfTheHostsFile() {
    file = HostsFile.parse(List.of("10.1.1.1 nas", "10.1.1.2 desk"));
    lease("nas", Address.parse("fd6c:616e:7961:8::1abc"));
    lease("desk", Address.parse("192.168.127.140"));
    lease("box", Address.parse("fd6c:616e:7961:8::1abd"));
    assertThat(data("nas.", Type.A)).containsExactly("10.1.1.1");
    assertThat(data("nas.", Type.AAAA)).isEmpty();
    assertThat(data("desk.", Type.A)).containsExactly("10.1.1.2");
    assertThat(data("box.", Type.AAAA)).containsExactly("fd6c:616e:7961:8:0:0:0:1abd");
  }

  /** A guest that calls itself as a host of the configuration is not taken for it backwards. */
  @Test
  void aLeaseIsNotCalledAsAFixedHost() {
    lease("printer", Address.parse("fd6c:616e:7961:8::1abc"));
    lease("other", Address.parse("192.168.127.140"));
    lease("whole", Address.parse("fd6c:616e:7961:8::1abe"));
    lease("box", Address.parse("fd6c:616e:7961:8::1abd"));
    assertThat(data("printer.lan.", Type.AAAA)).containsExactly(text(PRINTER6));
    assertThat(data("whole.lan.", Type.ANY)).containsExactly("192.168.127.7");
    assertThat(data("whole.", Type.AAAA)).isEmpty();
    assertThat(ask(reverse("c.b.a.1." + "0.".repeat(12)), Type.PTR).getRcode())
        .isEqualTo(Rcode.NXDOMAIN);
    assertThat(ask("140.127.168.192.in-addr.arpa.", Type.PTR).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    assertThat(data(reverse("d.b.a.1." + "0.".repeat(12)), Type.PTR)).containsExactly("box.lan.");
  }
}
