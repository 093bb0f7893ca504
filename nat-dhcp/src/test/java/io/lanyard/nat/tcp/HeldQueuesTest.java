package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowOwner;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The memory that the queues of a connection hold besides the bytes that are in them. */
class HeldQueuesTest {
  private static final int LIMIT = 64 << 20;
  private static final int FIRST = 1000;

  private final MemoryPool pool = new MemoryPool(LIMIT);
  private final EngineMemory memory = new EngineMemory(pool);
  private final EngineMemory.Share share = memory.join(new FlowAccount(new FlowOwner("p1")));
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
  private final ReceiveQueue received = new ReceiveQueue(allocator, share);
  private final SendQueue toSend = new SendQueue(allocator, share);

  @AfterEach
  void nothingIsLeft() {
    received.clear();
    toSend.clear();
    assertThat(memory.used()).isZero();
    assertThat(allocator.metric().usedDirectMemory()).isZero();
    share.leave();
    memory.close();
  }

  private boolean insert(int seq, int length) {
    ByteBuf frame = Unpooled.wrappedBuffer(Scene.bytes(length));
    return received.insert(seq, frame, 0, length);
  }

  /** As many as a port alone may hold of them take a small part of a heap. */
  @Test
  void piecesOfAByteAreChargedForTheirPlaceInTheHeap() {
    int pieces = 0;
    int queues = 0;
    ReceiveQueue[] all = new ReceiveQueue[1000];
    ByteBuf frame = Unpooled.wrappedBuffer(new byte[1]);
    for (boolean more = true; more && queues < all.length; queues++) {
      all[queues] = new ReceiveQueue(allocator, share);
      for (int i = 0; i < 500 && more; i++) {
        more = all[queues].insert(FIRST + 2 * i, frame, 0, 1);
        pieces += more ? 1 : 0;
      }
    }
    assertThat(pieces).isBetween(10_000, LIMIT / 2 / ReceiveQueue.OVERHEAD);
    for (int i = 0; i < queues; i++) {
      all[i].clear();
    }
  }

  @Test
  void placesForManyPiecesAreGivenBackWithThePieces() {
    for (int i = 0; i < 500; i++) {
      assertThat(insert(FIRST + 2 * i, 1)).isTrue();
    }
    assertThat(received.places()).isBetween(500, 512);
    while (!received.isEmpty()) {
      received.take().release();
    }
    assertThat(received.places()).isLessThanOrEqualTo(8);
  }

  /** One segment was lost, and all of a large window behind it came. */
  @Test
  void aWindowOfSegmentsBehindOneThatIsMissingIsKept() {
    int segment = 1460;
    int segments = (4 << 20) / segment;
    byte[] text = Scene.bytes(segment * segments);
    ByteBuf frame = Unpooled.wrappedBuffer(text);
    for (int i = 0; i < segments; i++) {
      assertThat(received.insert(FIRST + i * segment, frame, i * segment, segment)).isTrue();
    }
    assertThat(memory.used()).isLessThan(text.length + text.length / 4L);
    ByteArrayOutputStream taken = new ByteArrayOutputStream();
    while (!received.isEmpty()) {
      assertThat(received.first()).isEqualTo(FIRST + taken.size());
      ByteBuf piece = received.take();
      byte[] bytes = new byte[piece.readableBytes()];
      piece.readBytes(bytes).release();
      taken.writeBytes(bytes);
    }
    assertThat(taken.toByteArray()).isEqualTo(text);
  }

  @Test
  void pairsOfBytesHoldLittleMoreThanSingleOnes() {
    for (int i = 0; i < 200; i++) {
      assertThat(insert(FIRST + 3 * i, 1) && insert(FIRST + 3 * i + 1, 1)).isTrue();
    }
    assertThat(memory.used()).isLessThanOrEqualTo(400L * (ReceiveQueue.OVERHEAD + 2));
  }

  @Test
  void noRoomIsKeptWhereTheNextPieceIs() {
    assertThat(insert(FIRST, 1000) && insert(FIRST + 1002, 1)).isTrue();
    assertThat(insert(FIRST + 1000, 1) && insert(FIRST + 1001, 1)).isTrue();
    assertThat(memory.used()).isEqualTo(3 * ReceiveQueue.OVERHEAD + 1003);
  }

  @Test
  void placesForManyRecordsAreGivenBackWithTheRecords() {
    toSend.start(FIRST);
    for (int i = 0; i < 1000; i++) {
      // A record that was sent takes no more bytes, so each has one of its own.
      toSend.append(allocator.directBuffer(4).writeInt(i), toSend.end(), 65536);
    }
    assertThat(toSend.places()).isGreaterThanOrEqualTo(1000);
    toSend.acknowledge(toSend.end());
    assertThat(toSend.places()).isLessThanOrEqualTo(32);
    toSend.append(allocator.directBuffer(4).writeInt(7), toSend.end(), 65536);
    assertThat(toSend.remaining(toSend.find(toSend.end() - 4), toSend.end() - 4)).isEqualTo(4);
  }

  @Test
  void placesForManySelectiveAcknowledgmentsAreGivenBackWithThem() {
    Scoreboard ranges = new Scoreboard();
    for (int i = 0; i < Scoreboard.MOST_RANGES; i++) {
      ranges.add(FIRST + 2 * i, FIRST + 2 * i + 1);
    }
    assertThat(ranges.places()).isEqualTo(Scoreboard.MOST_RANGES);
    ranges.advance(FIRST + 2 * Scoreboard.MOST_RANGES);
    assertThat(ranges.places()).isLessThanOrEqualTo(8);
    for (int i = 0; i < Scoreboard.MOST_RANGES; i++) {
      ranges.add(FIRST + 2 * i, FIRST + 2 * i + 1);
    }
    ranges.clear();
    assertThat(ranges.places()).isLessThanOrEqualTo(8);
  }
}
