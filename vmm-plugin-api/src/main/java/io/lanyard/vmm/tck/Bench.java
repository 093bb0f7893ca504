package io.lanyard.vmm.tck;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** An open VMM for the length of one check, with what it has told. */
final class Bench implements AutoCloseable {
  /** The longest time that anything may take on a slow host. */
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  private static final long LOOK_MILLIS = 5;

  private final Fixture fixture;
  private final Vmm vmm;
  private final List<GuestEvent> events = new CopyOnWriteArrayList<>();
  private final AtomicBoolean inListener = new AtomicBoolean();
  private volatile boolean overlapped;

  Bench(Fixture fixture) throws VmmException {
    this.fixture = fixture;
    this.vmm = fixture.provider().open(fixture.context());
  }

  static boolean supported(ApiVersion version) {
    return ApiVersion.CURRENT.supports(version);
  }

  Vmm vmm() {
    return vmm;
  }

  GuestSpec spec(String name, BootSource boot) {
    return new GuestSpec(
        name,
        fixture.memory(),
        1,
        boot,
        List.of(),
        List.of(new NicSpec("eth0", 0x52_54_00_00_00_01L, 1500)),
        Map.of());
  }

  Guest create(String name, BootSource boot) throws VmmException {
    return create(spec(name, boot));
  }

  Guest create(GuestSpec spec) throws VmmException {
    return vmm.create(
        spec,
        event -> {
          if (!inListener.compareAndSet(false, true)) {
            overlapped = true;
          }
          events.add(event);
          inListener.set(false);
        });
  }

  Guest started(BootSource boot) throws VmmException {
    Guest guest = create("one", boot);
    guest.start();
    return guest;
  }

  List<GuestEvent> events() {
    require(!overlapped, "the listener was called by two threads at once");
    return List.copyOf(events);
  }

  void awaitEvent(GuestEvent wanted) {
    await(() -> events().contains(wanted), "event " + wanted + " among " + events());
  }

  static void awaitState(Guest guest, GuestState wanted) {
    await(() -> guest.state() == wanted, "state " + wanted + ", which is " + guest.state());
  }

  static void await(BooleanSupplier condition, String what) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("timed out waiting for  " + what);
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while waiting for " + what, e);
      }
    }
  }

  static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new AssertionError(otherwise);
    }
  }

  static void equal(Object expected, Object actual, String what) {
    require(expected.equals(actual), what + ": expected " + expected + " but was " + actual);
  }

  @SuppressWarnings("ReferenceEquality") // the contract is about identity
  static void same(Object expected, Object actual, String what) {
    require(expected == actual, "the " + what + " is another object each time");
  }

  /** Runs what must be refused. */
  static <E extends Exception> E refused(Class<E> kind, String what, Check.Body call) {
    try {
      call.run();
    } catch (Exception e) {
      if (kind.isInstance(e)) {
        return kind.cast(e);
      }
      throw new AssertionError(what + " threw " + e + ", not " + kind.getSimpleName(), e);
    }
    throw new AssertionError(what + " was not refused");
  }

  @Override
  public void close() {
    vmm.close();
  }
}
