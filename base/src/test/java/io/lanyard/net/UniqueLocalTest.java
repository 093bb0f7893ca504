package io.lanyard.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class UniqueLocalTest {
  private static UniqueLocal seeded(int value) {
    byte[] seed = new byte[UniqueLocal.SEED_LENGTH];
    seed[0] = (byte) value;
    return new UniqueLocal(seed);
  }

  @Test
  void aNameHasTheSamePrefixAlwaysAndAnotherOneOnAnotherHost() {
    Subnet first = seeded(1).subnet("vmnet8");
    assertThat(seeded(1).subnet("vmnet8")).isEqualTo(first);
    assertThat(seeded(2).subnet("vmnet8")).isNotEqualTo(first);
    assertThat(first.prefix()).isEqualTo(64);
    assertThat(first.network().high() >>> 56).isEqualTo(0xfd);
  }

  @Test
  void aNameHasTheSameIdentifierAlwaysAndAnotherOneOnAnotherHost() {
    UUID first = seeded(1).identifier("dhcp server");
    assertThat(seeded(1).identifier("dhcp server")).isEqualTo(first);
    assertThat(seeded(2).identifier("dhcp server")).isNotEqualTo(first);
    assertThat(first.version()).isEqualTo(8);
    assertThat(first.variant()).isEqualTo(2);
  }

  @Test
  void aNameHasTheSameMacAddressAlwaysAndAnotherOneOnAnotherHost() {
    MacAddress first = seeded(1).macAddress("port lab/vm");
    assertThat(seeded(1).macAddress("port lab/vm")).isEqualTo(first);
    assertThat(seeded(2).macAddress("port lab/vm")).isNotEqualTo(first);
    assertThat(seeded(1).macAddress("port lab/other")).isNotEqualTo(first);
  }

  @Test
  void manyNamesHaveAsManyPrefixes() {
    Set<Subnet> all = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      assertThat(all.add(seeded(1).subnet("net" + i))).isTrue();
    }
  }

  @Test
  void aSeedOfAnotherLengthIsRefused() {
    assertThatThrownBy(() -> new UniqueLocal(new byte[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("16 bytes");
  }
}
