package io.lanyard.qemu;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestListener;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.LeftBehind;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The open VMM: makes guests, finds those that run, and tells their events in order. */
final class QemuVmm implements Vmm {
  private static final System.Logger LOG = System.getLogger(QemuVmm.class.getName());

  private final VmmContext context;
  private final QemuBinaries binaries;
  private final Map<String, QemuGuest> guests = new LinkedHashMap<>();
  private final ExecutorService events =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("qemu-events").factory());
  private boolean closed;

  /** Found when the first guest starts. */
  private volatile @Nullable SystemdScope scope;

  QemuVmm(VmmContext context, QemuBinaries binaries) {
    this.context = context;
    this.binaries = binaries;
    endMaintenance();
  }

  /** Ends the QEMUs that a killed daemon has left at the disks of guests that are off. */
  private void endMaintenance() {
    if (!Files.isDirectory(context.runtimeDirectory())) {
      return;
    }
    try (Stream<Path> directories = Files.list(context.runtimeDirectory())) {
      directories
          .filter(Files::isDirectory)
          .forEach(directory -> DiskMaintenance.endLeft(new GuestFiles(directory)));
    } catch (IOException | UncheckedIOException e) {
      LogEvent.of("guests-left-behind-unknown").log(LOG, Level.WARNING, e);
    }
  }

  @Override
  public synchronized Guest create(GuestSpec spec, GuestListener listener) throws VmmException {
    if (closed) {
      throw new IllegalStateException("the VMM is closed");
    }
    SpecProblem.refuse(spec.name(), SpecCheck.of(spec, binaries));
    if (guests.containsKey(spec.name())) {
      throw new VmmException("guest " + spec.name() + " exists already; give this another name");
    }
    Path program = binaries.find(spec.architecture());
    if (program == null) {
      throw new VmmException("qemu-system-" + spec.architecture() + " has just been removed");
    }
    QemuVersion version = QemuVersion.of(program);
    GuestFiles files = new GuestFiles(context.runtimeDirectory().resolve(spec.name()));
    QemuGuest guest =
        new QemuGuest(
            spec,
            files,
            this::scoped,
            now ->
                QemuCommand.of(
                    program, version, now, files, now.architecture().equals(binaries.host())),
            event -> tell(listener, event),
            this::forget);
    guest.find();
    guests.put(spec.name(), guest);
    return guest;
  }

  @Override
  public synchronized List<LeftBehind> leftBehind() {
    List<LeftBehind> left = new ArrayList<>();
    try (Stream<Path> directories = Files.list(context.runtimeDirectory())) {
      directories
          .filter(Files::isDirectory)
          .filter(directory -> !guests.containsKey(directory.getFileName().toString()))
          .forEach(directory ->
              QemuProcess.find(new GuestFiles(directory))
                  .ifPresent(process ->
                      left.add(
                          new LeftBehind(directory.getFileName().toString(), process.number()))));
    } catch (IOException e) {
      LogEvent.of("guests-left-behind-unknown").log(LOG, Level.WARNING, e);
    }
    return left;
  }

  /** The line that starts a guest's QEMU, in a scope of its own where there are scopes. */
  private List<String> scoped(String guest, List<String> command) {
    SystemdScope found = scope;
    if (found == null) {
      found = SystemdScope.ofThisHost();
      scope = found;
      if (found.missing().isEmpty()) {
        LogEvent.of("guests-in-scopes").log(LOG, Level.INFO);
      } else {
        LogEvent.of("guests-without-scopes").with("cause", found.missing()).log(LOG, Level.INFO);
      }
    }
    return found.line(guest, command);
  }

  private void tell(GuestListener listener, GuestEvent event) {
    events.execute(() -> {
      try {
        listener.onEvent(event);
      } catch (RuntimeException e) {
        LogEvent.of("listener-failed").with("guest", event.guest()).log(LOG, Level.WARNING, e);
      }
    });
  }

  private synchronized void forget(QemuGuest guest) {
    guests.remove(guest.name(), guest);
  }

  @Override
  public void close() {
    List<QemuGuest> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(guests.values());
    }
    all.forEach(QemuGuest::close);
    events.shutdown();
  }
}
