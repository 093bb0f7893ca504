package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.base.DumpNode;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.PortInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  /** Compares with the JSON that a library binds the same records to. */
  private static void isAsTheLibraryWritesIt(Object value) throws IOException {
    assertThat(Json.text(value))
        .isEqualTo(new String(new ObjectMapper().writeValueAsBytes(value), StandardCharsets.UTF_8));
  }

  @Test
  void numbersTruthAndTextsAreWrittenAsTheyAre() throws IOException {
    isAsTheLibraryWritesIt(
        new DaemonStatus(
            "1",
            Long.MAX_VALUE,
            -1,
            true,
            0,
            "\"ä\n\u0000\u2028\ud83d\ude00",
            "",
            "",
            2,
            0,
            0,
            List.of("one", "two")));
  }

  @Test
  void recordsInListsAreObjects() throws IOException {
    isAsTheLibraryWritesIt(
        List.of(
            new GuestInfo(
                "g",
                "lanyard",
                "running",
                "",
                1L << 40,
                2,
                0.1,
                3,
                List.of(new GuestInfo.NicInfo("n", "vmnet8", "52:54:00:00:00:01", "")))));
    isAsTheLibraryWritesIt(List.of());
  }

  @Test
  void mapsAreObjects() throws IOException {
    isAsTheLibraryWritesIt(
        new PortInfo(
            "vmnet8", "p", "tap", "up", "", 1, 2, 3, 4, 5, Map.of("queueFull", 7L), Map.of()));
  }

  @Test
  void aDumpIsATree() {
    DumpNode tree =
        DumpNode.of("daemon")
            .with("share", 0.5)
            .with("count", 3)
            .with("isOn", true)
            .with("what", "text")
            .child(DumpNode.of("part").build())
            .build();
    assertThat(Json.text(tree))
        .isEqualTo(
            """
            {"name":"daemon","properties":{"share":0.5,"count":3,"isOn":true,"what":"text"},\
            "children":[{"name":"part","properties":{},"children":[]}]}\
            """);
  }

  @Test
  void aProblemHasTheMembersOfRfc9457() {
    Response.Body body = ProblemBody.of(new Problem(404, "there is no guest", "g", "see guests"));
    assertThat(body.type()).isEqualTo("application/problem+json");
    assertThat(new String(body.bytes(), StandardCharsets.UTF_8))
        .isEqualTo(
            """
            {"type":"about:blank","status":404,"reason":"","title":"there is no guest","where":"g",\
            "hint":"see guests","errors":[]}\
            """);
  }
}
