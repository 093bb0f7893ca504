package io.lanyard.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.client.ConfigItem;
import io.lanyard.control.client.ConfigurationClient;
import io.lanyard.control.client.GuestClient;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.NetworkClient;
import io.lanyard.control.client.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The records of the API are what its document says, and the client has a method for each. */
final class ApiRecordsTest {
  private static final String PACKAGE = DaemonStatus.class.getPackageName() + ".";

  /** How the names of the configuration's schemas begin; values of a file are no records. */
  private static final String CONFIGURATION = "config-";

  private static JsonNode document() throws IOException {
    try (InputStream in = ControlServer.class.getResourceAsStream("openapi.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  /** The record of a schema: of its name, or with "Info" behind that. */
  private static Class<?> record(String schema) {
    for (String name : List.of(schema, schema + "Info", "GuestInfo$" + schema)) {
      try {
        return Class.forName(PACKAGE + name);
      } catch (ClassNotFoundException e) {
        // The next one.
      }
    }
    throw new AssertionError("the schema " + schema + " has no record in " + PACKAGE);
  }

  /** A component's type in the words of the document. */
  private static String word(Type type) {
    return switch (type) {
      case ParameterizedType list when list.getRawType() == List.class ->
          "array of " + word(list.getActualTypeArguments()[0]);
      case ParameterizedType map when map.getRawType() == Map.class ->
          "object of " + word(map.getActualTypeArguments()[1]);
      case GenericArrayType array -> "array of " + word(array.getGenericComponentType());
      case Class<?> c when c == String.class -> "string";
      case Class<?> c when c == boolean.class -> "boolean";
      case Class<?> c when c == int.class || c == long.class || c == Long.class -> "integer";
      case Class<?> c when c == double.class -> "number";
      case Class<?> c when c == Object.class -> "string or number or boolean";
      case Class<?> c -> c.getSimpleName().replaceFirst("^(Component|Problem)Info$", "$1");
      default -> throw new AssertionError(type);
    };
  }

  private static String word(JsonNode schema) {
    if (schema.has("$ref")) {
      return schema.path("$ref").asText().replaceFirst(".*/", "");
    }
    if (schema.path("type").isArray()) {
      TreeSet<String> words = new TreeSet<>();
      schema.path("type").forEach(type -> words.add(type.asText()));
      return words.equals(new TreeSet<>(List.of("string", "number", "boolean")))
          ? "string or number or boolean"
          : words.toString();
    }
    return switch (schema.path("type").asText()) {
      case "array" -> "array of " + word(schema.path("items"));
      case "object" -> "object of " + word(schema.path("additionalProperties"));
      default -> schema.path("type").asText();
    };
  }

  @Test
  void everySchemaIsARecordMemberForMember() throws IOException {
    for (var schema : document().path("components").path("schemas").properties()) {
      if (schema.getKey().startsWith(CONFIGURATION)) {
        continue;
      }
      Map<String, String> described = new TreeMap<>();
      schema
          .getValue()
          .path("properties")
          .properties()
          .forEach(member -> described.put(member.getKey(), word(member.getValue())));
      Map<String, String> written = new TreeMap<>();
      for (RecordComponent component : record(schema.getKey()).getRecordComponents()) {
        written.put(component.getName(), word(component.getGenericType()));
      }
      assertThat(written).as(schema.getKey()).isEqualTo(described);
      TreeSet<String> required = new TreeSet<>();
      schema.getValue().path("required").forEach(name -> required.add(name.asText()));
      assertThat(required).as(schema.getKey()).isEqualTo(written.keySet());
    }
  }

  /** The types that an operation's answer may be, in words. */
  private static Set<String> answers() throws IOException {
    TreeSet<String> answers = new TreeSet<>();
    document()
        .path("paths")
        .forEach(path ->
            path.forEach(operation -> {
              JsonNode content = operation.path("responses").path("200").path("content");
              if (content.has("application/json")) {
                answers.add(word(content.path("application/json").path("schema")));
              }
            }));
    return answers;
  }

  @Test
  void everyThingThatCanBePutHasAnItemOfTheClients() throws Exception {
    TreeSet<String> described = new TreeSet<>();
    for (var path : document().path("paths").properties()) {
      JsonNode answer = path.getValue().path("put").path("responses").path("200");
      boolean isOne = !path.getKey().equals("/v1/config"); // which is all things together
      if (isOne && word(answer.at("/content/application~1json/schema")).equals("PlanInfo")) {
        described.add(path.getKey().replaceAll("\\{[a-z]+}", "x"));
      }
    }
    TreeSet<String> items = new TreeSet<>();
    for (Method method : ConfigItem.class.getMethods()) {
      if (Modifier.isStatic(method.getModifiers())) {
        Object[] names = new Object[method.getParameterCount()];
        Arrays.fill(names, "x");
        ConfigItem item = (ConfigItem) method.invoke(null, names);
        items.add("/v1/" + String.join("/", item.segments()));
      }
    }
    assertThat(items).isEqualTo(described);
  }

  private static List<Method> clientMethods() {
    return Stream.of(
            LanyardClient.class, NetworkClient.class, GuestClient.class, ConfigurationClient.class)
        .flatMap(client -> Arrays.stream(client.getMethods()))
        .toList();
  }

  @Test
  void theClientAnswersWithEveryRecordThatTheDocumentDoes() throws IOException {
    TreeSet<String> typed = new TreeSet<>();
    for (Method method : clientMethods()) {
      if (method.getReturnType() == Reply.class) {
        Type answer =
            ((ParameterizedType) method.getGenericReturnType()).getActualTypeArguments()[0];
        typed.add(word(answer));
      }
    }
    Set<String> described = answers();
    // The document itself, which no record describes.
    described.removeIf(
        word -> word.isEmpty() || word.equals("object of ") || word.startsWith(CONFIGURATION));
    described.remove("boolean"); // the value of "enabled"
    assertThat(typed).isEqualTo(described);
    assertThat(clientMethods().stream().map(Method::getName))
        .contains("openApi", "metrics", "text", "capture", "console", "events");
  }
}
