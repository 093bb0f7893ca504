package io.lanyard.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class AptSourceTest {
  @Test
  void theMainArchiveIsChosen() {
    assertThat(
            AptSource.parse(
                List.of(
                    "http://s.example/debian-security|Debian|bookworm-security|main|/k.gpg|Packages",
                    "http://m.example/debian|Debian|bookworm-updates|main|/k.gpg|Packages",
                    "http://m.example/debian|Debian|bookworm|contrib|/k.gpg|Packages",
                    "http://m.example/debian|Debian|bookworm|main|/k.gpg|Translations",
                    "http://m.example/debian|Debian|bookworm|main|/k.gpg|Packages",
                    "http://node.example/x|Node|nodistro|main||Packages")))
        .hasValueSatisfying(source -> {
          assertThat(source.uri()).isEqualTo("http://m.example/debian");
          assertThat(source.signedBy()).isEqualTo("/k.gpg");
        });
  }

  @Test
  void aHostThatNeverUpdatedStillNamesItsMirror() {
    assertThat(
            AptSource.parse(
                List.of(
                    "http://other.example/x|$(ORIGIN)|stable|main|$(SIGNED_BY)|Packages",
                    "http://m.example/debian|$(ORIGIN)|trixie|main|$(SIGNED_BY)|Packages")))
        .hasValueSatisfying(source -> {
          assertThat(source.uri()).isEqualTo("http://m.example/debian");
          assertThat(source.signedBy()).isEmpty();
        });
  }

  @Test
  void aHostWithoutDebianHasNone() {
    assertThat(
            AptSource.parse(
                List.of("", "nonsense", "http://u.example/u|Ubuntu|noble|main||Packages")))
        .isEmpty();
  }
}
