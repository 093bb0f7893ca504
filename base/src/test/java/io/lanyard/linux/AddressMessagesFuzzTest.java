package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.net.Subnet;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Any datagram of rtnetlink is read within its bounds, and names only addresses that can be. */
class AddressMessagesFuzzTest {
  private static final class Heard implements AddressMessages.Listener {
    int events;

    @Override
    public void listed(HostAddress address) {
      check(address);
    }

    @Override
    public void changed(boolean present, HostAddress address) {
      check(address);
    }

    @Override
    public void listed(Subnet route) {
      check(route);
    }

    @Override
    public void changed(boolean present, Subnet route) {
      check(route);
    }

    private void check(Subnet route) {
      events++;
      assertThat(Subnet.parse(route.toString())).isEqualTo(route);
    }

    private void check(HostAddress address) {
      events++;
      assertThat(address.prefix()).isBetween(0, 128);
      assertThat(address.address().toBytes()).hasSizeBetween(4, 16);
    }

    @Override
    public void done(int sequence, boolean consistent) {
      events++;
    }

    @Override
    public void failed(int sequence) {
      events++;
    }
  }

  @FuzzTest
  void aDatagramIsReadWithinItsBounds(byte[] input) {
    Heard heard = new Heard();
    ByteBuffer data = ByteBuffer.allocate(input.length + 32).put(16, input);
    data.position(16).limit(16 + input.length);
    boolean formed = AddressMessages.read(data, heard);
    assertThat(data.position()).isEqualTo(16);
    assertThat(data.limit()).isEqualTo(16 + input.length);
    assertThat(heard.events).isLessThanOrEqualTo(input.length / 16);
    if (formed && input.length > 0) {
      // Messages that were read to the end are so again with one more behind them.
      Heard twice = new Heard();
      byte[] padded = Arrays.copyOf(input, input.length + 3 & ~3);
      ByteBuffer both = ByteBuffer.allocate(2 * padded.length).put(padded).put(padded).flip();
      assertThat(AddressMessages.read(both, twice)).isTrue();
      assertThat(twice.events).isEqualTo(2 * heard.events);
    }
  }
}
