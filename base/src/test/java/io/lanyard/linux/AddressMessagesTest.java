package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class AddressMessagesTest {
  private final List<String> heard = new ArrayList<>();
  private final AddressMessages.Listener listener =
      new AddressMessages.Listener() {
        @Override
        public void listed(HostAddress address) {
          heard.add("listed " + text(address));
        }

        @Override
        public void changed(boolean present, HostAddress address) {
          heard.add((present ? "new " : "gone ") + text(address));
        }

        @Override
        public void listed(Subnet route) {
          heard.add("listed route " + route);
        }

        @Override
        public void changed(boolean present, Subnet route) {
          heard.add((present ? "new route " : "gone route ") + route);
        }

        @Override
        public void done(int sequence, boolean consistent) {
          heard.add("done " + sequence + " " + consistent);
        }

        @Override
        public void failed(int sequence) {
          heard.add("failed " + sequence);
        }
      };

  private static String text(HostAddress address) {
    return address.address() + "/" + address.prefix() + "@" + address.device();
  }

  private static byte[] attribute(int type, String address) {
    byte[] bytes = Address.parse(address).toBytes();
    return ByteBuffer.allocate(4 + bytes.length)
        .order(ByteOrder.nativeOrder())
        .putShort((short) (4 + bytes.length))
        .putShort((short) type)
        .put(bytes)
        .array();
  }

  private static byte[] message(int type, int flags, int sequence, byte[]... body) {
    int length = 16 + Arrays.stream(body).mapToInt(part -> part.length).sum();
    ByteBuffer b = ByteBuffer.allocate(length + 3 & ~3).order(ByteOrder.nativeOrder());
    b.putInt(length).putShort((short) type).putShort((short) flags).putInt(sequence).putInt(0);
    for (byte[] part : body) {
      b.put(part);
    }
    return b.array();
  }

  private static byte[] body(int family, int prefix, int device) {
    return ByteBuffer.allocate(8)
        .order(ByteOrder.nativeOrder())
        .put((byte) family)
        .put((byte) prefix)
        .putShort((short) 0)
        .putInt(device)
        .array();
  }

  private boolean read(byte[]... messages) {
    ByteBuffer all = ByteBuffer.allocate(Arrays.stream(messages).mapToInt(m -> m.length).sum());
    for (byte[] message : messages) {
      all.put(message);
    }
    return AddressMessages.read(all.flip(), listener);
  }

  @Test
  void aListHasItsAddressesAndItsEnd() {
    assertThat(
            read(
                message(20, 2, 7, body(2, 8, 1), attribute(2, "127.0.0.1")),
                message(20, 2, 7, body(10, 64, 3), attribute(1, "2001:db8::7")),
                message(3, 2, 7, new byte[4])))
        .isTrue();
    assertThat(heard)
        .containsExactly("listed 127.0.0.1/8@1", "listed 2001:db8::7/64@3", "done 7 true");
  }

  @Test
  void ofALinkWithTwoEndsOurEndCounts() {
    read(
        message(20, 0, 0, body(2, 32, 4), attribute(1, "10.0.0.2"), attribute(2, "10.0.0.1")),
        message(21, 0, 0, body(2, 32, 4), attribute(2, "10.0.0.1"), attribute(1, "10.0.0.2")));
    assertThat(heard).containsExactly("new 10.0.0.1/32@4", "gone 10.0.0.1/32@4");
  }

  @Test
  void aListThatAChangeInterruptedIsNotConsistent() {
    read(
        message(20, 2 | 0x10, 7, body(2, 8, 1), attribute(2, "127.0.0.1")),
        message(3, 2, 7, new byte[4]));
    assertThat(heard).contains("done 7 false");
  }

  @Test
  void anErrorAndAnOverrunAreFailures() {
    read(message(2, 0, 7, new byte[4]), message(4, 0, 8));
    assertThat(heard).containsExactly("failed 7", "failed 8");
  }

  @Test
  void anOtherFamilyAndAnAddressOfAnOtherLengthAreLeftOut() {
    assertThat(
            read(
                message(20, 0, 0, body(17, 8, 1), attribute(2, "127.0.0.1")),
                message(20, 0, 0, body(2, 8, 1), attribute(2, "::1")),
                message(20, 0, 0, body(2, 33, 1), attribute(2, "127.0.0.1")),
                message(20, 0, 0, body(2, 8, 1)),
                message(16, 0, 0, new byte[32])))
        .isTrue();
    assertThat(heard).isEmpty();
  }

  @Test
  void lengthsThatLeadNowhereEndTheReading() {
    byte[] good = message(20, 0, 0, body(2, 8, 1), attribute(2, "127.0.0.1"));
    for (int length : new int[] {0, 1, 15, 17, 23, 100, -1, Integer.MAX_VALUE}) {
      byte[] bad = good.clone();
      ByteBuffer.wrap(bad).order(ByteOrder.nativeOrder()).putInt(0, length);
      assertThat(read(bad)).as("length " + length).isFalse();
    }
    for (int length : new int[] {0, 3, 9, 0xffff}) {
      byte[] bad = good.clone();
      ByteBuffer.wrap(bad).order(ByteOrder.nativeOrder()).putShort(24, (short) length);
      read(bad);
    }
    assertThat(heard).isEmpty();
  }

  @Test
  void everyBeginningOfAMessageIsReadWithoutAnError() {
    byte[] good = message(20, 0, 0, body(2, 8, 1), attribute(2, "127.0.0.1"));
    for (int length = 0; length < good.length; length++) {
      assertThat(read(Arrays.copyOf(good, length))).isEqualTo(length == 0);
    }
    assertThat(heard).isEmpty();
  }

  private static byte[] route(int family, int prefix, int table, int type) {
    return new byte[] {
      (byte) family, (byte) prefix, 0, 0, (byte) table, 0, 0, (byte) type, 0, 0, 0, 0
    };
  }

  @Test
  void localRoutesAreListedAndFollowed() {
    assertThat(
            read(
                message(24, 2, 7, route(2, 24, 255, 2), attribute(1, "10.50.0.0")),
                message(24, 2, 7, route(10, 64, 255, 4), attribute(1, "2001:db8::")),
                message(24, 2, 7, route(2, 0, 255, 2)),
                message(3, 2, 7, new byte[4]),
                message(24, 0, 0, route(2, 32, 255, 2), attribute(1, "10.51.0.1")),
                message(25, 0, 0, route(2, 32, 255, 2), attribute(1, "10.51.0.1"))))
        .isTrue();
    assertThat(heard)
        .containsExactly(
            "listed route 10.50.0.0/24",
            "listed route 2001:db8::/64",
            "listed route 0.0.0.0/0",
            "done 7 true",
            "new route 10.51.0.1/32",
            "gone route 10.51.0.1/32");
  }

  @Test
  void routesThatLeadElsewhereAndThoseWithoutADestinationAreReadPast() {
    assertThat(
            read(
                message(24, 2, 7, route(2, 24, 254, 1), attribute(1, "10.50.0.0")), // unicast
                message(24, 2, 7, route(2, 0, 100, 2)), // another table: only a rule leads there
                message(24, 2, 7, route(2, 32, 255, 3), attribute(1, "10.50.0.255")), // broadcast
                message(24, 2, 7, route(2, 24, 255, 2)),
                message(24, 2, 7, route(2, 33, 255, 2), attribute(1, "10.50.0.0")),
                message(24, 2, 7, route(2, 24, 255, 2), attribute(1, "2001:db8::")),
                message(24, 2, 7, route(28, 4, 255, 2))))
        .isTrue();
    assertThat(heard).isEmpty();
    assertThat(read(message(24, 2, 7, new byte[8]))).isFalse(); // shorter than a struct rtmsg
  }
}
