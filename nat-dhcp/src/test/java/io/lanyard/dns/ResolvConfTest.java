package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResolvConfTest {
  private static List<InetAddress> parse(String... lines) {
    return ResolvConf.parse(List.of(lines)).servers().stream().map(s -> s.getAddress()).toList();
  }

  @Test
  void serversOfBothFamiliesAreReadInTheirOrder() throws Exception {
    assertThat(
            parse(
                "# nameserver 192.0.2.1",
                "search example.com",
                "nameserver\t127.0.0.53",
                " nameserver 2001:db8::53 # comment",
                "nameserver example.com",
                "options edns0 trust-ad"))
        .containsExactly(
            InetAddress.ofLiteral("127.0.0.53"), InetAddress.ofLiteral("2001:db8::53"));
  }

  @Test
  void aLinkLocalServerKeepsItsScope() throws Exception {
    NetworkInterface loopback = NetworkInterface.getByName("lo");
    List<InetAddress> servers = parse("nameserver fe80::1%lo", "nameserver fe80::2%no-such-card");
    assertThat(servers).hasSize(1);
    assertThat(((Inet6Address) servers.getFirst()).getScopeId()).isEqualTo(loopback.getIndex());
  }

  @Test
  void withoutServersTheHostItselfIsAsked() throws Exception {
    assertThat(parse()).containsExactly(InetAddress.ofLiteral("127.0.0.1"));
    assertThat(parse("nameserver 0.0.0.0")).containsExactly(InetAddress.ofLiteral("127.0.0.1"));
  }
}
