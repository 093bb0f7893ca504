package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The examples in the documents and the shipped files work when a reader copies them. */
class DocumentationTest {
  private static final Path ROOT = Path.of("..");
  private static final Path SHIPPED = ROOT.resolve("config/etc/lanyard.yaml");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```yaml\n(.*?)^```");

  /** The file around an example that shows guests alone. */
  private static final String AROUND =
      "version: 1\nnetworks: {vmnet8: {mode: nat, ipv4: {subnet: 192.168.127.0/24}}}\n";

  private static final Schema SCHEMA =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(ConfigLoader.schema());

  private record Example(String name, String yaml) {}

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    return pages;
  }

  private static List<Example> examples() throws IOException {
    List<Example> examples = new ArrayList<>();
    for (Path page : pages()) {
      Matcher block = BLOCK.matcher(Files.readString(page));
      for (int i = 1; block.find(); i++) {
        String text = block.group(1);
        String whole = text.contains("version:") ? text : AROUND + text;
        examples.add(new Example(page.getFileName() + " " + i, whole));
      }
    }
    examples.add(new Example("the shipped file", Files.readString(SHIPPED)));
    examples.add(new Example("the shipped file's examples", shippedExamples()));
    return examples;
  }

  /** The part of the shipped file that is commented out, as a file of its own. */
  private static String shippedExamples() throws IOException {
    String text = Files.readString(SHIPPED);
    String mark = "# Further settings, each with an example:\n#\n";
    int at = text.indexOf(mark);
    assertThat(at).isPositive();
    String examples = text.substring(at + mark.length()).replaceAll("(?m)^# ?", "");
    String vmnet8 = "  vmnet8:\n    mode: nat\n    ipv4: {subnet: 192.168.127.0/24}\n";
    assertThat(examples).contains("  vmnet8:\n");
    return "version: 1\n" + examples.replace("  vmnet8:\n", vmnet8);
  }

  @TestFactory
  Stream<DynamicTest> everyExamplePassesTheSchemaAndTheLoader() throws IOException {
    return examples().stream()
        .map(example -> DynamicTest.dynamicTest(example.name(), () -> check(example.yaml())));
  }

  private static void check(String yaml) {
    assertThat(SCHEMA.validate(yaml, InputFormat.YAML)).isEmpty();
    assertThatCode(() -> ConfigLoader.parse("example", yaml, Samples.NOWHERE))
        .doesNotThrowAnyException();
  }

  @Test
  void theReadmeAndTheGuideHaveExamples() throws IOException {
    assertThat(examples().stream().map(Example::name))
        .contains("README.md 1", "configuration.md 1", "plugins.md 1");
  }

  @Test
  void theBuiltInFileIsTheShippedOne() throws IOException {
    assertThat(ConfigLoader.builtInText()).isEqualTo(Files.readString(SHIPPED));
  }
}
