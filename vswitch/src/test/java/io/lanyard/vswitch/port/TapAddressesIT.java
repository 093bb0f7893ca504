package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The addresses that a device has which the daemon gives addresses to. Needs root. */
final class TapAddressesIT {
  private static final String IPV4 = "10.99.0.1/24";
  private static final String IPV6 = "fd99::1/64";

  private final String namespace = "lanyard-ta-" + ProcessHandle.current().pid();

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", List.of(command), output).isZero();
    return output;
  }

  @BeforeEach
  void makeNamespace() throws Exception {
    run("ip", "netns", "add", namespace);
  }

  @AfterEach
  void deleteNamespace() throws Exception {
    run("ip", "netns", "delete", namespace);
  }

  /** Opens the device, and reads what addresses it has then. */
  private List<String> addresses(String... wanted) throws Exception {
    List<TapSettings.HostAddress> given =
        Stream.of(wanted)
            .map(each -> each.split("/", -1))
            .map(each ->
                new TapSettings.HostAddress(Address.parse(each[0]), Integer.parseInt(each[1])))
            .toList();
    FrameDevice device =
        new TapSettings(
                "t0",
                namespace,
                true,
                1500,
                given,
                true,
                0,
                false,
                List.of(wanted).equals(List.of(IPV4)))
            .open(0, TestBuffers.ample());
    try {
      return run("ip", "-n", namespace, "-br", "addr", "show", "dev", "t0")
          .lines()
          .flatMap(line -> Stream.of(line.strip().split(" +", -1)).skip(2))
          .map(each -> each.startsWith("fe80:") ? "link-local" : each)
          .toList();
    } finally {
      device.close();
    }
  }

  @Test
  void aNetworkWithoutIpv6LeavesNoneOnItsDevice() throws Exception {
    assertThat(addresses(IPV4)).containsExactly(IPV4);
  }

  /** An administrator may have said that it is to be a stable private one (RFC 7217), or none. */
  @Test
  void aNewDeviceMakesItsLinkLocalAddressAsTheHostSays() throws Exception {
    String none = "/proc/sys/net/ipv6/conf/default/addr_gen_mode";
    run("ip", "netns", "exec", namespace, "sh", "-c", "echo 1 > " + none);
    assertThat(addresses(IPV4, IPV6)).containsExactlyInAnyOrder(IPV4, IPV6);
  }

  @Test
  void aNetworkWithIpv6HasALinkLocalAddressToo() throws Exception {
    assertThat(addresses(IPV4, IPV6)).containsExactlyInAnyOrder(IPV4, IPV6, "link-local");
  }
}
