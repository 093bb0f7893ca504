package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.Nearest;
import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "192.168.127.2", "255.255.255.255"})
  void anAddressIsWrittenAsItWasRead(String text) {
    assertThat(Address.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.04",
        "1.2.3.-4",
        "1.2.3.٤",
        "a.b.c.d"
      })
  void whatIsNoAddressIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Address.parse(text));
  }

  @Test
  void addressesAreOrderedWithoutSign() {
    assertThat(Address.parse("127.0.0.1")).isLessThan(Address.parse("128.0.0.0"));
  }

  @Test
  void aSubnetKnowsItsBounds() {
    Subnet subnet = Subnet.parse("172.16.8.0/22");

    assertThat(subnet.mask()).hasToString("255.255.252.0");
    assertThat(subnet.last()).hasToString("172.16.11.255");
    assertThat(subnet.contains(Address.parse("172.16.11.255"))).isTrue();
    assertThat(subnet.isHost(Address.parse("172.16.11.255"))).isFalse();
    assertThat(subnet.isHost(Address.parse("172.16.8.0"))).isFalse();
    assertThat(subnet.contains(Address.parse("172.16.12.0"))).isFalse();
    assertThat(Subnet.parse("0.0.0.0/0").contains(Address.parse("255.1.2.3"))).isTrue();
    assertThat(Subnet.parse("1.2.3.4/32").last()).hasToString("1.2.3.4");
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.1.0.0/16, true",
    "10.1.0.0/16, 10.0.0.0/8, true",
    "10.0.0.0/9, 10.128.0.0/9, false",
    "0.0.0.0/0, 203.0.113.0/24, true"
  })
  void subnetsOverlapWhenOneHoldsTheOther(String a, String b, boolean expected) {
    assertThat(Subnet.parse(a).overlaps(Subnet.parse(b))).isEqualTo(expected);
  }

  @Test
  void aRangeKnowsItsSize() {
    assertThat(AddressRange.parse("10.0.0.1 - 10.0.1.0").size()).isEqualTo(256);
    assertThat(AddressRange.parse("0.0.0.0-255.255.255.255").size()).isEqualTo(1L << 32);
  }

  @Test
  void aMacAddressIsWrittenWithColons() {
    assertThat(MacAddress.parse("52-54-00-AB-cd-0f")).hasToString("52:54:00:ab:cd:0f");
  }

  @Test
  void aDerivedMacAddressIsAlwaysTheSameAndAStations() {
    MacAddress derived = MacAddress.derivedFrom("demo/nic0");

    assertThat(derived).hasToString("52:54:00:b0:7a:1e");
    assertThat(MacAddress.derivedFrom("demo/nic1")).isNotEqualTo(derived);
  }

  @ParameterizedTest
  @CsvSource({
    "30m, 1800000",
    "12h, 43200000",
    "2h4m, 7440000",
    "1d, 86400000",
    "90s, 90000",
    "250ms, 250",
    "1d2h3m4s5ms, 93784005"
  })
  void aDurationIsReadAndWritten(String text, long millis) {
    assertThat(DurationText.parse(text)).isEqualTo(Duration.ofMillis(millis));
    assertThat(DurationText.parse(DurationText.format(Duration.ofMillis(millis))))
        .isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "30", "m", "-5m", "5m2h", "1.5h", "5 m", "9999999s"})
  void whatIsNoDurationIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> DurationText.parse(text));
  }

  @ParameterizedTest
  @CsvSource({"512M, 536870912", "2G, 2147483648", "1T, 1099511627776", "64KiB, 65536"})
  void anAmountIsReadInBinaryUnits(String text, long bytes) {
    assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    assertThat(ByteSize.parse(new ByteSize(bytes).toString()).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "512", "0M", "512MB", "512m", "999999999T", "8388608T", "-1M", "1.5G"})
  void whatIsNoAmountIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> ByteSize.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:80, 127.0.0.1:80",
    "*:80, 0.0.0.0:80",
    "localhost:80, 127.0.0.1:80",
    "[::]:80, [::]:80"
  })
  void anEndpointIsRead(String text, String expected) {
    assertThat(Endpoint.parse(text)).hasToString(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "80",
        ":80",
        "1.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:0",
        "1.2.3.4:65536",
        "::1:80",
        "[::1]",
        "[::g]:80",
        "[1.2.3.4]:80",
        "example.com:80",
        "[fe80::1%eth9]:80",
        "1.2.3:80"
      })
  void whatIsNoEndpointIsRefusedWithoutAskingDns(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Endpoint.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "dchp, dhcp",
    "reservation, reservations",
    "host_adapter, host-adapter",
    "leasetime, lease-time",
    "warn, warning",
    "zzz, "
  })
  void theNearestWordIsFound(String word, String expected) {
    List<String> known =
        List.of("dhcp", "dns", "reservations", "host-adapter", "lease-time", "warning");

    assertThat(Nearest.to(word, known)).isEqualTo(expected);
  }

  @Test
  void aRateWithHalfAUnitSaysTheWholeOne() {
    assertThatThrownBy(() -> BitRate.parse("100M"))
        .hasMessage("a rate is in bits per second: 100Mbit");
  }
}
