package io.lanyard.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.config.Configuration;
import io.lanyard.control.client.ChangeOptions;
import io.lanyard.control.client.ConfigEdit;
import io.lanyard.control.client.ConfigItem;
import io.lanyard.control.client.ConfigText;
import io.lanyard.control.client.DaemonAddress;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.http.HttpMeter;
import io.lanyard.control.http.HttpServer;
import io.lanyard.control.http.Limits;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bodies of requests have schemas, which are those of the configuration's file. With {@code
 * -Dgenerated.write=true} they are written into the document instead of compared.
 */
@Timeout(240)
final class RequestSchemasTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Path FILE = Path.of("src/main/resources/io/lanyard/control/openapi.json");

  private static final String SCHEMAS = "#/components/schemas/";
  private static final String CONFIGURATION = "config-";

  private static final HttpMeter METER =
      new HttpMeter() {
        @Override
        public void answered(int status, long nanos) {}

        @Override
        public void refused() {}

        @Override
        public void failed(Throwable cause) {
          throw new AssertionError(cause);
        }
      };

  @TempDir Path home;

  private static JsonNode document() throws IOException {
    return JSON.readTree(FILE.toFile());
  }

  private static ObjectNode definitions() throws IOException {
    try (InputStream in = Configuration.class.getResourceAsStream("lanyard.schema.json")) {
      ObjectNode definitions = (ObjectNode) JSON.readTree(in).path("$defs");
      // Parts of the file that are bodies of requests, and that its schema does not name.
      name(definitions, "port", "/network/properties/ports", "items");
      name(definitions, "dns-host", "/dns/properties/hosts", "additionalProperties");
      name(definitions, "log-level", "/log/properties", "level");
      String text = definitions.toString().replace("\"#/$defs/", '"' + SCHEMAS + CONFIGURATION);
      return (ObjectNode) JSON.readTree(text);
    }
  }

  /** Gives a part of a definition a name of its own. */
  private static void name(ObjectNode definitions, String name, String place, String key) {
    ObjectNode around = (ObjectNode) definitions.at(place);
    definitions.set(name, around.path(key));
    around.putObject(key).put("$ref", "#/$defs/" + name);
  }

  private static String text(JsonNode document) throws IOException {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter(
                Separators.createDefaultInstance()
                    .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                    .withArrayEmptySeparator("")
                    .withObjectEmptySeparator(""))
            .withArrayIndenter(lines)
            .withObjectIndenter(lines);
    return JSON.writer(printer).writeValueAsString(document) + "\n";
  }

  @Test
  void theSchemasOfValuesAreThoseOfTheFile() throws IOException {
    ObjectNode document = (ObjectNode) document();
    ObjectNode schemas = (ObjectNode) document.path("components").path("schemas");
    schemas.retain(
        schemas
            .propertyStream()
            .map(Map.Entry::getKey)
            .filter(name -> !name.startsWith(CONFIGURATION))
            .toList());
    for (var definition : definitions().properties()) {
      schemas.set(CONFIGURATION + definition.getKey(), definition.getValue());
    }
    String made = text(document);
    if (Boolean.getBoolean("generated.write")) {
      Files.writeString(FILE, made);
    }
    assertThat(Files.readString(FILE))
        .as("%s, which -Dgenerated.write=true makes anew", FILE)
        .isEqualTo(made);
  }

  @Test
  void everyReferenceLeadsToASchema() throws IOException {
    JsonNode document = document();
    List<String> references = document.findValuesAsText("$ref");
    assertThat(references).isNotEmpty();
    for (String reference : references) {
      assertThat(reference).startsWith("#/");
      assertThat(document.at(reference.substring(1)).isObject()).as(reference).isTrue();
    }
  }

  @Test
  void everyBodyHasASchemaAndAnExampleThatFits() throws IOException {
    JsonNode document = document();
    ApiContract contract = new ApiContract(document);
    int bodies = 0;
    for (var path : document.path("paths").properties()) {
      for (var operation : path.getValue().properties()) {
        String method = operation.getKey().toUpperCase(Locale.ROOT);
        String place = method + " " + path.getKey();
        JsonNode content = operation.getValue().path("requestBody").path("content");
        if (method.equals("PUT") || method.equals("PATCH")) {
          assertThat(content.has("application/json")).as(place).isTrue();
        }
        for (var type : content.properties()) {
          JsonNode schema = type.getValue().path("schema");
          assertThat(schema.has("$ref") || schema.has("type")).as(place).isTrue();
          JsonNode example = type.getValue().path("example");
          if (type.getKey().equals("application/json")) {
            assertThat(example.isMissingNode()).as(place).isFalse();
            contract.checkRequest(method, path.getKey(), type.getKey(), example.toString());
            bodies++;
          }
        }
      }
    }
    assertThat(bodies).isGreaterThan(15);
  }

  /** A request of the client's: the method, the path, the body's type and the body. */
  private record Sent(String method, String path, String type, String body) {}

  /** An argument for a parameter of the client's methods. */
  private static Object argument(Class<?> type) {
    if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    return switch (type.getSimpleName()) {
      case "String" -> "x";
      case "boolean" -> true;
      case "int" -> 80;
      case "long" -> 1L;
      case "List" ->
          List.of(new ConfigEdit.Set("log.level", "debug"), new ConfigEdit.Remove("a.b"));
      case "ConfigText" -> new ConfigText("version: 1".getBytes(UTF_8), "");
      case "ChangeOptions" -> ChangeOptions.PLAIN;
      case "ConfigItem" -> ConfigItem.network("x");
      case "Object" -> Map.of("mode", "isolated");
      default -> throw new AssertionError(type);
    };
  }

  @Test
  void everyBodyThatTheClientSendsFits() throws Exception {
    JsonNode document = document();
    List<Sent> sent = new ArrayList<>();
    Routes routes = new Routes("");
    for (var path : document.path("paths").properties()) {
      for (var operation : path.getValue().properties()) {
        String method = operation.getKey().toUpperCase(Locale.ROOT);
        TreeSet<String> query = new TreeSet<>();
        operation
            .getValue()
            .path("parameters")
            .forEach(parameter -> query.add(parameter.path("name").asText()));
        routes
            .add(
                method,
                path.getKey(),
                request -> {
                  synchronized (sent) {
                    String type = request.header("content-type");
                    sent.add(new Sent(method, request.path(), type, request.text()));
                  }
                  return Response.empty();
                })
            .taking(query.toArray(String[]::new));
      }
    }
    Path socket = home.resolve("api.sock");
    int called = 1;
    try (HttpServer _ =
        HttpServer.bind(socket, null, 0, Limits.API, routes, METER, AcceptWatch::handler)) {
      LanyardClient client = new LanyardClient(new DaemonAddress.UnixSocket(socket));
      List<Object> parts =
          List.of(client, client.networks(), client.guests(), client.configuration());
      for (Object part : parts) {
        for (Method method : part.getClass().getMethods()) {
          // Its arguments have forms.
          boolean isTyped = method.getName().equals("lendForward");
          if (!isTyped && isRequest(method)) {
            Object[] arguments =
                Arrays.stream(method.getParameterTypes())
                    .map(RequestSchemasTest::argument)
                    .toArray();
            called++;
            call(part, method, arguments);
          }
        }
      }
      assertThatThrownBy(
              () -> client.networks().lendForward("x", "udp", "127.0.0.1:5000", "x:5000"))
          .isInstanceOf(IOException.class);
    }
    ApiContract contract = new ApiContract(document);
    TreeSet<String> bodies = new TreeSet<>();
    for (Sent one : sent) {
      if (!one.body().isEmpty()) {
        contract.checkRequest(one.method(), one.path(), one.type(), one.body());
        bodies.add(one.method() + " " + one.path());
      }
    }
    assertThat(sent).hasSizeGreaterThanOrEqualTo(called);
    assertThat(bodies)
        .containsExactly(
            "PATCH /v1/config",
            "POST /v1/config/plan",
            "POST /v1/networks/x/port-forward",
            "PUT /v1/config",
            "PUT /v1/guests/x/console/size",
            "PUT /v1/networks/x",
            "PUT /v1/networks/x/ports/x/link");
  }

  /** Whether a method of a client's asks the daemon: all of those may fail. */
  private static boolean isRequest(Method method) {
    return method.getDeclaringClass() != Object.class
        && List.of(method.getExceptionTypes()).contains(IOException.class);
  }

  /** Calls a method of the client, which cannot read the answer: it is empty. */
  private static void call(Object client, Method method, Object[] arguments)
      throws IllegalAccessException {
    try {
      if (method.invoke(client, arguments) instanceof AutoCloseable stream) {
        stream.close();
      }
    } catch (InvocationTargetException e) {
      assertThat(e.getCause()).as(method.getName()).isInstanceOf(IOException.class);
    } catch (Exception e) {
      throw new AssertionError(method.getName(), e);
    }
  }
}
