package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.HostInterface.Candidate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lines of the kernel's tables of routes. */
class HostInterfaceTest {
  private static final String ZEROS = "0".repeat(32);

  @Test
  void aDefaultRouteHasItsInterfaceAndItsMetric() {
    assertThat(
            HostInterface.ipv4Default(
                "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0   "))
        .contains(new Candidate("eth0", 100));
    assertThat(
            HostInterface.ipv6Default(
                ZEROS
                    + " 00 "
                    + ZEROS
                    + " 00 fe800000000000000000000000000001 00000400 00000004 00000000 00450003"
                    + "     eth0"))
        .contains(new Candidate("eth0", 0x400));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
        "eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0",
        "eth0\t00000000\t00000000\t0001\t0\t0\t100\t00000080\t0\t0\t0", // half of all
        "*\t00000000\t00000000\t0201\t0\t0\t100\t00000000\t0\t0\t0", // unreachable
        "eth0\t00000000\t0100A8C0\t0002\t0\t0\t100\t00000000\t0\t0\t0", // not up
        "eth0\t00000000\t0100A8C0\tzzzz\t0\t0\t100\t00000000\t0\t0\t0",
        "eth0\t00000000\t0100A8C0\t0003\t0\t0\t99999999999999999999\t00000000\t0\t0\t0",
        "eth0\t00000000\t0100A8C0",
      })
  void otherLinesAreNone(String line) {
    assertThat(HostInterface.ipv4Default(line)).isEmpty();
    assertThat(HostInterface.ipv6Default(line)).isEmpty();
  }
}
