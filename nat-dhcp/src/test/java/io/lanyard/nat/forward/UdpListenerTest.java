package io.lanyard.nat.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.Errno;
import io.lanyard.linux.SocketError;
import io.lanyard.net.Address;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The errors of a forward's socket, and the clients that they end. */
class UdpListenerTest {
  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 3, 1, false, true",
    "192.0.2.1, 3, 3, false, true",
    "192.0.2.1, 3, 4, true, false",
    "192.0.2.1, 11, 0, false, false",
    "2001:db8::1, 1, 4, false, true",
    "2001:db8::1, 2, 0, true, false",
    "2001:db8::1, 3, 0, false, false"
  })
  void onlyAClientThatIsNotThereIsGone(
      String client, int type, int code, boolean tooLarge, boolean gone) {
    SocketError error =
        new SocketError(
            tooLarge ? Errno.EMSGSIZE : Errno.EHOSTUNREACH,
            true,
            type,
            code,
            tooLarge ? 1400 : 0,
            null,
            DatagramEnds.to(Address.parse(client), 4000));
    assertThat(UdpListener.isUnreachable(error)).isEqualTo(gone);
  }
}
