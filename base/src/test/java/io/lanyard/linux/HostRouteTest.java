package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Subnet;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostRouteTest {
  @Test
  void theKernelsTableIsReadWithoutDefaultRoutesAndWhateverElseIsThere() {
    assertThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    List<HostRoute> routes =
        HostRoute.read(
            List.of(
                "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
                "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
                "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
                "tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0",
                "old0\t0000A8C0\t00000000\t0000\t0\t0\t0\t0000FFFF\t0\t0\t0",
                "bad0\t0002\t0\tx\t0\t0\t0\t00FFFFFF",
                "",
                "short"));
    assertThat(routes)
        .containsExactly(
            new HostRoute(Subnet.parse("192.0.2.0/24"), "eth0"),
            new HostRoute(Subnet.parse("10.0.0.0/8"), "tun0"));
  }
}
