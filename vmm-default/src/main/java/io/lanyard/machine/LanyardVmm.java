package io.lanyard.machine;

import io.lanyard.base.LogEvent;
import io.lanyard.machine.device.InterruptControl;
import io.lanyard.machine.disk.Disk;
import io.lanyard.machine.disk.RawImage;
import io.lanyard.machine.hart.CodeBudget;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestListener;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmStatistics;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The open VMM: checks specifications, makes guests, and tells their events in order. */
final class LanyardVmm implements Vmm {
  private static final System.Logger LOG = System.getLogger(LanyardVmm.class.getName());
  private final Map<String, LanyardGuest> guests = new LinkedHashMap<>();
  private final ExecutorService events =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("vmm-events").factory());
  private boolean closed;

  private final CodeBudget code;
  private final HostCapacity host;

  LanyardVmm() {
    this(CodeBudget.ofHeap(), new HostCapacity(Path.of("/")));
  }

  /** With other limits than this process and this host have. */
  LanyardVmm(CodeBudget code, HostCapacity host) {
    this.code = code;
    this.host = host;
  }

  @Override
  public synchronized Guest create(GuestSpec spec, GuestListener listener) throws VmmException {
    if (closed) {
      throw new IllegalStateException("the VMM is closed");
    }
    SpecProblem.refuse(spec.name(), SpecCheck.withoutFiles(spec));
    if (guests.containsKey(spec.name())) {
      throw new VmmException("guest " + spec.name() + " exists already; give this another name");
    }
    Boot boot = Boot.open(spec.boot(), spec.memory());
    List<Disk> disks = new ArrayList<>();
    try {
      for (DiskSpec disk : spec.disks()) {
        disks.add(RawImage.open(disk.path(), disk.readOnly()));
      }
    } catch (VmmException e) {
      boot.close();
      disks.forEach(Disk::close);
      throw e;
    }
    boolean virtioConsole = "virtio".equals(spec.options().get(SpecCheck.CONSOLE));
    LanyardGuest guest =
        new LanyardGuest(
            new Equipment(
                spec.name(),
                spec.memory(),
                spec.harts(),
                interrupts(spec),
                boot,
                new GuestConsole(spec.name(), virtioConsole),
                virtioConsole,
                spec.nics().stream().map(LanyardNic::new).toList(),
                List.copyOf(disks),
                code,
                host,
                "allow".equals(spec.options().get(SpecCheck.OVERCOMMIT))),
            event -> tell(listener, event),
            this::forget);
    guests.put(spec.name(), guest);
    return guest;
  }

  /** Kernels use messages; a bare program expects what QEMU's board has unless asked otherwise. */
  private static InterruptControl interrupts(GuestSpec spec) {
    String wanted = spec.options().get(SpecCheck.INTERRUPTS);
    boolean messages =
        wanted == null ? spec.boot() instanceof BootSource.Kernel : wanted.equals("aia");
    return messages ? InterruptControl.AIA : InterruptControl.PLIC;
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

  private synchronized void forget(LanyardGuest guest) {
    guests.remove(guest.name(), guest);
  }

  @Override
  public VmmStatistics statistics() {
    return new VmmStatistics(code.used(), code.size());
  }

  @Override
  public void close() {
    List<LanyardGuest> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(guests.values());
    }
    all.forEach(LanyardGuest::close);
    events.shutdown();
  }
}
