package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Pref64Test {
  private static List<String> in(String... addresses) {
    return Pref64.in(Stream.of(addresses).map(Address::parse).toList()).stream()
        .map(Subnet::toString)
        .toList();
  }

  /** The prefixes of RFC 6052 section 2.4, each with 192.0.0.170 and 192.0.0.171. */
  @ParameterizedTest
  @CsvSource({
    "2001:db8:c000:aa::, 2001:db8:c000:ab::, 2001:db8::/32",
    "2001:db8:1c0:0:aa::, 2001:db8:1c0:0:ab::, 2001:db8:100::/40",
    "2001:db8:122:c000:0:aa00::, 2001:db8:122:c000:0:ab00::, 2001:db8:122::/48",
    "2001:db8:122:3c0:0:aa::, 2001:db8:122:3c0:0:ab::, 2001:db8:122:300::/56",
    "2001:db8:122:344:c0:0:aa00::, 2001:db8:122:344:c0:0:ab00::, 2001:db8:122:344::/64",
    "2001:db8:122:344::c000:aa, 2001:db8:122:344::c000:ab, 2001:db8:122:344::/96",
    "64:ff9b::c000:aa, 64:ff9b::c000:ab, 64:ff9b::/96",
    "64:ff9b:1:c000:0:aa00::, 64:ff9b:1:c000:0:ab00::, 64:ff9b:1::/48"
  })
  void aPrefixOfEachLengthIsFoundInTheNamesAddresses(String first, String second, String prefix) {
    assertThat(in(first)).containsExactly(prefix);
    assertThat(in(second)).containsExactly(prefix);
    assertThat(in(first, second)).containsExactly(prefix);
  }

  @Test
  void severalPrefixesAreFoundInTheOrderOfTheAddresses() {
    assertThat(in("2001:db8:64::c000:aa", "64:ff9b::c000:aa", "2001:db8:64::c000:ab"))
        .containsExactly("2001:db8:64::/96", "64:ff9b::/96");
  }

  /** RFC 7050 section 3: the name's other address says which one it is. */
  @Test
  void whatThePrefixHasByChanceSaysNothing() {
    assertThat(in("2001:db8:c000:aa::c000:aa")).isEmpty();
    assertThat(in("2001:db8:c000:aa::c000:ab", "2001:db8:c000:aa::c000:aa"))
        .as("both are in it, each once")
        .contains("2001:db8:c000:aa::/96");
    assertThat(in("2001:c0:0:aa00::c000:aa")).as("at the boundary of an octet").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "192.0.0.170",
        "2001:db8::1",
        "::ffff:192.0.0.170",
        "fe80::c000:aa",
        "ff02::c000:aa",
        "2001:db8:64::192.0.0.172",
        "2001:db8:1c0:0:1aa::", // bits 64 to 71 are not zero
        "2001:db8:64::c000:aa:0",
      })
  void noOtherAddressHasOne(String address) {
    assertThat(in(address)).isEmpty();
  }

  @Test
  void theNamesOwnAddressesAreKnown() {
    for (String own : List.of("192.0.0.170", "192.0.0.171", "64:ff9b::192.0.0.171")) {
      assertThat(Pref64.isOfName(Address.parse(own))).as(own).isTrue();
    }
    for (String other : List.of("192.0.0.169", "10.0.0.1", "64:ff9b::10.0.0.1", "fd00::1")) {
      assertThat(Pref64.isOfName(Address.parse(other))).as(other).isFalse();
    }
  }

  @Test
  void whatIsFoundMakesOneOfTheNamesAddressesOfTheAddress() {
    Random random = new Random(7);
    byte[] bytes = new byte[16];
    for (int i = 0; i < 100_000; i++) {
      random.nextBytes(bytes);
      ByteBuffer.wrap(bytes).putInt(random.nextInt(13), 0xc000_00aa + random.nextInt(2));
      Address address = Address.of(bytes);
      for (Subnet prefix : Pref64.in(List.of(address))) {
        Translators found = new Translators(List.of(prefix), List.of());
        assertThat(found.standsFor(address.high(), address.low()))
            .as(address + " in " + prefix)
            .containsAnyOf(Address.ipv4Low(0xc000_00aa), Address.ipv4Low(0xc000_00ab));
      }
    }
  }
}
