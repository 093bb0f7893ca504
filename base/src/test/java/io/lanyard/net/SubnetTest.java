package io.lanyard.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SubnetTest {
  @ParameterizedTest
  @CsvSource({
    "192.168.127.0/24, 192.168.127.255, true",
    "192.168.127.0/24, 192.168.128.0, false",
    "192.168.127.0/24, fd00::1, false",
    "0.0.0.0/0, 255.255.255.255, true",
    "0.0.0.0/0, ::, false",
    "10.0.0.1/32, 10.0.0.1, true",
    "10.0.0.1/32, 10.0.0.0, false",
    "::/0, 10.0.0.1, false",
    "::/0, fd00::1, true",
    "fd00::/64, fd00::ffff:ffff:ffff:ffff, true",
    "fd00::/64, fd00:0:0:1::, false",
    "fc00::/7, fdff::1, true",
    "2001:db8::/127, 2001:db8::2, false",
    "2001:db8::1/128, 2001:db8::1, true"
  })
  void anAddressIsInASubnetOrNot(String subnet, String address, boolean inside) {
    assertThat(Subnet.parse(subnet).contains(Address.parse(address))).isEqualTo(inside);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/1x",
        "10.0.0.1/24",
        "fd00::/129",
        "fd00::1/64",
        "/24",
        "10.0.0.0/024/1"
      })
  void aTextThatIsNoSubnetIsRefused(String text) {
    assertThatThrownBy(() -> Subnet.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void hostBitsAreAnsweredWithTheRightSubnet() {
    assertThatThrownBy(() -> Subnet.parse("192.168.127.5/24"))
        .hasMessage("it has bits set beyond its prefix; the subnet is 192.168.127.0/24");
    assertThatThrownBy(() -> Subnet.parse("192.168.127.5/0")).hasMessageContaining("0.0.0.0/0");
    assertThatThrownBy(() -> Subnet.parse("fd00::5/64")).hasMessageContaining("fd00::/64");
  }

  @Test
  void theEndsOfASubnetAreNoHosts() {
    Subnet subnet = Subnet.parse("192.168.127.0/24");
    assertThat(subnet.mask()).hasToString("255.255.255.0");
    assertThat(Subnet.parse("0.0.0.0/0").mask()).hasToString("0.0.0.0");
    assertThat(subnet.last()).hasToString("192.168.127.255");
    assertThat(subnet.at(2)).hasToString("192.168.127.2");
    assertThat(subnet.isHost(subnet.network())).isFalse();
    assertThat(subnet.isHost(subnet.last())).isFalse();
    assertThat(subnet.isHost(subnet.at(1))).isTrue();
    assertThat(Subnet.parse("10.0.0.0/31").isHost(Address.parse("10.0.0.1"))).isTrue();
    Subnet six = Subnet.parse("fd00::/64");
    assertThat(six.isHost(six.network())).isFalse();
    assertThat(six.isHost(six.last())).isTrue();
    assertThatThrownBy(six::mask).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theSubnetOfAnAddressHasItsPrefix() {
    assertThat(Subnet.of(Address.parse("10.1.2.3"), 8)).isEqualTo(Subnet.parse("10.0.0.0/8"));
    assertThat(Subnet.of(Address.parse("10.1.2.3"), 0)).isEqualTo(Subnet.parse("0.0.0.0/0"));
    assertThat(Subnet.of(Address.parse("fd00::1:2"), 112)).isEqualTo(Subnet.parse("fd00::1:0/112"));
  }

  @Test
  void overlappingSubnetsAreFoundInBothDirections() {
    Subnet large = Subnet.parse("10.0.0.0/8");
    Subnet small = Subnet.parse("10.9.0.0/16");
    assertThat(large.overlaps(small)).isTrue();
    assertThat(small.overlaps(large)).isTrue();
    assertThat(small.overlaps(Subnet.parse("10.8.0.0/16"))).isFalse();
  }

  @Test
  void aRangeCountsBothEnds() {
    assertThat(AddressRange.parse("10.0.0.1 - 10.0.0.3").size()).isEqualTo(3);
    assertThat(AddressRange.parse("0.0.0.0-255.255.255.255").size()).isEqualTo(1L << 32);
    assertThat(AddressRange.parse("fd00::-fd00::ffff").size()).isEqualTo(65536);
    assertThat(AddressRange.parse("fd00::-fd01::").size()).isEqualTo(Long.MAX_VALUE);
    assertThat(AddressRange.parse("fd00::ffff:ffff:ffff:ffff-fd00:0:0:1::").size()).isEqualTo(2);
    assertThatThrownBy(() -> AddressRange.parse("10.0.0.2-10.0.0.1"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> AddressRange.parse("10.0.0.2-fd00::1"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void equalSubnetsAreOneKeyAndOthersAreNot() {
    Subnet subnet = Subnet.parse("10.0.0.0/8");
    assertThat(subnet).isEqualTo(Subnet.parse("10.0.0.0/8"));
    assertThat(subnet).hasSameHashCodeAs(Subnet.parse("10.0.0.0/8"));
    assertThat(subnet).isNotEqualTo(Subnet.parse("10.0.0.0/9"));
    assertThat(subnet).isNotEqualTo(Subnet.parse("11.0.0.0/8"));
    assertThat(subnet).isNotEqualTo(subnet.network());
  }

  @Test
  void subnetsStandByAddressAndTheLargerFirst() {
    assertThat(
            Stream.of("10.0.0.0/9", "fd00::/64", "10.0.0.0/8", "9.0.0.0/8", "fd00::/8")
                .map(Subnet::parse)
                .sorted())
        .extracting(Subnet::toString)
        .containsExactly("9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/9", "fd00::/8", "fd00::/64");
  }
}
