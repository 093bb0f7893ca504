package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MessageSocketTest {
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final MemorySegment SOCKETPAIR = NativeCall.function("socketpair");

  private final Arena arena = Arena.ofConfined();
  private final int[] pair = pair();
  private final MessageSocket left = new MessageSocket(pair[0]);
  private final MessageSocket right = new MessageSocket(pair[1]);
  private final MemorySegment out = arena.allocate(64);
  private final MemorySegment in = arena.allocate(64);

  private int[] pair() {
    MemorySegment both = arena.allocate(8, 4);
    assertThat(NativeCall.toInt(SOCKETPAIR, AF_UNIX, SOCK_STREAM, 0, both.address(), 0, 0))
        .isZero();
    return both.toArray(ValueLayout.JAVA_INT);
  }

  @AfterEach
  void close() {
    Libc.close(pair[0]);
    Libc.close(pair[1]);
    arena.close();
  }

  @Test
  void descriptorsComeWithTheFirstByteOfTheirData() throws IOException {
    int event = EventFd.create();
    out.setString(0, "first");
    assertThat(left.send(out, 5)).isEqualTo(5);
    out.setString(0, "second");
    assertThat(left.send(out, 6, event, event)).isEqualTo(6);

    // A longer read would go on into the second.
    assertThat(right.receive(in, 0, 5)).isEqualTo(5);
    assertThat(right.descriptors()).isZero();
    assertThat(right.receive(in, 0, 1)).isEqualTo(1);
    assertThat(right.descriptors()).isEqualTo(2);
    assertThat(right.descriptor(0)).isNotEqualTo(event).isNotEqualTo(right.descriptor(1));
    EventFd.adopt(right.descriptor(0));
    Libc.close(right.descriptor(0));
    Libc.close(right.descriptor(1));
    assertThat(right.receive(in, 1, 63)).isEqualTo(5);
    assertThat(right.descriptors()).isZero();
    assertThat(in.getString(0)).startsWith("second");
    assertThat(right.receive(in, 0, 64)).isEqualTo(-Errno.EAGAIN);
    Libc.close(event);
  }

  @Test
  void moreDescriptorsThanAreTakenAreAllClosed() throws IOException {
    int event = EventFd.create();
    int before = OpenFiles.count();
    int[] many = IntStream.range(0, MessageSocket.MOST_DESCRIPTORS).map(i -> event).toArray();
    assertThat(left.send(out, 1, many)).isEqualTo(1);
    assertThat(right.receive(in, 0, 64)).isEqualTo(1);
    assertThat(right.descriptors()).isEqualTo(many.length);
    for (int i = 0; i < many.length; i++) {
      Libc.close(right.descriptor(i));
    }
    sendNine(event);
    assertThat(right.receive(in, 0, 64)).isEqualTo(-Errno.EMSGSIZE);
    assertThat(right.descriptors()).isZero();
    assertThat(OpenFiles.count()).isEqualTo(before);
    Libc.close(event);
  }

  /** The class itself sends no more than it takes. */
  private void sendNine(int fd) {
    int count = 9;
    MemorySegment memory = arena.allocate(72 + 16 + 4 * count, 8);
    memory.set(ValueLayout.JAVA_LONG, 16, memory.address() + 56);
    memory.set(ValueLayout.JAVA_LONG, 24, 1);
    memory.set(ValueLayout.JAVA_LONG, 32, memory.address() + 72);
    memory.set(ValueLayout.JAVA_LONG, 40, 16 + 4L * count);
    memory.set(ValueLayout.JAVA_LONG, 56, out.address());
    memory.set(ValueLayout.JAVA_LONG, 64, 1);
    memory.set(ValueLayout.JAVA_LONG, 72, 16 + 4L * count);
    memory.set(ValueLayout.JAVA_INT, 80, 1);
    memory.set(ValueLayout.JAVA_INT, 84, 1);
    for (int i = 0; i < count; i++) {
      memory.set(ValueLayout.JAVA_INT, 88 + 4L * i, fd);
    }
    MemorySegment sendmsg = NativeCall.function("sendmsg");
    assertThat(NativeCall.toInt(sendmsg, pair[0], memory.address(), 0, 0, 0, 0)).isEqualTo(1);
  }

  @Test
  void aSocketWhosePeerIsGoneEndsAndTakesNothing() {
    Libc.close(pair[0]);
    assertThat(right.receive(in, 0, 64)).isZero();
    assertThat(right.send(out, 8)).isEqualTo(-Errno.EPIPE);
  }

  @Test
  void anEventDescriptorIsWokenAndAnotherIsNone() throws IOException {
    int event = EventFd.create();
    EventFd.adopt(event);
    assertThat(EventFd.signal(event)).isEqualTo(8);
    Libc.close(event);
    assertThatThrownBy(() -> EventFd.adopt(pair[0])).hasMessageContaining("no eventfd but socket");
  }
}
