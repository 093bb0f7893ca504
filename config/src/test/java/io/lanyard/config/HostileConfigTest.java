package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.ProcessorTime;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The loader ends soon for any file, with a configuration or a ConfigException. */
@Timeout(300)
class HostileConfigTest {
  private static final int MUTANTS = 20_000;
  private static final int NOISE = 80_000;
  private static final String ALPHABET =
      "abz019 \n\n  :::-[]{},'\"#&*!|>%@`~?/\\.\t\r\0\u0085\uFEFFé\uD83D";

  private static int refused(String text) {
    try {
      ConfigLoader.parse("fuzz", text, Samples.NOWHERE);
      return 0;
    } catch (ConfigException e) {
      assertThat(e.problems()).isNotEmpty();
      return 1;
    }
  }

  @Test
  void mutatedFilesAreRefusedOrRead() {
    SplittableRandom random = new SplittableRandom(20_261_122);
    List<String> seeds = new ArrayList<>();
    for (String directory : List.of("good", "bad")) {
      Samples.of(directory).forEach(file -> seeds.add(Samples.text(file)));
    }
    int refused = 0;
    for (int i = 0; i < MUTANTS; i++) {
      String text = seeds.get(random.nextInt(seeds.size()));
      String other = seeds.get(random.nextInt(seeds.size()));
      try {
        refused += refused(mutate(random, text, other));
      } catch (RuntimeException | StackOverflowError e) {
        throw new AssertionError("document " + i, e);
      }
    }

    assertThat(refused).isBetween(MUTANTS / 2, MUTANTS - 1);
  }

