package io.lanyard.control.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.base.DumpNode;
import io.lanyard.control.api.ComponentInfo;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.control.api.PortLoad;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records become JSON and come back, whatever else is in the text. */
class JsonTextTest {
  private static final GuestInfo GUEST =
      new GuestInfo(
          "g",
          "lanyard",
          "running",
          "",
          1L << 40,
          2,
          0.1,
          Long.MAX_VALUE,
          List.of(new GuestInfo.NicInfo("n", "vmnet8", "52:54:00:00:00:01", "")));

  private static <T extends Record> T read(Class<T> type, String json) throws JsonException {
    return RecordReader.read(type, JsonText.parse(json));
  }

  @Test
  void aRecordIsReadAsItWasWritten() throws JsonException {
    var status =
        new DaemonStatus(
            "1",
            1,
            -1,
            true,
            0,
            "\"ä\n\0\u2028\ud83d\ude00",
            "",
            "",
            2,
            List.of("lab"),
            0,
            0,
            List.of(new PortLoad("lab", "p", 7)),
            List.of("2001:db8:64::/96 of lab"),
            List.of("one", "2"));
    assertThat(read(DaemonStatus.class, JsonText.text(status))).isEqualTo(status);
    assertThat(read(GuestInfo.class, JsonText.text(GUEST))).isEqualTo(GUEST);
    var port =
        new PortInfo(
            "n",
            "p",
            "",
            "tap",
            "up",
            "",
            "m",
            1,
            2,
            3,
            4,
            5,
            6,
            Map.of("queueFull", 7L),
            Map.of());
    assertThat(read(PortInfo.class, JsonText.text(port))).isEqualTo(port);
    assertThat(RecordReader.readList(PortInfo.class, JsonText.parse(JsonText.text(List.of(port)))))
        .containsExactly(port);
  }

  @Test
  void aDumpIsATree() throws JsonException {
    DumpNode tree =
        DumpNode.of("daemon")
            .with("share", 0.5)
            .with("count", 3)
            .with("isOn", true)
            .child(DumpNode.of("part").build())
            .build();
    String text = JsonText.text(tree);
    assertThat(text)
        .isEqualTo(
            """
            {"name":"daemon","properties":{"share":0.5,"count":3,"isOn":true},\
            "children":[{"name":"part","properties":{},"children":[]}]}\
            """);
    assertThat(JsonText.text(read(ComponentInfo.class, text))).isEqualTo(text);
  }

  @Test
  void whatAnotherVersionSaysIsRead() throws JsonException {
    GuestInfo guest = read(GuestInfo.class, "{\"name\":\"g\",\"later\":[{}],\"nics\":[{}]}");
    assertThat(guest.name()).isEqualTo("g");
    assertThat(guest.state()).isEmpty();
    assertThat(guest.memory()).isZero();
    assertThat(guest.nics().getFirst().address()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "1",
        "{\"name\":1}",
        "{\"memory\":\"1\"}",
        "{\"memory\":1.5}",
        "{\"memory\":9223372036854775808}",
        "{\"harts\":4294967296}",
        "{\"nics\":{}}",
        "{\"nics\":[1]}"
      })
  void aMemberOfAnotherKindIsAnError(String json) {
    assertThatThrownBy(() -> read(GuestInfo.class, json))
        .isInstanceOf(JsonException.class)
        .hasMessageStartingWith("expected a");
  }

  @Test
  void aTextIsOneDocument() {
    for (String text : List.of("", " ", "{", "{} {}", "{\"a\":}", "<html>", "nul")) {
      assertThatThrownBy(() -> JsonText.parse(text)).as(text).isInstanceOf(JsonException.class);
    }
  }

  @Test
  void numbersKeepTheirDigits() throws JsonException {
    String text = "[1,-0.10,1E+400,123456789012345678901234567890,10.795603429,true,null,\"x\"]";
    assertThat(JsonText.text(JsonText.parse(text))).isEqualTo(text);
  }

  /** A guest chooses its name: a CSI in one character (ECMA-48), or a mark that turns the text. */
  @Test
  void printableJsonSpeaksToNoTerminalAndSaysTheSame() throws JsonException {
    String name = "caf\u00e9 \u0007\u001b[2J\u007f\u009b31m\u202etxt\u2028\ud83d\udc27\u4e2d";
    String text = JsonText.printable(Map.of("hostname", name), true);
    assertThat(text)
        .startsWith("{\n  \"hostname\" : ")
        .contains(
            "caf\u00e9", "\u4e2d", "\ud83d\udc27", "\\u009b31m", "\\u007F", "\\u202e", "\\u2028")
        .doesNotContain("\u001b", "\u009b", "\u202e", "\u2028", "\u007f");
    assertThat(JsonText.parse(text)).isEqualTo(Map.of("hostname", name));
  }

  @FuzzTest
  void anyTextIsAValueOrAnError(byte[] input) {
    Object value;
    try {
      value = JsonText.parse(new String(input, StandardCharsets.UTF_8));
      assertThat(JsonText.text(value)).isNotEmpty();
    } catch (JsonException e) {
      assertThat(e.getMessage()).isNotBlank();
      return;
    }
    try {
      assertThat(RecordReader.read(GuestInfo.class, value).nics()).isNotNull();
    } catch (JsonException e) {
      assertThat(e.getMessage()).startsWith("expected a");
    }
  }
}
