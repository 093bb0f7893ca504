package io.lanyard.daemon.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.control.launch.DaemonOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class DaemonArgumentsTest {
  private static DaemonCommand parse(List<String> words) throws UsageException {
    DaemonCommand command = DaemonArguments.parse(words.toArray(String[]::new));
    assertThat(command).isNotNull();
    return command;
  }

  private static void refuses(String line, String... says) {
    assertThatThrownBy(() -> DaemonArguments.parse(line.split(" ", -1)))
        .as(line)
        .isInstanceOf(UsageException.class)
        .hasMessageContainingAll(says);
  }

  @Test
  void everyOptionArrives() throws UsageException {
    List<String> apart = new ArrayList<>();
    List<String> joined = new ArrayList<>();
    for (DaemonOption option : DaemonOption.values()) {
      if (option.takesValue()) {
        apart.addAll(List.of(option.word(), "/some" + option.word()));
        joined.add(option.word() + "=/some" + option.word());
      } else if (option != DaemonOption.HELP) {
        apart.add(option.word());
        joined.add(option.word());
      }
    }

    DaemonCommand command = parse(apart);

    assertThat(command).hasNoNullFieldsOrPropertiesExcept("running");
    assertThat(command.config).isEqualTo(Path.of("/some--config"));
    assertThat(command.state).isEqualTo(Path.of("/some--state-dir"));
    assertThat(command.runtime).isEqualTo(Path.of("/some--runtime-dir"));
    assertThat(command.images).isEqualTo(Path.of("/some--images"));
    assertThat(command.plugins).isEqualTo(Path.of("/some--plugins"));
    assertThat(command.group).isEqualTo("/some--group");
    assertThat(command.whileInput).isTrue();
    assertThat(parse(joined))
        .usingRecursiveComparison()
        .ignoringFieldsOfTypes(CountDownLatch.class)
        .isEqualTo(command);
  }

  @Test
  void aValueMayHaveAnything() throws UsageException {
    assertThat(parse(List.of("--config", "a=b", "--group=-x")).config).isEqualTo(Path.of("a=b"));
    assertThat(parse(List.of("--group=-x")).group).isEqualTo("-x");
    assertThat(parse(List.of("--group", "@'\"")).group).isEqualTo("@'\"");
  }

  @Test
  void withoutOptionsEverythingIsLeftToTheConfiguration() throws UsageException {
    assertThat(parse(List.of()).config).isNull();
    assertThat(parse(List.of()).whileInput).isFalse();
  }

  @Test
  void whoAsksForHelpGetsItWhateverElseIsSaid() throws UsageException {
    for (String line : List.of("--help", "-h", "--nonsense -h", "--config --help")) {
      assertThat(DaemonArguments.parse(line.split(" "))).as(line).isNull();
    }
  }

  @Test
  void aWordThatMakesNoSenseIsNamed() {
    refuses("--cofnig a", "--cofnig", "did you mean --config?");
    refuses("--nonsense", "no such option: --nonsense");
    refuses("x", "\"x\"");
    refuses("-", "no such option: -");
    refuses("--config a b", "\"b\"");
  }

  @Test
  void anOptionNeedsItsValueOnce() {
    refuses("--config", "--config needs a value: FILE");
    refuses("--config=", "--config needs a value: FILE");
    refuses("--config ", "--config needs a value: FILE");
    refuses("--config --group g", "--config needs a value: FILE");
    refuses("--config a --config=b", "--config is given twice");
    refuses("--while-input --while-input", "--while-input is given twice");
    refuses("--while-input=yes", "--while-input takes no value");
  }

  @Test
  void whatIsNoPathIsAMistake() {
    refuses("--config=a\0b", "--config", "names no path");
  }
}
