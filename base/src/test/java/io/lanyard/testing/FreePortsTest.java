package io.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class FreePortsTest {
  @Test
  void eachIsAnotherOneThatCanBeOpened() throws Exception {
    int[] ports = FreePorts.some(50);
    assertThat(Arrays.stream(ports).distinct()).hasSize(ports.length);
    for (int port : ports) {
      assertThat(port).isBetween(10_000, 19_999);
      new ServerSocket(port).close();
      new DatagramSocket(port).close();
    }
  }

  @Test
  void thoseOfARangeAreAllFree() throws Exception {
    int first = FreePorts.range(5);
    for (int port = first; port < first + 5; port++) {
      new ServerSocket(port).close();
    }
  }
}
