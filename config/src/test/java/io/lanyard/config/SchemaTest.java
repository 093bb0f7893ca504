package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** The schema that editors use says the same as the loader, as far as a schema can. */
class SchemaTest {
  private static final JsonNode DEFINITIONS =
      new ObjectMapper().readTree(ConfigLoader.schema()).get("$defs");

  private static final Schema SCHEMA =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(ConfigLoader.schema());

  private static List<Error> errors(String yaml) {
    return SCHEMA.validate(yaml, InputFormat.YAML);
  }

  @TestFactory
  Stream<DynamicTest> everySectionOfTheLoaderHasTheSameKeysInTheSchema() {
    return Section.ALL.stream()
        .map(section -> DynamicTest.dynamicTest(section.name(), () -> compareKeys(section)));
  }

  private static void compareKeys(Section section) {
    JsonNode definition = DEFINITIONS.get(section.name());

    assertThat(definition).isNotNull();
    assertThat(definition.get("properties").propertyNames())
        .containsExactlyElementsOf(section.keys());
    assertThat(definition.get("additionalProperties").asBoolean()).isFalse();
    List<String> required = new ArrayList<>();
    if (definition.has("required")) {
      definition.get("required").forEach(key -> required.add(key.asString()));
    }
    assertThat(required).isEqualTo(section.required());
  }

  @Test
  void theSchemaHasNoSectionThatTheLoaderDoesNotHave() {
    Set<String> objects = new TreeSet<>();
    DEFINITIONS
        .properties()
        .forEach(definition -> {
          if (definition.getValue().has("properties")) {
            objects.add(definition.getKey());
          }
        });

    assertThat(objects).containsExactlyInAnyOrderElementsOf(names());
  }

  private static List<String> names() {
    return Section.ALL.stream().map(Section::name).toList();
  }

  @Test
  void everyKeyHasADescription() {
    List<String> without = new ArrayList<>();
    for (Section section : Section.ALL) {
      for (String key : section.keys()) {
        JsonNode property = DEFINITIONS.get(section.name()).get("properties").get(key);
        boolean described = property.has("description") || property.has("const");
        if (!described && property.has("$ref")) {
          String name = property.get("$ref").asString().replace("#/$defs/", "");
          described = DEFINITIONS.get(name).has("description");
        }
        if (!described) {
          without.add(section.name() + "." + key);
        }
      }
    }

    assertThat(without).isEmpty();
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
