package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DumpNodeTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "refused-clients", "refused_clients", "Refused", "refused clients"})
  void aKeyThatIsNotCamelCaseIsRefused(String key) {
    DumpNode.Builder node = DumpNode.of("port a").with(key, 1);
    assertThatThrownBy(node::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("camelCase");
  }
}
