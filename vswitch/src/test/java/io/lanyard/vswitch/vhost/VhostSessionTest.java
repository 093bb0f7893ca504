package io.lanyard.vswitch.vhost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.linux.EventFd;
import io.lanyard.linux.Libc;
import io.lanyard.linux.Memfd;
import io.lanyard.linux.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VhostSessionTest {
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final int NEED_REPLY = 8;
  private static final long GUEST = 0x4000_0000L;
  private static final long USER = 0x7f00_0000_0000L;
  private static final int MEMORY = 1 << 20;

  /** A device that notes what it is told. */
  static final class Noted implements VhostDevice {
    final List<String> said = new ArrayList<>();

    @Override
    public void started(Vring ring) {
      said.add("started " + ring.index());
    }

    @Override
    public void stopping(Vring ring) {
      said.add("stopping " + ring.index());
    }

    @Override
    public void closeKick(Vring ring, int descriptor) {
      Libc.close(descriptor);
    }

    @Override
    public void changed() {}

    @Override
    public void broken(Vring ring, String why) {
      said.add("broken " + ring.index());
    }

    @Override
    public void unmap(SharedMemory memory) {
      memory.unmap();
    }
  }

  private final Noted device = new Noted();
  private final VhostSession session =
      new VhostSession(new VhostNic(0x525400abcdefL, 1450, 2), device);
  private final MemorySegment message = Arena.ofAuto().allocate(600, 8);
  private final int memfd = Memfd.create("session", MEMORY);

  @AfterEach
  void close() {
    session.close();
    Memfd.close(memfd);
  }

  private int handle(int request, int flags, int[] descriptors, long... payload)
      throws VhostException {
    message.set(INT, 0, request);
    message.set(INT, 4, 1 | flags);
    message.set(INT, 8, 8 * payload.length);
    for (int i = 0; i < payload.length; i++) {
      message.set(LONG, 12 + 8L * i, payload[i]);
    }
    return session.handle(message, descriptors, descriptors.length);
  }

  private long answer(int request, long... payload) throws VhostException {
    assertThat(handle(request, 0, new int[0], payload)).isEqualTo(20);
    return session.reply().get(LONG, 12);
  }

  private long acknowledged(int request, int[] descriptors, long... payload) throws VhostException {
    assertThat(handle(request, NEED_REPLY, descriptors, payload)).isEqualTo(20);
    assertThat(session.reply().get(INT, 0)).isEqualTo(request);
    assertThat(session.reply().get(INT, 4)).isEqualTo(5);
    return session.reply().get(LONG, 12);
  }

  private void negotiate() throws VhostException {
    long protocol = answer(VhostRequest.GET_PROTOCOL_FEATURES);
    handle(VhostRequest.SET_PROTOCOL_FEATURES, 0, new int[0], protocol);
    handle(VhostRequest.SET_FEATURES, 0, new int[0], VhostFrontEnd.PLAIN);
  }

  private int shared() {
    return Libc.duplicate(memfd);
  }

  private void startRing(int index) throws Exception {
    handle(VhostRequest.SET_VRING_NUM, 0, new int[0], index | 64L << 32);
    handle(VhostRequest.SET_VRING_BASE, 0, new int[0], index | 7L << 32);
    handle(
        VhostRequest.SET_VRING_ADDR, 0, new int[0], index, USER, USER + 0x2000, USER + 0x1000, 0);
    handle(VhostRequest.SET_VRING_KICK, 0, new int[] {EventFd.create()}, index);
  }

  @Test
  void theNicIsReadFromItsConfigurationSpace() throws VhostException {
    negotiate();
    assertThat(answer(VhostRequest.GET_QUEUE_NUM)).isEqualTo(4);
    assertThat(answer(VhostRequest.GET_FEATURES) & VhostFeatures.MQ).isNotZero();
    int length = handle(VhostRequest.GET_CONFIG, 0, new int[0], 12L << 32, 0, 0);
    assertThat(length).isEqualTo(12 + 12 + 12);
    byte[] config = session.reply().asSlice(24, 12).toArray(ValueLayout.JAVA_BYTE);
    assertThat(config)
        .containsExactly(
            0x52, 0x54, 0, (byte) 0xab, (byte) 0xcd, (byte) 0xef, 1, 0, 2, 0, (byte) 0xaa, 5);
    // More than was sent is answered by nothing, which says that it is an error.
    assertThat(handle(VhostRequest.GET_CONFIG, 0, new int[0], 500L << 32, 0)).isEqualTo(12);
    assertThat(acknowledged(VhostRequest.NET_SET_MTU, new int[0], 1450)).isZero();
    assertThat(acknowledged(VhostRequest.NET_SET_MTU, new int[0], 1451)).isNotZero();
  }

  @Test
  void onlyFeaturesThatWereOfferedAreTaken() throws VhostException {
    negotiate();
    assertThat(session.features()).isEqualTo(VhostFrontEnd.PLAIN);
    assertThat(acknowledged(VhostRequest.SET_FEATURES, new int[0], 1L << 26)).isNotZero();
    assertThat(session.features()).isEqualTo(VhostFrontEnd.PLAIN);
    assertThat(session.refused()).isEqualTo(1);
    assertThatThrownBy(() -> handle(VhostRequest.SET_PROTOCOL_FEATURES, 0, new int[0], 2))
        .hasMessageContaining("0x2 were not offered");
  }

  @Test
  void memoryIsAddedAndRemovedWhileRingsRun() throws Exception {
    negotiate();
    assertThat(answer(VhostRequest.GET_MAX_MEM_SLOTS)).isEqualTo(VhostMemory.MOST_REGIONS);
    int add = VhostRequest.ADD_MEM_REG;
    int half = MEMORY / 2;
    assertThat(acknowledged(add, new int[] {shared()}, 0, GUEST, half, USER, 0)).isZero();
    startRing(0);
    assertThat(acknowledged(add, new int[] {shared()}, 0, GUEST, half, USER, half)).isNotZero();
    long second = GUEST + half;
    assertThat(acknowledged(add, new int[] {shared()}, 0, second, half, USER + half, half))
        .isZero();
    assertThat(session.sharedBytes()).isEqualTo(MEMORY);
    int remove = VhostRequest.REM_MEM_REG;
    assertThat(acknowledged(remove, new int[] {shared()}, 0, second, half, USER + half, 0))
        .isZero();
    assertThat(acknowledged(remove, new int[0], 0, second, half, USER + half, 0)).isNotZero();
    assertThat(device.said)
        .containsExactly("started 0", "stopping 0", "started 0", "stopping 0", "started 0");
    // The ring's own memory: it stops.
    assertThat(acknowledged(remove, new int[0], 0, GUEST, half, USER, 0)).isNotZero();
    assertThat(session.ring(0).queue()).isNull();
  }

  @Test
  void aRegionThatEachPairOfQueuesAddsGoesWhenTheLastHasRemovedIt() throws Exception {
    negotiate();
    int add = VhostRequest.ADD_MEM_REG;
    int remove = VhostRequest.REM_MEM_REG;
    for (int i = 0; i < 2; i++) {
      assertThat(acknowledged(add, new int[] {shared()}, 0, GUEST, MEMORY, USER, 0)).isZero();
      assertThat(session.sharedBytes()).isEqualTo(MEMORY);
    }
    int other = Memfd.create("other", MEMORY);
    assertThat(acknowledged(add, new int[] {other}, 0, GUEST, MEMORY, USER, 0)).isNotZero();
    assertThat(session.lastRefusal()).contains("message 37").contains("overlaps another");
    assertThat(acknowledged(remove, new int[0], 0, GUEST, MEMORY, USER, 0)).isZero();
    assertThat(session.sharedBytes()).isEqualTo(MEMORY);
    assertThat(acknowledged(remove, new int[0], 0, GUEST, MEMORY, USER, 0)).isZero();
    assertThat(session.sharedBytes()).isZero();
    assertThat(acknowledged(remove, new int[0], 0, GUEST, MEMORY, USER, 0)).isNotZero();
  }

  @Test
  void aFileOfHolesDoesNotTakeTheAddressesOfAllOthers() throws Exception {
    negotiate();
    long half = VhostMemory.MOST_BYTES / 2;
    int holes = Memfd.create("holes", 2 * VhostMemory.MOST_BYTES);
    int add = VhostRequest.ADD_MEM_REG;
    for (int i = 0; i < 2; i++) {
      long at = i * half;
      assertThat(acknowledged(add, new int[] {Libc.duplicate(holes)}, 0, at, half, at, 0)).isZero();
    }
    assertThat(
            acknowledged(
                add, new int[] {Libc.duplicate(holes)}, 0, 2 * half, 4096, 2 * half, 2 * half))
        .isNotZero();
    assertThat(session.lastRefusal()).contains("more than a guest may share");
    assertThat(session.sharedBytes()).isEqualTo(VhostMemory.MOST_BYTES);
    assertThat(acknowledged(VhostRequest.SET_MEM_TABLE, new int[] {holes}, 1, 0, 4 * half, 0, 0))
        .isNotZero();
    assertThat(session.sharedBytes()).isEqualTo(VhostMemory.MOST_BYTES);
  }

  @Test
  void aRingThatIsStoppedSaysWhereItIs() throws Exception {
    negotiate();
    acknowledged(VhostRequest.ADD_MEM_REG, new int[] {shared()}, 0, GUEST, MEMORY, USER, 0);
    startRing(1);
    assertThatThrownBy(() -> handle(VhostRequest.SET_VRING_BASE, 0, new int[0], 1))
        .hasMessageContaining("ring 1 runs");
    assertThat(answer(VhostRequest.GET_VRING_BASE, 1)).isEqualTo(1 | 7L << 32);
    assertThat(session.ring(1).queue()).isNull();
    assertThat(session.ring(1).kick()).isNegative();
    startRing(1);
    handle(VhostRequest.RESET_DEVICE, 0, new int[0]);
    assertThat(session.ring(1).queue()).isNull();
    assertThat(session.features()).isZero();
  }

  @Test
  void aBufferOfWhatIsInFlightIsGivenAndTakenBack() throws Exception {
    negotiate();
    acknowledged(VhostRequest.ADD_MEM_REG, new int[] {shared()}, 0, GUEST, MEMORY, USER, 0);
    long shape = 2 | 64L << 16;
    int get = VhostRequest.GET_INFLIGHT_FD;
    assertThat(handle(get, 0, new int[0], 0, 0, shape)).isEqualTo(12 + 20);
    long size = session.reply().get(LONG, 12);
    assertThat(session.reply().get(LONG, 20)).isZero();
    int buffer = session.takeReplyDescriptor();
    SharedMemory kept = SharedMemory.map(buffer, 0, size);
    for (int i = 0; i < 2; i++) {
      long at = i * size / 2;
      assertThat(kept.segment().get(ValueLayout.JAVA_SHORT, at + 8)).isEqualTo((short) 1);
      assertThat(kept.segment().get(ValueLayout.JAVA_SHORT, at + 10)).isEqualTo((short) 64);
    }
    kept.unmap();
    assertThat(acknowledged(VhostRequest.SET_INFLIGHT_FD, new int[] {buffer}, size, 0, shape))
        .isZero();
    // Where the last back end has ended, and not what the front end says.
    MemorySegment memory = Memfd.map(memfd, MEMORY);
    memory.set(ValueLayout.JAVA_SHORT, 0x2002, (short) 5);
    startRing(0);
    assertThat(answer(VhostRequest.GET_VRING_BASE, 0)).isEqualTo(5L << 32);
    Memfd.unmap(memory);
    assertThatThrownBy(() -> handle(get, 0, new int[0], 0, 0, 0xffff_ffffL))
        .hasMessageContaining("impossible");
  }
}
