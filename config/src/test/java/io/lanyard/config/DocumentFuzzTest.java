package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;

/** Any change is laid over a document or has problems; any document can be written anew. */
class DocumentFuzzTest {
  private static final Document FULL = full();

  /** From the class path, because a fuzzing run has a directory of its own. */
  private static Document full() {
    try (InputStream in = DocumentFuzzTest.class.getResourceAsStream("/good/full.yaml")) {
      byte[] text = Objects.requireNonNull(in).readAllBytes();
      return Document.of("full", new String(text, StandardCharsets.UTF_8), Samples.NOWHERE);
    } catch (IOException | ConfigException e) {
      throw new IllegalStateException("the sample is not there or is none", e);
    }
  }

  /** The first line is a path, the rest a value; without a value it removes. */
  @FuzzTest
  void aChangeIsLaidOrHasProblems(byte[] input) throws ConfigException {
    String text = new FuzzInput(input).text();
    int end = text.indexOf('\n');
    String value = end < 0 ? "" : text.substring(end + 1);
    DocumentPath path;
    try {
      path = DocumentPath.parse(end < 0 ? text : text.substring(0, end));
    } catch (IllegalArgumentException e) {
      assertThat(e.getMessage()).isNotBlank();
      return;
    }
    assertThat(DocumentPath.parse(path.toString())).isEqualTo(path);
    Edit edit =
        value.isEmpty()
            ? Edit.remove(path, "fuzz", Instant.EPOCH)
            : Edit.set(path, value, "fuzz", Instant.EPOCH);
    Document changed;
    try {
      changed = FULL.with(edit);
    } catch (ConfigException e) {
      assertThat(e.problems()).isNotEmpty();
      return;
    }
    HostileDocumentTest.saysTheSameWrittenAnew(changed);
    assertThat(changed.without(any -> true)).isEqualTo(FULL);
  }

  @FuzzTest
  void aDocumentIsWrittenAnew(byte[] input) throws ConfigException {
    Document document;
    try {
      document = Document.of("fuzz", new FuzzInput(input).text(), Samples.NOWHERE);
    } catch (ConfigException e) {
      assertThat(e.problems()).isNotEmpty();
      return;
    }
    HostileDocumentTest.saysTheSameWrittenAnew(document);
    assertThat(document.settings(false)).isNotNull();
  }
}
