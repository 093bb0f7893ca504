package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;

class OutputTest {
  /** A guest chooses its name: a CSI in one character (ECMA-48), or a mark that turns the text. */
  @Test
  void jsonSpeaksToNoTerminalAndSaysTheSame() throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    String name = "caf\u00e9 \u0007\u001b[2J\u007f\u009b31m\u202etxt\u2028\ud83d\udc27\u4e2d";
    ObjectNode node = mapper.createObjectNode().put("hostname", name);
    String text = Output.text(node);
    assertThat(text)
        .contains(
            "caf\u00e9", "\u4e2d", "\ud83d\udc27", "\\u009b31m", "\\u007F", "\\u202e", "\\u2028")
        .doesNotContain("\u001b", "\u009b", "\u202e", "\u2028", "\u007f");
    assertThat(mapper.readTree(text)).isEqualTo(node);
  }
}
