package io.lanyard.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import java.util.function.Function;

/** Any text is refused in words, or is read as what it prints and reads again. */
class AddressFuzzTest {
  private static void isReadAsItIsPrinted(String text, Function<String, ?> parse) {
    Object value;
    try {
      value = parse.apply(text);
    } catch (IllegalArgumentException refused) {
      assertThat(refused.getMessage()).isNotBlank();
      assertThat(refused).isNotInstanceOf(NumberFormatException.class);
      return;
    }
    assertThat(parse.apply(value.toString())).isEqualTo(value);
    assertThat(value.toString().length()).isLessThan(100);
  }

  @FuzzTest
  void whatIsReadIsReadAsItIsPrinted(byte[] input) {
    String text = new FuzzInput(input).text();
    isReadAsItIsPrinted(text, Address::parse);
    isReadAsItIsPrinted(text, Address::parseIpv4);
    isReadAsItIsPrinted(text, MacAddress::parse);
    isReadAsItIsPrinted(text, Subnet::parse);
    isReadAsItIsPrinted(text, AddressRange::parse);
    isReadAsItIsPrinted(text, Endpoint::parse);
    isReadAsItIsPrinted(text, t -> Endpoint.parse(t, 53));
  }

  /** Mask, last address and membership agree with each other, whatever the bits. */
  @FuzzTest
  void aSubnetHasItsAddressesAndNoOther(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    boolean ipv4 = in.choice(2) == 0;
    int prefix = in.octet() % (ipv4 ? 33 : 129);
    Address address = ipv4 ? Address.ofIpv4(in.number()) : other(in);
    if (!ipv4 && address.isIpv4()) {
      return; // a mapped address is one of IPv4
    }
    Subnet subnet = Subnet.of(address, prefix);
    assertThat(subnet.contains(address)).isTrue();
    assertThat(subnet.contains(subnet.network())).isTrue();
    if (ipv4 || prefix > 96) { // a shorter one may end among the mapped addresses
      assertThat(subnet.contains(subnet.last())).isTrue();
      assertThat(new AddressRange(subnet.network(), subnet.last()).contains(address)).isTrue();
    }
    assertThat(subnet.overlaps(Subnet.of(address, address.bits()))).isTrue();
    Address stranger = ipv4 ? Address.ofIpv4(in.number()) : other(in);
    if (stranger.isIpv4() == address.isIpv4()) {
      assertThat(subnet.contains(stranger))
          .isEqualTo(Subnet.of(stranger, prefix).equals(subnet))
          .isEqualTo(stranger.compareTo(subnet.network()) >= 0 && !isPast(stranger, subnet));
    }
    assertThat(Address.of(address.toBytes())).isEqualTo(address);
    Address next = address.plus(1);
    if (next.isIpv4() == ipv4) { // the mapped addresses have neighbours of the other family
      assertThat(next.plus(-1)).isEqualTo(address);
    }
  }

  private static boolean isPast(Address address, Subnet subnet) {
    return address.compareTo(subnet.last()) > 0;
  }

  private static Address other(FuzzInput in) {
    return new Address(in.longNumber(), in.longNumber());
  }
}
