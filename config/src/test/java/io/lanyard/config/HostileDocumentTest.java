package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Changes come from the network: whatever they say, they are laid or have problems. */
@Timeout(300)
class HostileDocumentTest {
  private static final int CHANGES = 20_000;
  private static final Instant NOON = Instant.parse("2026-11-29T12:00:00Z");

  private static Document full() throws ConfigException {
    return Document.of("full", Samples.text(Samples.of("good").getFirst()), Samples.NOWHERE);
  }

  private static Edit set(String path, String value) {
    return Edit.set(DocumentPath.parse(path), value, "mallory", NOON);
  }

  static Stream<String> hostileValues() {
    return Stream.of(
        "",
        "   # nothing",
        "[".repeat(100_000),
        "{a: ".repeat(1000),
        "&a [*a]",
        "\"02:\\u",
        "\"02:\\x4",
        "*a",
        "!!java/object:x {}",
        "a: 1\n---\nb: 2",
        "{a: 1, a: 2}",
        "{\"a\": \"\u0001\"}",
        "\"\\ud800",
        "{[a]: b}",
        "\t- a",
        "%YAML 2.0\n--- a",
        "{\"a\":1}}");
  }

  @ParameterizedTest
  @MethodSource("hostileValues")
  void aHostileValueIsAProblemOfWhoSentIt(String value) throws ConfigException {
    Document document = full();

    assertThatThrownBy(() -> document.with(set("networks.lab.dns", value)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("change by mallory at 2026-11-29T12:00:00Z");
  }

  @Test
  void aHugeValueIsAProblem() throws ConfigException {
    Document document = full();

    assertThatThrownBy(() -> document.with(set("a", "x".repeat(YamlReader.LONGEST_TEXT))))
        .hasMessageContaining("file and changes are longer than");
    Document half = document.with(set("a", "x".repeat(YamlReader.LONGEST_TEXT / 2)));
    assertThatThrownBy(() -> half.with(set("b", "x".repeat(YamlReader.LONGEST_TEXT / 2))))
        .hasMessageContaining("file and changes are longer than");
  }

  @Test
  void changesWithMoreValuesThanAFileMayHaveAreAProblem() throws ConfigException {
    String many = "[" + "1,".repeat(150_000) + "]";
    Document document = full().with(set("a", many)).with(set("b", many));

    assertThatThrownBy(document::configuration).hasMessageContaining("more than 200000 values");
  }

  @Test
  void aPathThatLeadsDeepIsAProblem() throws ConfigException {
    Document document = full();

    assertThatThrownBy(() -> document.with(set("a" + ".a".repeat(30), "1")))
        .hasMessageContaining("the path has more than 16 steps");
  }

  @Test
  void aKeyWithControlCharactersIsNotPrintedAsItIs() throws ConfigException {
    Document document =
        full().with(Edit.set(DocumentPath.of("networks", "\u001b[2J\n"), "{}", "\u001b[31m", NOON));

    assertThatThrownBy(document::configuration)
        .message()
        .doesNotContain("\u001b")
        .contains("\\u001b");
    assertThat(document.settings(false).toString()).doesNotContain("\u001b[2J");
  }

  @Test
  void randomChangesAreLaidOrHaveProblems() throws ConfigException {
    SplittableRandom random = new SplittableRandom(20_261_129);
    Document start = full();
    List<String> steps = new ArrayList<>(List.of("x", "0", "1", "nic0", "a/b", "é\n"));
    List<Setting> settings = start.settings(false);
    settings.forEach(setting -> steps.addAll(setting.path().steps()));
    List<String> values = new ArrayList<>(hostileValues().filter(v -> v.length() < 100).toList());
    values.addAll(List.of("1", "true", "~", "[]", "{}", "off", "\"*:1\"", "{name: x}", "'a\n b'"));
    settings.forEach(setting -> values.add(setting.value()));
    Document document = start;
    int laid = 0;
    for (int i = 0; i < CHANGES; i++) {
      DocumentPath known = settings.get(random.nextInt(settings.size())).path();
      List<String> path = new ArrayList<>();
      for (String step : known.steps()) {
        path.add(random.nextInt(20) == 0 ? steps.get(random.nextInt(steps.size())) : step);
        if (random.nextInt(8) == 0) {
          break;
        }
      }
      Edit edit =
          random.nextInt(3) == 0
              ? Edit.remove(new DocumentPath(path), "m", NOON)
              : Edit.set(
                  new DocumentPath(path), values.get(random.nextInt(values.size())), "m", NOON);
      try {
        document = document.with(edit);
        laid++;
      } catch (ConfigException e) {
        assertThat(e.problems()).isNotEmpty();
      } catch (RuntimeException e) {
        throw new AssertionError("change " + i + ": " + edit, e);
      }
      if (i % 50 == 0) {
        saysTheSameWrittenAnew(document);
        document = start;
      }
    }
    assertThat(laid).isGreaterThan(CHANGES / 10);
  }

  static void saysTheSameWrittenAnew(Document document) throws ConfigException {
    Document again = Document.of("again", document.effectiveText(), Samples.NOWHERE);
    assertThat(again.effectiveText()).isEqualTo(document.effectiveText());
    assertThat(messages(again)).isEqualTo(messages(document));
    Document kept =
        Document.of(document.source(), document.text(), document.directory())
            .withKept(document.edits());
    assertThat(kept).isEqualTo(document);
    assertThat(kept.effectiveText()).isEqualTo(document.effectiveText());
  }

  /**
   * The problems without their places, sorted, because places differ, and with the names of items,
   * which a file's problems count; or none.
   */
  private static List<String> messages(Document document) {
    YamlNode tree = YamlReader.read(document.effectiveText(), new Problems("effective"));
    try {
      document.configuration();
      return List.of();
    } catch (ConfigException e) {
      return e.problems().stream()
          .map(problem -> named(tree, problem.path()) + ": " + problem.message())
          .map(text -> text.replaceAll("\\((line|change).*", ""))
          .filter(text -> !text.matches("(?s).*(overlaps|already used|is there twice).*"))
          .sorted()
          .toList();
    }
  }

  private static String named(@Nullable YamlNode tree, String path) {
    return tree == null ? path : ItemNames.in(tree, path);
  }
}
