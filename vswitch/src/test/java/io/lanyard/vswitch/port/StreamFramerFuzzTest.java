package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/**
 * A stream is the same frames however it is cut; an impossible length ends it.
 *
 * <p>An input is the length of the pieces, then the stream.
 */
class StreamFramerFuzzTest {
  private static final int LEAST = 14;

  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);

  @FuzzTest
  void aStreamIsTheSameFramesHoweverItIsCut(byte[] input) {
    LogWatch.allowWarnings();
    FuzzInput in = new FuzzInput(input);
    int piece = 1 + in.octet();
    byte[] stream = in.rest();
    List<byte[]> whole = frames(stream, Math.max(1, stream.length));
    assertThat(frames(stream, piece)).containsExactlyElementsOf(whole);
    assertThat(whole.size()).isLessThanOrEqualTo(stream.length / (4 + LEAST));
    List<byte[]> broadcasts = broadcasts(stream);
    if (!broadcasts.isEmpty()) {
      assertThat(whole).containsSubsequence(broadcasts);
    }
    assertThat(allocator.metric().usedDirectMemory()).isZero();
  }

  /** The frames of the stream that the switch forwards. */
  private List<byte[]> frames(byte[] stream, int piece) {
    List<byte[]> frames = new ArrayList<>();
    Switch network = new Switch("fuzz", new SteppedTimers(), allocator);
    SinkPort from = new SinkPort("from", Offloads.NONE, network, frame -> {});
    new SinkPort(
        "to",
        Offloads.NONE,
        network,
        frame -> {
          byte[] bytes = new byte[frame.readableBytes() - 12];
          frame.getBytes(frame.readerIndex() + 12, bytes);
          frames.add(bytes);
        });
    Burst burst = new Burst(allocator);
    StreamFramer framer = new StreamFramer(Framing.QEMU, allocator, burst);
    ByteBuf buffer = allocator.directBuffer(256);
    boolean alive = true;
    for (int at = 0; alive && at < stream.length; at += piece) {
      buffer.clear().writeBytes(stream, at, Math.min(piece, stream.length - at));
      alive = framer.read(buffer, network, from, network.turns().of(from));
    }
    buffer.release();
    framer.release();
    burst.release();
    network.close();
    return frames;
  }

  /** The stream's frames to all, of a source that can be, without tags: none of these is lost. */
  private static List<byte[]> broadcasts(byte[] stream) {
    List<byte[]> frames = new ArrayList<>();
    FuzzInput in = new FuzzInput(stream);
    int left = stream.length;
    while (left >= 4) {
      long length = in.number() & 0xffff_ffffL;
      left -= 4;
      if (length > left) {
        break;
      }
      left -= (int) length;
      byte[] frame = in.bytes((int) length);
      if (frame.length >= LEAST && isBroadcast(frame)) {
        frames.add(frame);
      }
    }
    return frames;
  }

  private static boolean isBroadcast(byte[] frame) {
    FuzzInput in = new FuzzInput(frame);
    long destination = (long) in.word() << 32 | (in.number() & 0xffff_ffffL);
    long source = (long) in.word() << 32 | (in.number() & 0xffff_ffffL);
    int type = in.word();
    return destination == Ethernet.BROADCAST
        && source != 0
        && !Ethernet.isGroup(source)
        && !Ethernet.isTag(type);
  }
}
