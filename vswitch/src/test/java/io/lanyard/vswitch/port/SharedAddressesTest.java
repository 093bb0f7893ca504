package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.Switch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SharedAddressesTest {
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;

  /**
   * Random in all its bits, as the daemon's are: by a small one most addresses share a few cells.
   */
  static final long SEED = 0x9e37_79b9_7f4a_7c15L;

  private final SharedAddresses table = new SharedAddresses(SEED);

  private long mac(int ipv4) {
    return table.mac(0, SharedAddresses.mapped(ipv4));
  }

  private void claim(int ipv4, int port, long mac, boolean says) {
    table.claim(0, SharedAddresses.mapped(ipv4), port, mac, says);
  }

  @Test
  void anAddressIsItsGuestsUntilAnotherSaysThatItHasIt() {
    claim(1, 0, A, false);
    claim(1, 1, B, false);
    assertThat(mac(1)).as("B has only sent from it").isEqualTo(A);
    claim(1, 1, B, true);
    assertThat(mac(1)).isEqualTo(B);
    assertThat(mac(2)).isZero();
    assertThat(table.size()).isEqualTo(1);
  }

  @Test
  void aPortThatClaimsWithoutEndLosesItsOwnOldestAndNobodyElses() {
    claim(1, 0, A, true);
    table.claim(0x2001_0db8_0000_0000L, 7, 0, A, true);
    for (int i = 0; i < 200_000; i++) {
      claim(1000 + i, 1, B + (i & 0xff), false);
    }
    assertThat(table.size()).isEqualTo(2 + SharedAddresses.MOST_OF_PORT);
    assertThat(mac(1)).isEqualTo(A);
    assertThat(table.mac(0x2001_0db8_0000_0000L, 7)).isEqualTo(A);
    assertThat(mac(1000 + 199_999)).isNotZero();
    assertThat(mac(1000)).isZero();
  }

  /** The next port has the number that it had. */
  @Test
  void whatAPortHasClaimedGoesWithIt() {
    claim(1, 0, A, true);
    claim(2, 1, B, true);
    table.claim(0x2001_0db8_0000_0000L, 7, 1, B, true);
    table.release(1);
    assertThat(mac(2)).isZero();
    assertThat(table.size()).isEqualTo(1);
    assertThat(mac(1)).isEqualTo(A);
    claim(2, 1, A, false);
    assertThat(mac(2)).as("nobody has it, so its use counts").isEqualTo(A);
  }

  @Test
  void allPortsTogetherHaveTheirRoom() {
    for (int port = 0; port < Switch.MOST_PORTS; port++) {
      for (int i = 0; i < SharedAddresses.MOST_OF_PORT; i++) {
        claim(port << 8 | i, port, A + port, true);
      }
    }
    assertThat(table.size()).isEqualTo(Switch.MOST_PORTS * SharedAddresses.MOST_OF_PORT);
    assertThat(mac(77 << 8 | 5)).isEqualTo(A + 77);
  }

  @Test
  void whatIsThereIsFoundWhateverHasComeAndGone() {
    Random random = new Random(3);
    Map<Integer, Long> model = new HashMap<>();
    for (int i = 0; i < 200_000; i++) {
      int ip = random.nextInt(100_000);
      int port = random.nextInt(20);
      claim(ip, port, A + port, true);
      model.put(ip, A + port);
    }
    int found = 0;
    for (Map.Entry<Integer, Long> entry : model.entrySet()) {
      long mac = mac(entry.getKey());
      assertThat(mac).isIn(0L, entry.getValue());
      found += mac == 0 ? 0 : 1;
    }
    assertThat(found).isEqualTo(table.size()).isBetween(1000, 20 * SharedAddresses.MOST_OF_PORT);
  }

  @Test
  void theAddressesOfAGuestAreTold() {
    claim(5, 3, A, true);
    table.claim(0x2001_0db8_0000_0000L, 7, 3, A, true);
    claim(6, 3, B, true);
    claim(8, 3, A, true);
    claim(8, 4, B, true); // gone to another
    List<String> told = new ArrayList<>();
    table.visit(
        3,
        A,
        new SharedAddresses.Visitor() {
          @Override
          public void ipv4(int address) {
            told.add("4:" + address);
          }

          @Override
          public void ipv6(long high, long low) {
            told.add("6:" + Long.toHexString(high) + ":" + low);
          }
        });
    assertThat(told).containsExactly("4:5", "6:20010db800000000:7");
  }
}
