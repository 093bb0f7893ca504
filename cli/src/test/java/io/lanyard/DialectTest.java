package io.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The project's one dialect, as far as a pattern can tell: over the sources of all modules. */
class DialectTest {
  private static final Path ROOT = Path.of("..");

  private static final Pattern COMMENT = Pattern.compile("^\\s*(/\\*\\*|\\*|//)|(?<=[;{}),]) // ");

  private static final Pattern TEST_METHOD_WITH_UNDERSCORE =
      Pattern.compile("^  +(public )?(static )?void \\w*_\\w*\\(");

  /** Words and phrases that have a plain one in their place. */
  private static final Pattern PHRASE =
      Pattern.compile(
          "\\b(for want of|in vain|sees? to it|whoever|for ever|of no more use|no business of)\\b"
              + "|\\b(once|object|loop|call|one|bit) an?"
              + " (burst|frame|network|slot|packet|datagram|client|guest)\\b(?! (that|has|is)\\b)",
          Pattern.CASE_INSENSITIVE);

  /** Other words for NIC, link, executor and timeout. */
  private static final Pattern WORD =
      Pattern.compile(
          "\\b(cards?|network cards?|cables?|(un)?plugged|unplugs?|patience|lanes?)\\b",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern IDENTIFIER =
      Pattern.compile("\\b\\w*(Card|Cable|Patience|Lane|Unplug)([A-Z]\\w*)?\\b");

  /** A query's Javadoc begins with its noun or with "Whether", a command's with its verb. */
  private static final Pattern OPENING =
      Pattern.compile("/\\*\\*\\s+(\\* )?(What|Whatever|Says whether|Tells whether) ");

  private static List<Path> files(String... suffixes) throws IOException {
    try (Stream<Path> all = Files.walk(ROOT)) {
      List<Path> found =
          all.filter(Files::isRegularFile)
              .filter(file -> Stream.of(suffixes).anyMatch(file.toString()::endsWith))
              .filter(file -> !file.toString().contains("/target/"))
              .filter(file -> !file.endsWith("DialectTest.java"))
              .toList();
      assertThat(found).as("files that end with %s", List.of(suffixes)).hasSizeGreaterThan(5);
      return found;
    }
  }

  private static List<String> lines(List<Path> files, boolean comments, Pattern wrong)
      throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : files) {
      int number = 0;
      for (String line : Files.readAllLines(file)) {
        number++;
        Matcher comment = COMMENT.matcher(line);
        String text = !comments ? line : comment.find() ? line.substring(comment.start()) : "";
        if (wrong.matcher(text).find()) {
          found.add(file + ":" + number + ": " + line.strip());
        }
      }
    }
    return found;
  }

  @Test
  void testMethodsAreCamelCase() throws IOException {
    List<Path> tests =
        files(".java").stream().filter(file -> file.toString().contains("/src/test/")).toList();
    assertThat(lines(tests, false, TEST_METHOD_WITH_UNDERSCORE)).isEmpty();
  }

  @Test
  void commentsAndDocumentsHaveNoPhraseThatReadsLikeATranslation() throws IOException {
    List<String> found = lines(files(".java"), true, PHRASE);
    found.addAll(lines(files(".md"), false, PHRASE));
    assertThat(found).isEmpty();
  }

  @Test
  void commentsAndDocumentsUseTheWordsOfTheField() throws IOException {
    List<String> found = lines(files(".java"), true, WORD);
    found.addAll(lines(files(".md"), false, WORD));
    found.addAll(lines(files(".java"), false, IDENTIFIER));
    assertThat(found).isEmpty();
  }

  @Test
  void javadocBeginsWithANounOrAVerb() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : files(".java")) {
      Matcher opening = OPENING.matcher(Files.readString(file));
      while (opening.find()) {
        found.add(file + ": " + opening.group().strip());
      }
    }
    assertThat(found).isEmpty();
  }
}
