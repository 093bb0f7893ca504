package io.lanyard.nat.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReservedPortsTest {
  @TempDir private Path directory;

  private ReservedPorts of(String kernel, String services) throws IOException {
    Path list = Files.writeString(directory.resolve("reserved"), kernel);
    return ReservedPorts.of(list, Files.writeString(directory.resolve("services"), services));
  }

  @Test
  void aSettingOfTheKernelIsReadWhole() throws IOException {
    // Any number of the kernel's stands for its list, which a test has no right to change.
    Path setting = Path.of("/proc/sys/net/core/somaxconn");
    int number = Integer.parseInt(Files.readAllLines(setting).getFirst());
    assumeTrue(number >= 1024 && number < 65536);
    Path none = directory.resolve("none");
    assertThat(ReservedPorts.of(none, none).contains(number)).isFalse();
    assertThat(ReservedPorts.of(setting, none).contains(number)).isTrue();
  }

  @Test
  void privilegedPortsAndWhatTheKernelKeepsBackAreReserved() throws IOException {
    ReservedPorts ports = of("8080,9148-9150\n", "");
    assertThat(ports.contains(1023)).isTrue();
    assertThat(ports.contains(1024)).isFalse();
    assertThat(ports.contains(8080)).isTrue();
    assertThat(ports.contains(8081)).isFalse();
    assertThat(ports.contains(9148)).isTrue();
    assertThat(ports.contains(9150)).isTrue();
    assertThat(ports.contains(9151)).isFalse();
  }

  @Test
  void servicesWithANameForUdpAreReserved() throws IOException {
    ReservedPorts ports =
        of(
            "",
            """
            sip\t\t5060/tcp
            sip\t\t5060/udp # phones
            #x 7000/udp
            web 8080/tcp
            odd 99999/udp
            """);
    assertThat(ports.contains(5060)).isTrue();
    assertThat(ports.contains(7000)).isFalse();
    assertThat(ports.contains(8080)).isFalse();
  }

  @Test
  void wireGuardsPortIsReservedThoughNoListSaysSo() throws IOException {
    assertThat(of("", "").contains(51820)).isTrue();
  }

  @Test
  void aForwardsPortIsReservedWhileThereIsAForward() throws IOException {
    ReservedPorts ports = of("", "");
    ports.reserve(40000);
    ports.reserve(40000);
    ports.release(40000);
    assertThat(ports.contains(40000)).isTrue();
    ports.release(40000);
    assertThat(ports.contains(40000)).isFalse();
  }

  @Test
  void listsThatMakeNoSenseReserveNothing() throws IOException {
    ReservedPorts ports = of("x,70000,9-5,-,5-,99999-100000", "a\n\nb 2000/udp/2\nc -1/udp\n");
    assertThat(IntStream.range(1024, 4242).filter(ports::contains)).isEmpty();
    Path none = directory.resolve("none");
    assertThat(ReservedPorts.of(none, none).contains(80)).isTrue();
    assertThat(ReservedPorts.of(none, none).contains(2000)).isFalse();
  }
}
