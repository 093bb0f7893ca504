package io.lanyard.daemon.history;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A revision as the JSON of its file. */
final class RevisionFormat {
  private static final JsonFactory FACTORY = new JsonFactory();

  private RevisionFormat() {}

  static byte[] write(Revision revision) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);
    try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
      out.writeStartObject();
      out.writeNumberField("revision", revision.number());
      out.writeStringField("at", revision.at().toString());
      out.writeStringField("who", revision.who());
      out.writeStringField("why", revision.why());
      out.writeBooleanField("unconfirmed", revision.unconfirmed());
      out.writeStringField("source", revision.source());
      out.writeStringField("directory", revision.directory().toString());
      out.writeStringField("own", revision.own());
      out.writeStringField("text", revision.text());
      out.writeArrayFieldStart("edits");
      for (Edit edit : revision.edits()) {
        out.writeStartObject();
        out.writeStringField("operation", edit.operation().name());
        out.writeStringField("path", edit.path().toString());
        out.writeStringField("value", edit.value());
        out.writeStringField("who", edit.who());
        out.writeStringField("when", edit.when().toString());
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot happen in memory", e);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads a revision.
   *
   * @throws IOException if the bytes are none, with what is wrong
   */
  static Revision read(byte[] bytes) throws IOException {
    try (JsonParser in = FACTORY.createParser(bytes)) {
      List<Edit> edits = new ArrayList<>();
      Map<String, String> fields = object(in, in.nextToken(), edits);
      return new Revision(
          Long.parseLong(text(fields, "revision")),
          Instant.parse(text(fields, "at")),
          text(fields, "who"),
          text(fields, "why"),
          text(fields, "source"),
          Path.of(text(fields, "directory")),
          text(fields, "text"),
          text(fields, "own"),
          edits,
          Boolean.parseBoolean(text(fields, "unconfirmed")));
    } catch (DateTimeException | IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** The scalar members of an object; its list of edits goes into the list. */
  private static Map<String, String> object(JsonParser in, JsonToken first, List<Edit> edits)
      throws IOException {
    if (first != JsonToken.START_OBJECT) {
      throw new IOException("expected an object, found " + first);
    }
    Map<String, String> fields = new HashMap<>();
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      JsonToken value = in.nextToken();
      if (value == JsonToken.START_ARRAY && name.equals("edits")) {
        JsonToken item;
        while ((item = in.nextToken()) != JsonToken.END_ARRAY) {
          edits.add(edit(object(in, item, new ArrayList<>())));
        }
      } else if (value != null && value.isScalarValue()) {
        fields.put(name, in.getText());
      } else {
        throw new IOException("the member " + name + " is no text");
      }
    }
    return fields;
  }

  private static Edit edit(Map<String, String> fields) throws IOException {
    return new Edit(
        Edit.Operation.valueOf(text(fields, "operation")),
        DocumentPath.parse(text(fields, "path")),
        text(fields, "value"),
        text(fields, "who"),
        Instant.parse(text(fields, "when")));
  }

  private static String text(Map<String, String> fields, String name) throws IOException {
    String value = fields.get(name);
    if (value == null) {
      throw new IOException("the member " + name + " is missing");
    }
    return value;
  }
}
