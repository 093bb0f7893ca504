package io.lanyard.vswitch.vhost;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.EventFd;
import io.lanyard.linux.Libc;
import io.lanyard.linux.Memfd;
import io.lanyard.testing.FuzzInput;
import io.lanyard.virtio.VirtQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Any messages set a session up or end it; no descriptor is left, and no ring is outside memory.
 */
class VhostSessionFuzzTest {
  private static final int MEMORY = 1 << 16;

  private final MemorySegment message = Arena.ofAuto().allocate(600, 8);

  @FuzzTest
  void noMessagesLeaveADescriptor(byte[] input) throws ErrnoException {
    FuzzInput in = new FuzzInput(input);
    int memfd = Memfd.create("fuzz", MEMORY);
    int event = EventFd.create();
    int lowest = lowestFree();
    VhostSessionTest.Noted device = new VhostSessionTest.Noted();
    VhostSession session = new VhostSession(new VhostNic(1, 1500, 1), device);
    try {
      while (in.hasNext()) {
        step(session, in, memfd, event);
        serve(session);
      }
    } catch (VhostException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
    session.close();
    assertThat(session.sharedBytes()).isZero();
    assertThat(lowestFree()).isEqualTo(lowest);
    Libc.close(event);
    Memfd.close(memfd);
  }

  /** The number that the next descriptor gets: a larger one than before if one was left open. */
  private static int lowestFree() {
    int fd = Libc.open("/dev/null", Libc.O_RDWR);
    Libc.close(fd);
    return fd;
  }

  private void step(VhostSession session, FuzzInput in, int memfd, int event)
      throws VhostException {
    int request = in.octet();
    int flags = in.octet();
    int count = in.choice(9);
    int[] descriptors = new int[8];
    for (int i = 0; i < Math.min(count, 8); i++) {
      descriptors[i] = Libc.duplicate(in.choice(3) == 0 ? event : memfd);
    }
    byte[] payload = in.bytes(in.octet() % 80);
    message.fill((byte) 0);
    message.set(VhostSessionTest.INT, 0, request);
    message.set(VhostSessionTest.INT, 4, 1 | (flags & 8));
    message.set(VhostSessionTest.INT, 8, payload.length);
    MemorySegment.copy(MemorySegment.ofArray(payload), 0, message, 12, payload.length);
    int length = session.handle(message, descriptors, Math.min(count, 8));
    assertThat(length).isBetween(0, VhostSession.HEADER + VhostSession.MOST_PAYLOAD);
    int with = session.takeReplyDescriptor();
    if (with >= 0) {
      Libc.close(with);
    }
  }

  /** Takes what the rings have, as a port does. */
  private static void serve(VhostSession session) {
    for (int i = 0; i < session.ringCount(); i++) {
      VirtQueue queue = session.ring(i).queue();
      if (queue != null) {
        var chain = queue.newChain(8);
        for (int n = 0; n < 4 && queue.pop(chain); n++) {
          queue.push(chain, 0);
        }
        queue.publish();
      }
    }
  }
}
