package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import java.net.InetAddress;
import java.util.List;
import org.xbill.DNS.Name;
import org.xbill.DNS.ReverseMap;

/** The host's files may hold anything: what is not understood is left out. */
class ResolverFilesFuzzTest {
  @FuzzTest
  void aResolvConfHasServers(byte[] input) {
    ResolvConf conf = ResolvConf.parse(new FuzzInput(input).text().lines().toList());
    assertThat(conf.servers()).hasSizeBetween(1, 8);
    assertThat(conf.servers())
        .allSatisfy(server -> {
          assertThat(server.isUnresolved()).isFalse();
          assertThat(server.getAddress().isAnyLocalAddress()).isFalse();
          assertThat(server.getPort()).isEqualTo(53);
        });
  }

  @FuzzTest
  void aHostsFileNamesWhatItHasAddressesFor(byte[] input) throws Exception {
    List<String> lines = new FuzzInput(input).text().lines().toList();
    HostsFile hosts = HostsFile.parse(lines);
    assertThat(hosts.size()).isLessThanOrEqualTo(input.length);
    for (String line : lines) {
      for (String word : line.split("\\s+", -1)) {
        InetAddress address = ResolvConf.literal(word);
        Name name = address == null ? null : hosts.reverse(ReverseMap.fromAddress(address));
        if (name != null) {
          assertThat(hosts.addresses(name)).contains(address);
        }
      }
    }
  }
}
