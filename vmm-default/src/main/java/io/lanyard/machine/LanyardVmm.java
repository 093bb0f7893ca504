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
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmStatistics;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/** The open VMM: checks specifications, makes guests, and tells their events in order. */
final class LanyardVmm implements Vmm {
  private static final System.Logger LOG = System.getLogger(LanyardVmm.class.getName());
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]*");

  /** RAM is mapped by the page; a MiB is what people write, and leaves room for the device tree. */
  private static final long MEMORY_UNIT = 1 << 20;

  /** Below the PCI window that RAM would otherwise push out of 40 address bits. */
  private static final long MAX_MEMORY = 256L << 30;

  /** Slots of PCI: the bridge, the generator, the button and the console take four. */
  private static final int MAX_DEVICES = 28;

  private static final String CONSOLE = "console";
  private static final String INTERRUPTS = "interrupts";
  private static final String OVERCOMMIT = "overcommit";

  /** The options that only this VMM knows, and their values. */
  private static final Map<String, List<String>> OPTIONS =
      Map.of(
          CONSOLE,
          List.of("serial", "virtio"),
          INTERRUPTS,
          List.of("aia", "plic"),
          OVERCOMMIT,
          List.of("allow"));

  private final Map<String, LanyardGuest> guests = new java.util.LinkedHashMap<>();
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
    check(spec);
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
    LanyardGuest guest =
        new LanyardGuest(
            new Equipment(
                spec.name(),
                spec.memory(),
                spec.harts(),
                interrupts(spec),
                boot,
                new GuestConsole(spec.name()),
                "virtio".equals(spec.options().get(CONSOLE)),
                spec.nics().stream().map(LanyardNic::new).toList(),
                List.copyOf(disks),
                code,
                host,
                "allow".equals(spec.options().get(OVERCOMMIT))),
            event -> tell(listener, event),
            this::forget);
    guests.put(spec.name(), guest);
    return guest;
  }

  /** Kernels use messages; a bare program expects what QEMU's board has unless asked otherwise. */
  private static InterruptControl interrupts(GuestSpec spec) {
    String wanted = spec.options().get(INTERRUPTS);
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

  private static void check(GuestSpec spec) throws VmmException {
    String name = spec.name();
    demand(
        NAME.matcher(name).matches(),
        "guest name \"%s\": letters, digits and hyphens only".formatted(name));
    demand(
        spec.memory() >= MEMORY_UNIT
            && spec.memory() % MEMORY_UNIT == 0
            && spec.memory() <= MAX_MEMORY,
        "guest %s: memory of %d bytes; give whole MiB, from 1 MiB to 256 GiB"
            .formatted(name, spec.memory()));
    demand(
        spec.harts() == 1,
        "guest %s: harts: %d; this version of the machine has one, write harts: 1"
            .formatted(name, spec.harts()));
    demand(
        spec.disks().size() + spec.nics().size() <= MAX_DEVICES,
        "guest %s: %d disks and NICs; at most %d"
            .formatted(name, spec.disks().size() + spec.nics().size(), MAX_DEVICES));
    for (Map.Entry<String, String> option : spec.options().entrySet()) {
      demand(
          OPTIONS.getOrDefault(option.getKey(), List.of()).contains(option.getValue()),
          "guest %s: option %s=%s; there are console=serial or virtio, interrupts=aia or plic, and overcommit=allow"
              .formatted(name, option.getKey(), option.getValue()));
    }
    checkNics(spec);
  }

  private static void checkNics(GuestSpec spec) throws VmmException {
    Set<String> names = new HashSet<>();
    Set<Long> macs = new HashSet<>();
    for (NicSpec nic : spec.nics()) {
      String what = "guest %s, NIC %s: ".formatted(spec.name(), nic.name());
      demand(names.add(nic.name()), what + "its name is given twice");
      demand(macs.add(nic.mac()), what + "its address is given twice");
      demand(
          nic.mac() > 0 && nic.mac() >>> 48 == 0 && (nic.mac() >>> 40 & 1) == 0,
          what + "address %012x is not that of a single NIC".formatted(nic.mac()));
      demand(
          nic.mtu() >= 68 && nic.mtu() <= 65_535,
          what + "MTU %d; from 68 to 65535".formatted(nic.mtu()));
    }
  }

  private static void demand(boolean met, String otherwise) throws VmmException {
    if (!met) {
      throw new VmmException(otherwise);
    }
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
