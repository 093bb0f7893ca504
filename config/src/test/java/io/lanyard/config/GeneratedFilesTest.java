package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * The schema and the tables of the reference are what the declarations of the keys make. With
 * {@code -Dgenerated.write=true} they are written instead of compared.
 */
class GeneratedFilesTest {
  private static final Path SCHEMA =
      Path.of("src/main/resources/io/lanyard/config/lanyard.schema.json");
  private static final Path PAGE = Path.of("../docs/configuration.md");
  private static final String BEGIN = "<!-- made from the declarations of the keys: begin -->\n";
  private static final String END = "<!-- made from the declarations of the keys: end -->\n";

  private static void compare(Path file, String expected) throws IOException {
    if (Boolean.getBoolean("generated.write")) {
      Files.writeString(file, expected);
    }

    assertThat(Files.readString(file))
        .as("%s, which -Dgenerated.write=true makes anew", file)
        .isEqualTo(expected);
  }

  @Test
  void theSchemaSaysWhatTheKeysSay() throws IOException {
    compare(SCHEMA, SchemaWriter.text());
  }

  @Test
  void theReferenceSaysWhatTheKeysSay() throws IOException {
    String page = Files.readString(PAGE);
    assertThat(page).containsOnlyOnce(BEGIN).containsOnlyOnce(END);
    int begin = page.indexOf(BEGIN) + BEGIN.length();

    compare(
        PAGE,
        page.substring(0, begin) + ReferenceWriter.text() + page.substring(page.indexOf(END)));
  }
}
