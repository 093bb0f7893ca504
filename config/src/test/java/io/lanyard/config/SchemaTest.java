package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The schema that editors use says the same as the loader, as far as a schema can. */
class SchemaTest {
  private static final Schema SCHEMA =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(ConfigLoader.schema());

  private static List<Error> errors(String yaml) {
    return SCHEMA.validate(yaml, InputFormat.YAML);
  }

  @TestFactory
  Stream<DynamicTest> everyGoodFilePassesTheSchemaAndTheLoader() {
    return Samples.of("good").stream()
        .map(file ->
            DynamicTest.dynamicTest(
                file.getFileName().toString(),
                () -> {
                  assertThat(errors(Samples.text(file))).isEmpty();
                  assertThat(Samples.parse(file)).isNotNull();
                }));
  }

  @Test
  void theShippedFilePassesTheSchema() {
    assertThat(errors(ConfigLoader.builtInText())).isEmpty();
  }

  /**
   * A bad file says in its first line what the schema makes of it; those that are no YAML do not.
   */
  @TestFactory
  Stream<DynamicTest> everyBadFileGetsFromTheSchemaWhatItSays() {
    return Samples.of("bad").stream()
        .filter(file -> Samples.text(file).startsWith("# schema: "))
        .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> judge(file)));
  }

  private static void judge(Path file) {
    String text = Samples.text(file);
    if (text.startsWith("# schema: accepts")) {
      assertThat(errors(text)).isEmpty();
    } else {
      assertThat(errors(text)).isNotEmpty();
    }
  }
}
