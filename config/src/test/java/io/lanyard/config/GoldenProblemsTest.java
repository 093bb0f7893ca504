package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every bad file has the whole message that it gets beside it. With {@code -Dgolden.write=true} the
 * messages are written instead of compared: read the difference before you commit it.
 */
class GoldenProblemsTest {
  @TestFactory
  Stream<DynamicTest> everyBadFileGetsItsMessage() {
    return Samples.of("bad").stream()
        .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> compare(file)));
  }

  private static void compare(Path file) throws IOException {
    ConfigException problems =
        catchThrowableOfType(ConfigException.class, () -> Samples.parse(file));

    assertThat(problems).isNotNull();
    Path golden =
        file.resolveSibling(file.getFileName().toString().replaceFirst("\\.ya?ml$", ".expected"));
    String message = problems.getMessage() + "\n";
    if (Boolean.getBoolean("golden.write")) {
      Files.writeString(golden, message);
    }
    assertThat(message).isEqualTo(Files.readString(golden));
  }
}
