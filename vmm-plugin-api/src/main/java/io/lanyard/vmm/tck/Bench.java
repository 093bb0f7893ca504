package io.lanyard.vmm.tck;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** An open VMM for the length of one check, with what it has told. */
final class Bench implements AutoCloseable {
  /** The longest time that anything may take on a slow host. */
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  private static final long LOOK_MILLIS = 5;

  private static final long MAC = 0x52_54_00_00_00_01L;

  private final Fixture fixture;
  private final Vmm vmm;
  private final List<GuestEvent> events = new CopyOnWriteArrayList<>();
  private final AtomicBoolean inListener = new AtomicBoolean();
  private volatile boolean overlapped;
  private int sockets;

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
    return spec(name, boot, offers());
  }

  GuestSpec spec(String name, BootSource boot, List<Attachment> offers) {
    return new GuestSpec(
        name,
        fixture.provider().describe().architectures().getFirst(),
        fixture.memory(),
        1,
        boot,
        List.of(),
        offers.isEmpty() ? List.of() : List.of(new NicSpec("eth0", MAC, 1500, offers)),
        fixture.options());
  }

  /** All that the kit can offer and the VMM knows. */
  List<Attachment> offers() {
    Path socket = fixture.context().runtimeDirectory().resolve("tck-" + ++sockets + ".sock");
    Set<Class<? extends Attachment>> known = fixture.provider().describe().attachments();
    return Stream.<Attachment>of(
            new Attachment.InProcess(),
            new Attachment.UnixStream(socket, false),
            new Attachment.UnixStream(socket, true))
        .filter(offer -> known.contains(offer.getClass()))
        .toList();
  }

  /** The ways that the kit can try, of those that a VMM knows. */
  static List<Class<? extends Attachment>> attachments(Set<Class<? extends Attachment>> known) {
    return Stream.of(Attachment.InProcess.class, Attachment.UnixStream.class)
        .<Class<? extends Attachment>>map(way -> way)
        .filter(known::contains)
        .toList();
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