  private static String mutate(SplittableRandom random, String text, String other) {
    StringBuilder mutant = new StringBuilder(text);
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      int at = random.nextInt(mutant.length() + 1);
      int end = Math.min(mutant.length(), at + random.nextInt(20));
      switch (random.nextInt(5)) {
        case 0 -> mutant.delete(at, end);
        case 1 -> mutant.insert(at, mutant.substring(at, end).repeat(1 + random.nextInt(3)));
        case 2 -> mutant.insert(at, noise(random, 4));
        case 3 -> {
          if (at < mutant.length()) {
            mutant.setCharAt(at, ALPHABET.charAt(random.nextInt(ALPHABET.length())));
          }
        }
        default -> {
          int from = random.nextInt(other.length() + 1);
          mutant.insert(at, other, from, Math.min(other.length(), from + random.nextInt(60)));
        }
      }
    }
    return mutant.toString();
  }

  private static String noise(SplittableRandom random, int longest) {
    int length = random.nextInt(longest + 1);
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return text.toString();
  }

  @Test
  void noiseIsRefused() {
    SplittableRandom random = new SplittableRandom(7);
    int refused = 0;
    for (int i = 0; i < NOISE; i++) {
      refused += refused(noise(random, 80));
    }

    assertThat(refused).isEqualTo(NOISE);
  }

  @Test
  void aDeepFileIsRefusedWithoutOverflow() {
    for (String open : List.of("[", "{a: ", "- ", "? ", "\n- ")) {
      assertThatThrownBy(() -> parse(open.repeat(200_000))).isInstanceOf(ConfigException.class);
    }
    StringBuilder indented = new StringBuilder("version: 1\nnetworks:\n");
    for (int i = 1; i < 1000; i++) {
      indented.append(" ".repeat(i)).append("a:\n");
    }
    assertThatThrownBy(() -> parse(indented.toString())).isInstanceOf(ConfigException.class);
  }

  @Test
  void anAliasBombIsRefused() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x]\n");
    for (int i = 1; i < 50; i++) {
      bomb.append("a%d: &a%d [*a%d, *a%d]%n".formatted(i, i, i - 1, i - 1));
    }

    assertThatThrownBy(() -> parse(bomb.toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("anchors (&name) are not supported");
  }

  @Test
  void aHugeFileIsRefused() {
    assertThatThrownBy(() -> parse("#".repeat(YamlReader.LONGEST_TEXT + 1)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("longer than");
    assertThatThrownBy(() -> parse("[" + "1,".repeat(1 << 20) + "]"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("more than 200000 values");
  }

  @Test
  void aFileWithManyProblemsGetsAReportThatEnds() {
    StringBuilder text = new StringBuilder("version: 1\nnetworks: {}\n");
    for (int i = 0; i < 20_000; i++) {
      text.append("nonsense").append(i).append(": 1\n");
    }

    assertThatThrownBy(() -> parse(text.toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessageEndingWith("fuzz: and 19900 more problems");
  }

  @Test
  void moreNetworksOrRulesThanAnybodyHasAreRefused() {
    StringBuilder networks = new StringBuilder("version: 1\nnetworks:\n");
    for (int i = 0; i <= 1000; i++) {
      networks.append("  n").append(i).append(": {mode: isolated}\n");
    }
    assertThatThrownBy(() -> parse(networks.toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessage("fuzz:3:3: networks: expected at most 1000 networks, found 1001");

    String rules = "{deny: 10.0.0.0/8}, ".repeat(4097);
    String network =
        "a: {mode: nat, ipv4: {subnet: 10.0.0.0/24}, egress: {rules: [" + rules + "]}}";
    assertThatThrownBy(() -> parse("version: 1\nnetworks: {" + network + "}"))
        .isInstanceOf(ConfigException.class)
        .hasMessageEndingWith("networks.a.egress.rules: expected at most 4096 rules, found 4097");
  }

  @Test
  void aLargeConfigurationIsReadInTime() {
    StringBuilder text = new StringBuilder("version: 1\nnetworks:\n");
    for (int i = 0; i < 1000; i++) {
      text.append("  n%d:\n    mode: nat\n".formatted(i));
      text.append("    ipv4: {subnet: 10.%d.%d.0/24}\n".formatted(i / 256, i % 256));
      text.append("    dhcp:\n      reservations:\n");
      for (int j = 10; j < 30; j++) {
        text.append(
            "        - {mac: \"52:54:00:00:00:%02x\", address: 10.%d.%d.%d, hostname: h%d}\n"
                .formatted(j, i / 256, i % 256, j, j));
      }
      text.append("    forwards:\n");
      for (int j = 10; j < 15; j++) {
        text.append(
            "      - {protocol: tcp, listen: \"127.%d.%d.1:%d\", to: \"h%d:80\"}\n"
                .formatted(i / 256, i % 256, 8000 + j, j));
      }
    }

    assertThatCode(() -> parse(text.toString())).doesNotThrowAnyException();
  }

  private static void parse(String text) throws ConfigException {
    ConfigLoader.parse("fuzz", text, Samples.NOWHERE);
  }

  /** The longest texts of one line, each of a kind that the engine reads in its own way. */
  static Stream<Arguments> longLines() {
    int room = YamlReader.LONGEST_TEXT - 100;
    return Stream.of(
        Arguments.of("a comment", "#" + "x".repeat(room)),
        Arguments.of("tabs", "\t".repeat(room)),
        Arguments.of("a key in quotes", "{\"" + "k".repeat(room) + "\": 1}"),
        Arguments.of("a text in single quotes", "version: '" + "''".repeat(room / 2) + "'"),
        Arguments.of("a plain text", "version: " + "a ".repeat(room / 2)),
        Arguments.of("a block of one line", "version: |\n  " + "b".repeat(room)),
        Arguments.of("a number", "version: " + "9".repeat(room)),
        Arguments.of(
            "an address", "networks: {n: {ipv4: {subnet: " + "1.".repeat(room / 2) + "}}}"),
        Arguments.of("a directive", "%YAML " + "1".repeat(room)),
        Arguments.of("an anchor", "version: &" + "a".repeat(room) + " 1"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("longLines")
  void aLongLineIsReadInTimeThatGrowsWithIt(String kind, String text) throws Exception {
    ProcessorTime before = ProcessorTime.ofThisThread();
    assertThat(refused(text)).isOne();
    assertThat(ProcessorTime.ofThisThread().since(before).ran())
        .as("nanoseconds of a processor")
        .isLessThan(20_000_000_000L);
  }
}
