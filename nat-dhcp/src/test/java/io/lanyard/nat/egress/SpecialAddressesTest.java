package io.lanyard.nat.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpecialAddressesTest {
  private static boolean isPrivate(String text) {
    Address address = Address.parse(text);
    return SpecialAddresses.PRIVATE.contains(address.high(), address.low());
  }

  /** The registries' entries that are not globally reachable, and what leads to such. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "fd00::1",
        "fe80::1",
        "64:ff9b::a01:203",
        "2002:a01:203::1",
        "64:ff9b:1::a01:203",
        "64:ff9b:1::101:101",
        "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
        "100::1",
        "5f00::1"
      })
  void aNameOfOthersDoesNotLeadThereRightly(String address) {
    assertThat(isPrivate(address)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254",
        "fe80::1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "64:ff9b:1:7::100.100.100.200",
        "2002:a9fe:a9fe::1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:c1::a9fe:a9fe",
        "fd00:42::42",
        "fd00:a9fe:a9fe::1",
        "fd00:100::100:200"
      })
  void metadataIsFoundByEveryWay(String text) {
    Address address = Address.parse(text);
    assertThat(SpecialAddresses.METADATA.contains(address.high(), address.low())).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "100.128.0.1",
        "192.0.1.1",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "64:ff9b::101:101",
        "64:ff9b:2::a01:203",
        "100:0:0:2::1",
        "2002:101:101::1"
      })
  void aNameOfOthersLeadsThere(String address) {
    assertThat(isPrivate(address)).isFalse();
  }
}
