package io.lanyard.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EndpointTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:8080, 127.0.0.1:8080",
    "*:80, 0.0.0.0:80",
    "localhost:1, 127.0.0.1:1",
    "[::1]:65535, [::1]:65535",
    "[0:0:0:0:0:0:0:1]:53, [::1]:53",
    "[::ffff:192.0.2.1]:53, 192.0.2.1:53"
  })
  void anEndpointIsAnAddressAndAPort(String text, String canonical) {
    assertThat(Endpoint.parse(text)).hasToString(canonical);
    assertThat(Endpoint.parse(Endpoint.parse(text).toString())).isEqualTo(Endpoint.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", ":", "80", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:080", "::1:80", "[::1]", "[::1", "[::1]80", "[1.2.3.4]:80", "name:80", "**:80"
      })
  void aTextThatIsNoEndpointIsRefused(String text) {
    assertThatThrownBy(() -> Endpoint.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"8080", ":8080"})
  void aBarePortIsAnsweredWithWhatWasMeant(String text) {
    assertThatThrownBy(() -> Endpoint.parse(text))
        .hasMessage("the address is missing: 127.0.0.1:8080, or *:8080 for every IPv4 address");
  }

  @Test
  void thePortMayBeLeftToTheDefault() {
    assertThat(Endpoint.parse("192.0.2.1", 53)).hasToString("192.0.2.1:53");
    assertThat(Endpoint.parse("192.0.2.1:5353", 53)).hasToString("192.0.2.1:5353");
    assertThat(Endpoint.parse("[fd00::1]", 53)).hasToString("[fd00::1]:53");
    assertThat(Endpoint.parse("[fd00::1]:5353", 53)).hasToString("[fd00::1]:5353");
  }

  @Test
  void equalEndpointsAreOneKeyAndOthersAreNot() {
    Endpoint endpoint = Endpoint.parse("127.0.0.1:80");
    assertThat(endpoint).isEqualTo(Endpoint.parse("127.0.0.1:80"));
    assertThat(endpoint).hasSameHashCodeAs(Endpoint.parse("127.0.0.1:80"));
    assertThat(endpoint).isNotEqualTo(Endpoint.parse("127.0.0.1:81"));
    assertThat(endpoint).isNotEqualTo(Endpoint.parse("127.0.0.2:80"));
    assertThat(endpoint).isNotEqualTo(endpoint.address());
  }
}
