package io.lanyard.qemu;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.VmmException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * A guest's NICs and disks, which come and go while it runs: those that the next start has as well.
 *
 * <p>Thread: the guest's lock is held by those that change something; queries on any thread.
 */
final class GuestParts {
  private final Consumer<QemuNic> linkChanged;
  private final Consumer<GuestSpec> changed;
  private final List<QemuNic> nics = new CopyOnWriteArrayList<>();

  /** With what was added. */
  private volatile GuestSpec spec;

  /**
   * Takes the parts of a guest that is made.
   *
   * @param spec what it is made of
   * @param linkChanged told when the state of a NIC's link has changed
   * @param changed told when the guest has other parts
   */
  GuestParts(GuestSpec spec, Consumer<QemuNic> linkChanged, Consumer<GuestSpec> changed) {
    this.spec = spec;
    this.linkChanged = linkChanged;
    this.changed = changed;
    QemuOptions options = QemuOptions.of(spec.options());
    spec.nics().forEach(nic -> nics.add(new QemuNic(nic, options, linkChanged)));
  }

  /** The guest with the parts that it has at present. */
  GuestSpec spec() {
    return spec;
  }

  /** Its NICs, in order. */
  List<QemuNic> nics() {
    return nics;
  }

  QemuNic addNic(QemuPlugs plugs, NicSpec nic) throws VmmException {
    QemuNic made = plug(plugs, nics.size(), nic);
    nics.add(made);
    keep(with(spec.nics(), made.spec()), spec.disks());
    return made;
  }

  void removeNic(QemuPlugs plugs) throws VmmException {
    int last = nics.size() - 1;
    requirePlugged(plugs.nics(spec), last, nics.size(), "NIC");
    plugs.removeNic(last, nics.get(last).attachment());
    nics.removeLast();
    keep(withoutLast(spec.nics()), spec.disks());
  }

  QemuNic replaceNic(QemuPlugs plugs, int index, NicSpec nic) throws VmmException {
    requirePlugged(plugs.nics(spec), index, nics.size(), "NIC");
    QemuNic old = nics.get(index);
    plugs.removeNic(index, old.attachment());
    QemuNic made;
    try {
      made = plug(plugs, index, nic);
    } catch (VmmException e) {
      tryAgain(e, () -> nics.set(index, plug(plugs, index, old.spec())));
      throw e;
    }
    nics.set(index, made);
    keep(with(spec.nics(), index, made.spec()), spec.disks());
    return made;
  }

  /**
   * Adds a NIC by a socket: QEMU would stand still until the other end of shared queues is there.
   */
  private QemuNic plug(QemuPlugs plugs, int index, NicSpec nic) throws VmmException {
    Attachment.UnixStream by =
        QemuNic.stream(nic)
            .orElseThrow(() -> new VmmException("NIC " + nic.name() + " needs a UNIX socket"));
    NicSpec added = new NicSpec(nic.name(), nic.mac(), nic.mtu(), List.of(by));
    plugs.addNic(index, added, by.path());
    return new QemuNic(added, QemuOptions.of(spec.options()), linkChanged);
  }

  void addDisk(QemuPlugs plugs, DiskSpec disk) throws VmmException {
    plugs.addDisk(spec.disks().size(), disk);
    keep(spec.nics(), with(spec.disks(), disk));
  }

  void removeDisk(QemuPlugs plugs) throws VmmException {
    int last = spec.disks().size() - 1;
    requirePlugged(plugs.disks(spec), last, spec.disks().size(), "disk");
    plugs.removeDisk(last, spec.disks().get(last));
    keep(spec.nics(), withoutLast(spec.disks()));
  }

  void replaceDisk(QemuPlugs plugs, int index, DiskSpec disk) throws VmmException {
    requirePlugged(plugs.disks(spec), index, spec.disks().size(), "disk");
    DiskSpec old = spec.disks().get(index);
    plugs.removeDisk(index, old);
    try {
      plugs.addDisk(index, disk);
    } catch (VmmException e) {
      tryAgain(e, () -> plugs.addDisk(index, old));
      throw e;
    }
    keep(spec.nics(), with(spec.disks(), index, disk));
  }

  /** Plugs an old part again, since the new one failed. Without it the guest has a gap. */
  private static void tryAgain(VmmException cause, Plugging old) {
    try {
      old.plug();
    } catch (VmmException e) {
      cause.addSuppressed(e);
    }
  }

  /** Adds a part. */
  private interface Plugging {
    void plug() throws VmmException;
  }

  /** Refuses to take a part that is not among those that can go, of the last ones. */
  private void requirePlugged(int count, int index, int size, String part) throws VmmException {
    if (index < size - count || index >= size) {
      throw new VmmException(
          "%s %d of guest %s goes with a restart alone".formatted(part, index, spec.name()));
    }
  }

  /** Keeps other parts for the next start. */
  private void keep(List<NicSpec> allNics, List<DiskSpec> disks) {
    spec = of(allNics, disks);
    changed.accept(spec);
  }

  /** The guest with its disks alone. */
  GuestSpec withoutNics() {
    return of(List.of(), spec.disks());
  }

  private GuestSpec of(List<NicSpec> allNics, List<DiskSpec> disks) {
    GuestSpec old = spec;
    return new GuestSpec(
        old.name(),
        old.architecture(),
        old.memory(),
        old.harts(),
        old.boot(),
        disks,
        allNics,
        old.options());
  }

  private static <T> List<T> with(List<T> list, T more) {
    List<T> all = new ArrayList<>(list);
    all.add(more);
    return all;
  }

  private static <T> List<T> with(List<T> list, int index, T other) {
    List<T> all = new ArrayList<>(list);
    all.set(index, other);
    return all;
  }

  private static <T> List<T> withoutLast(List<T> list) {
    return list.subList(0, list.size() - 1);
  }
}
