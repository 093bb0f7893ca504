package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentPathTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "log.level",
        "networks.vmnet8.forwards[web].listen",
        "networks.vmnet8.forwards[tcp/127.0.0.1:8080]",
        "networks.vmnet8.forwards[udp/[::1]:8081].to",
        "networks.vmnet8.ports[ns-a.1].addresses[0]",
        "networks.vmnet8.dhcp.reservations[52:54:00:00:00:10].hostname",
        "networks.vmnet8.dhcp.options.ntp-servers[1]",
        "networks.vmnet8.dns.hosts.\"www.example\"",
        "networks.vmnet8.dns.hosts.\"*.apps\"",
        "networks.vmnet8.egress.rules[12].allow",
        "guests.demo.nics[0].mac",
        "guests.demo.options.\"a\\\"b\\\\c\\u000a\"",
        "networks.\"a[b\".mtu",
        "\"\".x",
      })
  void aPathIsReadAsItIsPrinted(String text) {
    DocumentPath path = DocumentPath.parse(text);

    assertThat(path).hasToString(text);
    assertThat(new DocumentPath(path.steps())).isEqualTo(path);
  }

  @ParameterizedTest
  @CsvSource({
    "networks.a.dhcp.reservations[52-54-00-AA-00-10], 52:54:00:aa:00:10",
    "networks.a.forwards[tcp/localhost:80], tcp/127.0.0.1:80",
    "networks.a.forwards[udp/*:80], udp/0.0.0.0:80",
    "networks.a.dns.hosts.Printer, printer",
    "networks.Abc, Abc",
    "guests.Demo, demo",
    "guests.demo.nics[nic1], 1",
    "networks.a.forwards.web, web",
    "networks[a], a",
  })
  void aStepHasOneForm(String text, String last) {
    assertThat(DocumentPath.parse(text).steps().getLast()).isEqualTo(last);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "a[",
        "a[]",
        "a]",
        "a[b",
        "a[\"b\"",
        "a\"b",
        "\"a",
        "a.\"b\"c",
        "a[b]c",
        "\"\\u00\"",
        "\"\\u00zz\"",
        "\"\\",
        "\"\\u",
      })
  void whatIsNoPathIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> DocumentPath.parse(text));
  }

  @Test
  void aPathWithoutEndIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> DocumentPath.parse("a".repeat(5000)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DocumentPath.parse("a" + ".a".repeat(100)));
    assertThatIllegalArgumentException().isThrownBy(() -> new DocumentPath(List.of()));
  }

  @Test
  void anyStepsArePrintedSoThatTheyAreReadAgain() {
    SplittableRandom random = new SplittableRandom(1);
    String alphabet = "ab.[]\"\\/:*u0 \n\u00e9\ud83d";
    List<String> heads = List.of("networks", "guests", "x");
    for (int i = 0; i < 20_000; i++) {
      StringBuilder step = new StringBuilder();
      for (int n = random.nextInt(6); n >= 0; n--) {
        step.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      List<String> lists = List.of("forwards", "ports", "dns", "nics", step.toString());
      DocumentPath path =
          DocumentPath.of(
              heads.get(random.nextInt(heads.size())),
              step.toString(),
              lists.get(random.nextInt(lists.size())),
              step.reverse().toString());

      assertThat(DocumentPath.parse(path.toString())).isEqualTo(path);
    }
  }
}
