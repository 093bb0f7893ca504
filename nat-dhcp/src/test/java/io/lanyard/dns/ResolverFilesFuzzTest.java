package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.BufferUnderflowException;
import java.util.Arrays;
import java.util.List;
import org.xbill.DNS.Name;
import org.xbill.DNS.ReverseMap;

/** The host's files and its message bus may say anything: what is not understood is left out. */
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
  void aMessageOfTheBusIsReadWithinItsBounds(byte[] input) {
    if (input.length < BusMessage.PREFIX) {
      return;
    }
    try {
      int length = BusMessage.length(input);
      BusMessage answer = BusMessage.answer(Arrays.copyOf(input, Math.min(length, 1 << 16)));
      if (answer != null) {
        ResolvedLinks.servers(answer);
        answer.rewind();
        ResolvedLinks.domains(answer);
      }
    } catch (IOException | BufferUnderflowException | IllegalArgumentException e) {
      // Refused, as a look at the bus expects.
    }
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
