package io.lanyard.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressTest {
  /** RFC 5952 section 4 and the examples of its section 1. */
  @ParameterizedTest
  @CsvSource({
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:0DB8:0:0:0:0:2:1, 2001:db8::2:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:db8:0:0:0:1:0:0, 2001:db8::1:0:0",
    "0:0:0:0:0:0:0:0, ::",
    "0:0:0:0:0:0:0:1, ::1",
    "1:0:0:0:0:0:0:0, 1::",
    "0:1:0:0:0:0:0:0, 0:1::",
    "fe80:0:0:0:0:0:a:0, fe80::a:0",
    "::ffff:192.0.2.1, 192.0.2.1",
    "192.0.2.1, 192.0.2.1",
    "255.255.255.255, 255.255.255.255",
    "0.0.0.0, 0.0.0.0"
  })
  void anAddressIsPrintedInItsCanonicalForm(String text, String canonical) {
    assertThat(Address.parse(text)).hasToString(canonical);
  }

  @Test
  void whatIsPrintedIsReadAgain() throws Exception {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
      random.nextBytes(bytes);
      for (int zero = random.nextInt(bytes.length); zero > 0; zero--) {
        bytes[random.nextInt(bytes.length)] = 0;
      }
      Address address = Address.of(bytes);
      assertThat(Address.parse(address.toString())).isEqualTo(address);
      assertThat(Address.of(address.toInetAddress())).isEqualTo(address);
      assertThat(address.toInetAddress()).isEqualTo(InetAddress.getByAddress(bytes));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4 ",
        "-1.2.3.4",
        "1..2.3",
        "0x1.2.3.4",
        ":",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "fe80::1%eth0",
        "::1.2.3",
        "::g",
        "[::1]",
        "localhost",
        "1.2.3.4%0",
        "١.2.3.4"
      })
  void aTextThatIsNoAddressIsRefused(String text) {
    assertThatThrownBy(() -> Address.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theFamiliesAreToldApart() {
    assertThat(Address.ANY_IPV4.isIpv4()).isTrue();
    assertThat(Address.ANY_IPV6.isIpv4()).isFalse();
    assertThat(Address.ANY_IPV4).isNotEqualTo(Address.ANY_IPV6);
    assertThat(Address.parse("10.1.2.3").ipv4()).isEqualTo(0x0a010203);
    assertThatThrownBy(() -> Address.LOOPBACK_IPV6.ipv4())
        .isInstanceOf(IllegalStateException.class);
    assertThat(Address.isIpv4(0, Address.ipv4Low(-1))).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "127.1.2.3, true, false, false, true",
    "::1, true, false, false, true",
    "169.254.169.254, false, true, false, true",
    "fe80::1, false, true, false, true",
    "febf::1, false, true, false, true",
    "fec0::1, false, false, false, true",
    "224.0.0.1, false, false, true, false",
    "ff02::1, false, false, true, false",
    "255.255.255.255, false, false, false, false",
    "0.0.0.0, false, false, false, false",
    "::, false, false, false, false",
    "8.8.8.8, false, false, false, true"
  })
  void anAddressKnowsItsScope(
      String text, boolean loopback, boolean linkLocal, boolean multicast, boolean unicast) {
    Address address = Address.parse(text);
    assertThat(address.isLoopback()).isEqualTo(loopback);
    assertThat(address.isLinkLocal()).isEqualTo(linkLocal);
    assertThat(address.isMulticast()).isEqualTo(multicast);
    assertThat(address.isUnicast()).isEqualTo(unicast);
  }

  @Test
  void distancesCrossTheLongsAndStayInTheFamily() {
    assertThat(Address.parse("10.0.0.255").plus(1)).hasToString("10.0.1.0");
    assertThat(Address.parse("255.255.255.255").plus(1)).hasToString("0.0.0.0");
    assertThat(Address.parse("0.0.0.0").plus(-1)).hasToString("255.255.255.255");
    assertThat(Address.parse("1::ffff:ffff:ffff:ffff").plus(1)).hasToString("1:0:0:1::");
    assertThat(Address.parse("1:0:0:1::").plus(-1)).hasToString("1::ffff:ffff:ffff:ffff");
    assertThat(Address.parse("1::").plus(Long.MAX_VALUE).plus(-Long.MAX_VALUE)).hasToString("1::");
  }

  @Test
  void theOrderIsUnsigned() {
    assertThat(Address.parse("127.255.255.255")).isLessThan(Address.parse("128.0.0.0"));
    assertThat(Address.parse("7fff::")).isLessThan(Address.parse("8000::"));
    assertThat(Address.parse("::7fff:0:0:0")).isLessThan(Address.parse("::8000:0:0:0"));
  }
}
