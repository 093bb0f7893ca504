package io.lanyard.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "debian-13",
        "debian-13-netbot",
        "Debian-13-Netboot",
        "netboot",
        "debian-12-netboot"
      })
  void aNameThatIsNearlyRightIsAnsweredWithTheRightOne(String name) {
    ImageException e = catchThrowableOfType(ImageException.class, () -> Catalog.find(name));
    assertThat(e.hint()).contains("did you mean debian-13-netboot?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"windows", "x", "fedora-42-cloud"})
  void aNameThatIsNotNearAnyIsAnsweredWithoutAGuess(String name) {
    ImageException e = catchThrowableOfType(ImageException.class, () -> Catalog.find(name));
    assertThat(e.hint()).doesNotContain("did you mean");
  }
}
