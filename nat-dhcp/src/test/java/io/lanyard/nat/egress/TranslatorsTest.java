package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TranslatorsTest {
  /** The examples of RFC 6052 section 2.4, and the prefixes that all have. */
  @ParameterizedTest
  @CsvSource({
    "2001:db8::/32, 2001:db8:c000:221::",
    "2001:db8:100::/40, 2001:db8:1c0:2:21::",
    "2001:db8:122::/48, 2001:db8:122:c000:2:2100::",
    "2001:db8:122:300::/56, 2001:db8:122:3c0:0:221::",
    "2001:db8:122:344::/64, 2001:db8:122:344:c0:2:2100::",
    "2001:db8:122:344::/96, 2001:db8:122:344::192.0.2.33",
    "2001:db8:122:344::/96, 64:ff9b::192.0.2.33",
    "64:ff9b:1::/48, 64:ff9b:1:c000:2:2100::",
    "64:ff9b:1:5::/64, 64:ff9b:1::192.0.2.33"
  })
  void anAddressIsFoundBehindEachPrefix(String prefix, String address) {
    Translators translators = new Translators(List.of(Subnet.parse(prefix)), List.of());
    assertThat(standsFor(translators, address)).containsExactly("192.0.2.33");
  }

  private static List<String> standsFor(Translators translators, String address) {
    Address its = Address.parse(address);
    return LongStream.of(translators.standsFor(its.high(), its.low()))
        .mapToObj(low -> new Address(0, low).toString())
        .toList();
  }

  @Test
  void theLongestPrefixThatHoldsAnAddressSaysWhereItsIpv4AddressIs() {
    List<Subnet> prefixes =
        List.of(Subnet.parse("2001:db8::/32"), Subnet.parse("2001:db8:122:344::/96"));
    for (List<Subnet> order : List.of(prefixes, prefixes.reversed())) {
      assertThat(standsFor(new Translators(order, List.of()), "2001:db8:122:344::192.0.2.33"))
          .containsExactly("192.0.2.33");
    }
  }

  @Test
  void anAddressBehindPrefixesThatWereFoundMayStandForEachOfTheirs() {
    List<Subnet> found =
        List.of(Subnet.parse("2001:db8::/32"), Subnet.parse("2001:db8:c000:221::/96"));
    Translators translators = new Translators(List.of(), found);
    assertThat(standsFor(translators, "2001:db8:c000:221::198.51.100.1"))
        .containsExactly("192.0.2.33", "198.51.100.1");
    assertThat(standsFor(translators, "2001:db8:c000:221::192.0.2.33"))
        .containsExactly("192.0.2.33");
    assertThat(standsFor(translators, "64:ff9b::192.0.2.33")).containsExactly("192.0.2.33");
    assertThat(standsFor(translators, "192.0.2.33")).isEmpty();
    assertThat(translators.prefixes()).isEqualTo(found);
  }

  @ParameterizedTest
  @CsvSource({"2001:db8:122:344::/96, 2001:db8:122:344:0:1::1", "2001:db8::/32, 2001:db9::1"})
  void anAddressBesideThePrefixStandsForItself(String prefix, String address) {
    assertThat(standsFor(new Translators(List.of(Subnet.parse(prefix)), List.of()), address))
        .isEmpty();
  }
}
