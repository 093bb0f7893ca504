package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A kernel that answers each request for a list with an error. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RtnetlinkRefusalTest {
  /** Netlink's protocol for sockets: it knows no request for addresses, and refuses it. */
  private static final int NETLINK_SOCK_DIAG = 4;

  @Test
  void aListThatIsRefusedIsAskedForOnceByEachRead() throws ErrnoException {
    try (Rtnetlink socket = Rtnetlink.open(NETLINK_SOCK_DIAG)) {
      for (int i = 0; i < 5; i++) {
        int before = socket.asked();
        assertThat(socket.read()).isFalse();
        assertThat(socket.asked() - before).isEqualTo(1);
        assertThat(socket.stale()).as("so that a timer asks again").isTrue();
        assertThat(socket.complete()).isFalse();
      }
    }
  }
}
