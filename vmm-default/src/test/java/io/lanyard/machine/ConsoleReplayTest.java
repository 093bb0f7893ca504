package io.lanyard.machine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleReplayTest {
  private static final String CSI = "\033[";
  private static final String OSC = "\033]";
  private static final String ST = "\033\\";

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String replayed(String text) {
    return new String(ConsoleReplay.of(bytes(text)), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\005",
        "\033Z",
        "\u009a",
        CSI + "5n",
        CSI + "6n",
        CSI + "?6n",
        CSI + "?996n",
        "\u009b6n",
        CSI + "c",
        CSI + "0c",
        CSI + ">c",
        CSI + "=c",
        CSI + "x",
        CSI + "1$p",
        CSI + "?2026$p",
        CSI + "14t",
        CSI + "18t",
        CSI + "21t",
        CSI + ">q",
        CSI + ">0q",
        CSI + "?u",
        CSI + "?1;1;0S",
        CSI + "?4m",
        CSI + "?15n",
        CSI + "1'|",
        CSI + "2$w",
        CSI + "1$u",
        CSI + "&u",
        CSI + "1;0;1;1;1;1*y",
        CSI + "#R",
        CSI + "#|",
        CSI + "?2048h",
        OSC + "10;?" + ST,
        OSC + "11;?\007",
        OSC + "4;1;?" + ST,
        OSC + "52;c;?\007",
        OSC + "702;?" + ST,
        "\u009d11;?\u009c",
        "\033P$qm" + ST,
        "\033P+q544e" + ST,
        "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA" + ST,
        "\033^x" + ST,
        "\033Xx" + ST,
        CSI + "\n6n",
        CSI + "\n?u",
        "\033\033[6n",
        "\033 \033[6n",
        CSI + "1" + CSI + "6n",
        OSC + "0;title\u009b6n\007",
        OSC + "2;\u009d11;?\007" + ST,
      })
  void whatATerminalAnswersIsNotReplayed(String query) {
    assertThat(AnsweringTerminal.vt500().show(bytes(query)).answers)
        .as("the test's terminal")
        .isNotEmpty();
    String shown = "before " + query + "after";
    byte[] replay = ConsoleReplay.of(bytes(shown));
    assertThat(AnsweringTerminal.xterm().show(replay).answers).isEmpty();
    assertThat(AnsweringTerminal.vt500().show(replay).answers).isEmpty();
    assertThat(replayed(shown)).startsWith("before ").endsWith("after");
  }

  @Test
  void anUnfinishedTitleIsReplayedUnlessATerminalObeysWhatIsInIt() {
    assertThat(replayed("before " + OSC + "0;title")).isEqualTo("before " + OSC + "0;title");
    assertThat(replayed("before " + OSC + "0;title\u009b6n")).isEqualTo("before ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain text\r\n\t\b\007\016\017",
        "\u00e4\u00dc\u4e16 \u0139",
        CSI + "1;31mred" + CSI + "m",
        CSI + "38;2;1;2;3m" + CSI + "4:3m",
        CSI + "H" + CSI + "2J" + CSI + "K" + CSI + "10;20f" + CSI + "3A" + CSI + "1;24r",
        CSI + "?1049h" + CSI + "?25l" + CSI + "?2004h" + CSI + "?7l" + CSI + "?1000;1006h",
        CSI + "4h" + CSI + "20l" + CSI + "s" + CSI + "u" + CSI + "2 q" + CSI + "!p",
        "\0337\0338\033=\033>\033c\033D\033E\033H\033M\033(B\033)0\033#8\033%G",
        OSC + "0;guest: ~\007" + OSC + "2;\u00dcbersicht\u4e16" + ST,
        OSC + "8;;http://example.com/" + ST + "link" + OSC + "8;;" + ST,
      })
  void whatDrawsMovesOrSetsIsReplayedAsItWas(String text) {
    assertThat(replayed(text)).isEqualTo(text);
  }

  @Test
  void whatIsBegunBeforeAndEndsLiveIsAskedNow() {
    String shown =
        "a\u00e4"
            + CSI
            + "6n"
            + "b"
            + OSC
            + "11;?"
            + ST
            + CSI
            + "1mc\005\033P$qm"
            + ST
            + "d"
            + CSI
            + "?1;1;0S"
            + "e"
            + OSC
            + "0;title\007f\033Zg"
            + CSI
            + ">0qh"
            + "\u009b5n"
            + "i";
    byte[] all = bytes(shown);
    AnsweringTerminal whole = AnsweringTerminal.xterm().show(all);
    assertThat(whole.answers).hasSize(8);
    for (int split = 0; split <= all.length; split++) {
      ByteArrayOutputStream seen = new ByteArrayOutputStream();
      seen.writeBytes(ConsoleReplay.of(Arrays.copyOf(all, split)));
      seen.writeBytes(Arrays.copyOfRange(all, split, all.length));
      AnsweringTerminal terminal = AnsweringTerminal.xterm().show(seen.toByteArray());
      int from = split;
      List<String> live =
          whole.answers.stream()
              .filter(answer -> end(answer) > from)
              .map(AnsweringTerminal.Answer::name)
              .toList();
      assertThat(terminal.answers.stream().map(AnsweringTerminal.Answer::name))
          .as("split at %s", split)
          .containsExactlyElementsOf(live);
      assertThat(terminal.text.toString()).as("split at %s", split).contains("a").contains("i");
      assertThat(terminal.text.toString().replace("\ufffd", "")).endsWith("hi");
    }
  }

  private static int end(AnsweringTerminal.Answer answer) {
    return answer.end();
  }

  @Test
  void aConsoleFiltersWhatWasBeforeAndPassesOnWhatIsNew() {
    byte[] all = bytes("login: " + CSI + "6n" + "x" + OSC + "11;?" + ST + "y");
    for (int split = 0; split <= all.length; split++) {
      ByteArrayOutputStream seen = new ByteArrayOutputStream();
      // Its end brings listeners up to date.
      try (GuestConsole console = new GuestConsole("test", false)) {
        console.print(ByteBuffer.wrap(all, 0, split));
        console.attach(piece -> {
          byte[] some = new byte[piece.remaining()];
          piece.get(some);
          synchronized (seen) {
            seen.writeBytes(some);
          }
        });
        console.print(ByteBuffer.wrap(all, split, all.length - split));
      }
      synchronized (seen) {
        int old = AnsweringTerminal.xterm().show(Arrays.copyOf(all, split)).answers.size();
        assertThat(AnsweringTerminal.xterm().show(seen.toByteArray()).answers).hasSize(2 - old);
      }
    }
  }

  @Test
  void noiseIsNeverAnsweredAndNeverLosesPlainText() {
    SplittableRandom random = new SplittableRandom(7);
    String alphabet =
        "\033\033\033[]PZ?>=0123456789;;:ncqxtu$p*y#&'|\\\007\030\005 !\"mhHJ\u009b\u009d";
    for (int round = 0; round < 200_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(24); i > 0; i--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      // What is half there at the end stays, for its end is still to come: here it never does.
      byte[] shown = ConsoleReplay.of(bytes(text + "\030 end\n"));
      assertThat(AnsweringTerminal.xterm().show(shown).answers).as("%s", text).isEmpty();
      assertThat(new String(shown, StandardCharsets.UTF_8)).endsWith("end\n");
    }
  }

  @Test
  void aTitleThatEndsInOneByteEndsForTerminalsOfUtf8Too() {
    byte[] replay = ConsoleReplay.of((OSC + "0;title\u009ctext").getBytes(ISO_8859_1));
    assertThat(new String(replay, ISO_8859_1)).isEqualTo(OSC + "0;title\007text");
  }
}
