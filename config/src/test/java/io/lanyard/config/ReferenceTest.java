package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * The tables of {@code docs/configuration.md} are made from the schema. With {@code
 * -Dreference.write=true} they are written instead of compared.
 */
class ReferenceTest {
  private static final Path PAGE = Path.of("../docs/configuration.md");
  private static final String BEGIN = "<!-- made from the schema: begin -->\n";
  private static final String END = "<!-- made from the schema: end -->\n";

  private static final JsonNode DEFINITIONS =
      new ObjectMapper().readTree(ConfigLoader.schema()).get("$defs");

  /** Where each section stands in a file. */
  private static final Map<String, String> PATHS =
      Map.ofEntries(
          Map.entry("root", "The file"),
          Map.entry("network", "`networks.NAME`"),
          Map.entry("ipv4", "`networks.NAME.ipv4`"),
          Map.entry("host-adapter", "`networks.NAME.host-adapter`"),
          Map.entry("dhcp", "`networks.NAME.dhcp`"),
          Map.entry("reservation", "`networks.NAME.dhcp.reservations[]`"),
          Map.entry("dhcp-options", "`networks.NAME.dhcp.options`"),
          Map.entry("dns", "`networks.NAME.dns`"),
          Map.entry("nat", "`networks.NAME.nat`"),
          Map.entry("timeouts", "`networks.NAME.nat.timeouts`"),
          Map.entry("quotas", "`networks.NAME.nat.quotas`"),
          Map.entry("egress", "`networks.NAME.egress`"),
          Map.entry("egress-rule", "`networks.NAME.egress.rules[]`"),
          Map.entry("storm-control", "`networks.NAME.storm-control`"),
          Map.entry("forward", "`networks.NAME.forwards[]`"),
          Map.entry("qemu-stream", "`networks.NAME.ports[]` of kind `qemu-stream`"),
          Map.entry("tap", "`networks.NAME.ports[]` of kind `tap`"),
          Map.entry("guest", "`guests.NAME`"),
          Map.entry("disk", "`guests.NAME.disks[]`"),
          Map.entry("nic", "`guests.NAME.nics[]`"),
          Map.entry("api", "`api`"),
          Map.entry("metrics", "`metrics`"),
          Map.entry("directories", "`directories`"),
          Map.entry("log", "`log`"));

  @Test
  void theReferenceSaysWhatTheSchemaSays() throws IOException {
    String page = Files.readString(PAGE);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    int end = page.indexOf(END);
    assertThat(begin).isGreaterThanOrEqualTo(BEGIN.length());
    assertThat(end).isGreaterThanOrEqualTo(begin);
    String tables = tables();
    if (Boolean.getBoolean("reference.write")) {
      page = page.substring(0, begin) + tables + page.substring(end);
      Files.writeString(PAGE, page);
      end = page.indexOf(END);
    }

    assertThat(page.substring(begin, end)).isEqualTo(tables);
  }

  private static String tables() {
    StringBuilder text = new StringBuilder("\n");
    for (Section section : Section.ALL) {
      JsonNode definition = DEFINITIONS.get(section.name());
      text.append("### ").append(PATHS.get(section.name())).append("\n\n");
      if (definition.has("description")) {
        text.append(definition.get("description").asString()).append("\n\n");
      }
      text.append("| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
      for (String key : section.keys()) {
        text.append(row(section, key, definition.get("properties").get(key)));
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static String row(Section section, String key, JsonNode property) {
    JsonNode target = property;
    if (property.has("$ref")) {
      target = DEFINITIONS.get(property.get("$ref").asString().replace("#/$defs/", ""));
    }
    String meaning =
        property.has("description")
            ? property.get("description").asString()
            : target.has("description") ? target.get("description").asString() : "";
    String otherwise =
        property.has("default")
            ? "`" + property.get("default").asString() + "`"
            : section.required().contains(key) ? "required" : "";
    return "| `%s` | %s | %s | %s |%n"
        .formatted(key, value(property, target), otherwise, meaning.replace("|", "\\|"));
  }

  private static String value(JsonNode property, JsonNode target) {
    String type =
        property.has("$ref") ? property.get("$ref").asString().replace("#/$defs/type-", "") : "";
    if (!type.isEmpty() && !type.startsWith("#")) {
      return switch (type) {
        case "ipv4" -> "IPv4 address";
        case "mac" -> "MAC address";
        case "port-mtu" -> "576 to 65520";
        case "quota" -> "0 to 1048576";
        case "label", "name", "word", "device" -> "name";
        case "endpoint" -> "`address:port`";
        default -> type.replace('-', ' ');
      };
    }
    if (target.has("enum")) {
      StringBuilder words = new StringBuilder();
      for (JsonNode word : target.get("enum")) {
        words.append(words.isEmpty() ? "`" : ", `").append(word.asString()).append('`');
      }
      return words.toString();
    }
    if (target.has("const")) {
      return "`" + target.get("const").asString() + "`";
    }
    if (target.has("minimum")) {
      return target.get("minimum").asInt() + " to " + target.get("maximum").asInt();
    }
    if (target.has("oneOf")) {
      return "`true`, `false` or list";
    }
    if (target.has("anyOf") && target.get("anyOf").get(0).has("const")) {
      return "`" + target.get("anyOf").get(0).get("const").asString() + "` or mapping";
    }
    String kind = target.has("type") ? target.get("type").asString() : "string";
    return switch (kind) {
      case "object" -> "mapping";
      case "array" -> "list";
      case "string" -> "text";
      case "boolean" -> "`true` or `false`";
      default -> kind;
    };
  }
}
