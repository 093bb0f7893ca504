package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code lanyard extcap}, against answers of a daemon. */
final class ExtcapTest {
  @TempDir Path directory;
  private FakeDaemon daemon;
  private final Said said = new Said();

  @BeforeEach
  void start() throws IOException {
    daemon =
        new FakeDaemon(directory)
            .answer("GET /v1/networks", "[{\"name\":\"vmnet8\"},{\"name\":\"lab\"}]")
            .answer(
                "GET /v1/ports",
                """
                [{"network":"vmnet8","name":"web.nic0","kind":"guest","state":"up"},
                 {"network":"lab","name":"t","kind":"tap","state":"failed"}]
                """);
  }

  @AfterEach
  void stop() throws IOException {
    said.close();
    daemon.close();
  }

  private int run(String command) {
    return said.run(daemon.socket, "extcap " + command);
  }

  @Test
  void networksAndPortsAreInterfaces() {
    assertThat(run("--extcap-interfaces --extcap-version=4.0")).as(said.err()).isZero();
    assertThat(said.out())
        .matches(
            """
            extcap \\{version=[^}]+}\\{display=Lanyard}
            interface \\{value=lanyard-vmnet8}\\{display=Lanyard: network vmnet8}
            interface \\{value=lanyard-vmnet8.web.nic0}\\{display=Lanyard: vmnet8/web.nic0, guest, up}
            interface \\{value=lanyard-lab}\\{display=Lanyard: network lab}
            interface \\{value=lanyard-lab.t}\\{display=Lanyard: lab/t, tap, failed}
            """);
  }

  @Test
  void withoutADaemonThereAreNone() {
    assertThat(said.run(directory.resolve("none.sock"), "extcap --extcap-interfaces")).isZero();
    assertThat(said.out()).startsWith("extcap {").doesNotContain("interface");
    assertThat(said.err()).contains("no daemon is running");
  }

  @Test
  void framesAreEthernetAndAPortCanShowItsLast() {
    assertThat(run("--extcap-dlts --extcap-interface lanyard-vmnet8")).isZero();
    assertThat(said.out()).isEqualTo("dlt {number=1}{name=EN10MB}{display=Ethernet}\n");
    assertThat(run("--extcap-config --extcap-interface lanyard-vmnet8")).isZero();
    assertThat(said.out()).isEmpty();
    assertThat(run("--extcap-config --extcap-interface lanyard-vmnet8.web.nic0")).isZero();
    assertThat(said.out()).startsWith("arg {number=0}{call=--last}").contains("{type=string}");
  }

  @Test
  void aCaptureGoesIntoTheFifo() throws IOException {
    daemon.answer("GET /v1/networks/vmnet8/capture", "frames");
    Path fifo = directory.resolve("fifo");
    Files.createFile(fifo);
    assertThat(
            run(
                "--capture --extcap-interface lanyard-vmnet8.web.nic0 --extcap-capture-filter arp"
                    + " --fifo "
                    + fifo))
        .as(said.err())
        .isZero();
    assertThat(fifo).hasContent("frames");
    assertThat(daemon.asked().getLast().target())
        .isEqualTo("/v1/networks/vmnet8/capture?port=web.nic0&filter=arp");
    assertThat(
            run("--capture --extcap-interface lanyard-vmnet8.web.nic0 --last 30s --fifo " + fifo))
        .isZero();
    assertThat(daemon.asked().getLast().target())
        .isEqualTo("/v1/networks/vmnet8/capture?port=web.nic0&last=30s");
  }

  @Test
  void aWrongFilterIsSaidWhereWiresharkReadsIt() {
    daemon.answer("GET /v1/networks/lab/capture", 400, "{\"title\":\"syntax error\"}");
    assertThat(run("--extcap-capture-filter=arpp --extcap-interface lanyard-lab")).isZero();
    assertThat(said.out()).contains("syntax error");
  }

  @Test
  void whatMakesNoSenseIsBadUsage() {
    assertThat(said.run(daemon.socket, "extcap")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(run("--capture --extcap-interface lanyard-lab")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(run("--capture --fifo /x --extcap-interface eth0")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("lanyard-NETWORK.PORT");
  }
}
