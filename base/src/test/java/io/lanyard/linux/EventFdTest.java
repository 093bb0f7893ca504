package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Signals to event descriptors that another process has, too. */
class EventFdTest {
  private final int fd = create();

  private static int create() {
    try {
      return EventFd.create();
    } catch (ErrnoException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() {
    Libc.close(fd);
  }

  private long count() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(ValueLayout.JAVA_LONG, 3);
      place.set(ValueLayout.JAVA_LONG, 0, place.address() + 16);
      place.set(ValueLayout.JAVA_LONG, 8, 8);
      assertThat(Libc.readv(fd, place.address(), 1)).isEqualTo(Long.BYTES);
      return place.get(ValueLayout.JAVA_LONG, 16);
    }
  }

  @Test
  void eachSignalCounts() {
    for (int i = 0; i < 1000; i++) { // more than the kernel keeps ends of
      assertThat(EventFd.signalOther(fd)).isEqualTo(Long.BYTES);
    }
    assertThat(count()).isEqualTo(1000);
  }

  @Test
  void noSignalIsLostWhereManyThreadsSend() throws Exception {
    int threads = 4;
    int each = 20_000; // many times what the kernel keeps ends of
    try (ExecutorService senders = Executors.newFixedThreadPool(threads)) {
      List<Future<Long>> lost = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        lost.add(
            senders.submit(() ->
                IntStream.range(0, each)
                    .filter(_ -> EventFd.signalOther(fd) != Long.BYTES)
                    .count()));
      }
      for (Future<Long> some : lost) {
        assertThat(some.get()).isZero();
      }
    }
    assertThat(count()).isEqualTo((long) threads * each);
  }

  /** Leaves no place on the list that all threads share. */
  private static void fill(EventSignal signal, int other) {
    int result;
    do {
      result = signal.trySend(other);
    } while (result == Long.BYTES);
    assertThat(result).isEqualTo(-Errno.EAGAIN);
  }

  @Test
  void noSignalIsLostWhereOthersAreAlwaysQuicker() throws Exception {
    int other = EventFd.create();
    AtomicReference<EventSignal> made = new AtomicReference<>();
    EventSignal signal = EventSignal.open(() -> fill(made.get(), other));
    assertThat(signal).isNotNull();
    made.set(signal);
    fill(signal, other);
    int sent = 400; // more than the kernel keeps ends of
    for (int i = 0; i < sent; i++) {
      assertThat(signal.send(fd)).isEqualTo(Long.BYTES);
    }
    assertThat(count()).isEqualTo(sent);
    Libc.close(other);
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aFullCounterThatWaitsHoldsNobody() {
    FullEvent.fill(fd);
    for (int i = 0; i < 3; i++) {
      EventFd.signalOther(fd);
    }
    assertThat(count()).isEqualTo(-1); // as many as there can be
  }

  @Test
  void theHostHasSignalsThatNeverWait() {
    assertThat(EventSignal.ASYNCHRONOUS).isNotNull();
  }
}
