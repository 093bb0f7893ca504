package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.net.Subnet;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class KeptPrefixesTest {
  private static final String NAME = "ipv6-prefix-seed";

  @Test
  void aNetworkKeepsItsPrefixOverARestart(@TempDir Path state, @TempDir Path other)
      throws Exception {
    Subnet first = KeptPrefixes.open(state).subnet("vmnet8");
    assertThat(KeptPrefixes.open(state).subnet("vmnet8")).isEqualTo(first);
    assertThat(KeptPrefixes.open(other).subnet("vmnet8")).isNotEqualTo(first);
    assertThat(state.resolve(NAME + ".new")).doesNotExist();
  }

  @Test
  void aSeedThatIsNotWholeIsDrawnAnew(@TempDir Path state) throws Exception {
    Files.write(state.resolve(NAME), new byte[3]);
    Subnet drawn = KeptPrefixes.open(state).subnet("vmnet8");
    assertThat(KeptPrefixes.open(state).subnet("vmnet8")).isEqualTo(drawn);
  }

  @Test
  @Timeout(60)
  void aSeedWithoutAnEndIsDrawnAnew(@TempDir Path state) throws Exception {
    Files.createSymbolicLink(state.resolve(NAME), Path.of("/dev/zero"));
    Subnet drawn = KeptPrefixes.open(state).subnet("vmnet8");
    assertThat(KeptPrefixes.open(state).subnet("vmnet8")).isEqualTo(drawn);
  }

  @Test
  void aSeedThatCannotBeReadSaysWhatToDo(@TempDir Path state) throws Exception {
    Files.createDirectory(state.resolve(NAME));
    assertThatThrownBy(() -> KeptPrefixes.open(state))
        .isInstanceOf(StartException.class)
        .hasMessageContaining(NAME);
  }
}
