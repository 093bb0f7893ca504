package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.tls.ClientHello;
import io.lanyard.nat.tls.Hellos;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HelloGateTest {
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
  private final Behind behind = new Behind();
  private final Guest guest = new Guest();
  private final List<ClientHello> asked = new ArrayList<>();
  private boolean admits = true;
  private HelloGate gate;
  private byte[] hello;

  /** The way to the server. */
  private static final class Behind implements HostStream {
    final ByteArrayOutputStream written = new ByteArrayOutputStream();
    boolean reads;
    boolean aborted;
    boolean finished;

    @Override
    public void write(ByteBuf payload) {
      written.writeBytes(ByteBufUtil.getBytes(payload));
    }

    @Override
    public void flush() {
      // Nothing is gathered.
    }

    @Override
    public int unsent() {
      return 0;
    }

    @Override
    public @Nullable Address localAddress() {
      return Address.LOOPBACK_IPV4;
    }

    @Override
    public void read(boolean on) {
      reads = on;
    }

    @Override
    public void finish() {
      finished = true;
    }

    @Override
    public void abort() {
      aborted = true;
    }

    @Override
    public void close() {
      // Nobody looks.
    }
  }

  /** The guest's end. */
  private static final class Guest implements GuestStream {
    boolean reset;

    @Override
    public void connected() {
      throw new AssertionError("the gate connects nothing");
    }

    @Override
    public void failed(ConnectFailure cause) {
      throw new AssertionError("the gate connects nothing");
    }

    @Override
    public void data(ByteBuf data) {
      throw new AssertionError("the gate has nothing to say");
    }

    @Override
    public void flush() {
      throw new AssertionError("the gate has nothing to say");
    }

    @Override
    public int room() {
      return 0;
    }

    @Override
    public int burst() {
      return 0;
    }

    @Override
    public void drained() {
      // Nothing waits.
    }

    @Override
    public void end() {
      throw new AssertionError("the gate ends nothing");
    }

    @Override
    public void reset() {
      reset = true;
    }
  }

  @BeforeEach
  void makeAGate() throws Exception {
    hello = Hellos.ofJdk("www.example.org");
    gate =
        new HelloGate(
            allocator,
            behind,
            guest,
            given -> {
              asked.add(given);
              return admits;
            });
  }

  @AfterEach
  void giveBack() {
    gate.abort();
    assertThat(allocator.metric().usedDirectMemory()).isZero();
  }

  private void write(byte[] bytes) {
    ByteBuf payload = Unpooled.copiedBuffer(bytes);
    gate.write(payload);
    payload.release();
  }

  @Test
  void nothingPassesUntilTheMessageIsWholeAndThenAllOfIt() {
    gate.read(true);
    for (int i = 0; i < hello.length - 1; i++) {
      write(new byte[] {hello[i]});
    }
    assertThat(behind.written.size()).isZero();
    assertThat(behind.reads).as("what the server says first").isFalse();
    assertThat(gate.unsent()).isEqualTo(hello.length - 1);
    write(new byte[] {hello[hello.length - 1]});
    assertThat(behind.written.toByteArray()).isEqualTo(hello);
    assertThat(behind.reads).isTrue();
    assertThat(gate.unsent()).isZero();
    assertThat(asked).containsExactly(new ClientHello.For("www.example.org"));
    write(new byte[] {1, 2, 3});
    assertThat(behind.written.size()).isEqualTo(hello.length + 3);
    assertThat(asked).hasSize(1);
  }

  @Test
  void whatFollowsInTheSameSegmentIsNotLost() {
    byte[] more = Arrays.copyOf(hello, hello.length + 40_000);
    write(more);
    assertThat(behind.written.toByteArray()).isEqualTo(more);
  }

  @Test
  void whatMayNotPassIsResetOnBothSides() {
    admits = false;
    write(hello);
    assertThat(behind.written.size()).isZero();
    assertThat(behind.aborted).isTrue();
    assertThat(guest.reset).isTrue();
    write(hello);
    assertThat(asked).as("it is over").hasSize(1);
  }

  @Test
  void otherProtocolsAreAskedAboutAtTheirFirstByte() {
    admits = false;
    write("SSH-2.0-x".getBytes(StandardCharsets.US_ASCII));
    assertThat(asked).containsExactly(new ClientHello.Refused("it is no TLS", true));
    assertThat(guest.reset).isTrue();
  }

  @Test
  void aGuestThatEndsBeforeItHasSaidAnythingIsReset() {
    write(Arrays.copyOf(hello, 10));
    gate.finish();
    assertThat(behind.finished).isFalse();
    assertThat(behind.aborted).isTrue();
    assertThat(guest.reset).isTrue();
  }

  @Test
  void aGuestThatEndsAtOnceIsAskedAbout() {
    gate.finish();
    assertThat(asked).containsExactly(new ClientHello.Refused("it ends at once", true));
    assertThat(behind.finished).isTrue();
    assertThat(guest.reset).isFalse();
  }

  @Test
  void noMoreIsKeptThanAFirstMessageHas() {
    byte[] endless = new byte[1460];
    Arrays.fill(endless, (byte) 0);
    byte[] start = {22, 3, 1, 0x40, 0, 1, 0, 0x3f, (byte) 0xfc};
    write(start);
    admits = false;
    for (int i = 0; i < 20 && !guest.reset; i++) {
      write(endless);
    }
    assertThat(guest.reset).isTrue();
    assertThat(gate.unsent()).isZero();
  }

  @Test
  void whatIsKeptLiesOutsideTheHeapAndIsAnsweredFor() {
    write(Arrays.copyOf(hello, 100));
    assertThat(allocator.metric().usedDirectMemory()).isPositive().isEqualTo(gate.memory());
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  @Test
  void aConnectionThatSaysNothingKeepsNothing() {
    assertThat(gate.memory()).isZero();
    write(hello);
    assertThat(gate.memory()).as("once it has passed").isZero();
  }

  @Test
  void theConnectionStillDependsOnTheHostsAddress() {
    assertThat(gate.localAddress()).isEqualTo(Address.LOOPBACK_IPV4);
  }
}
