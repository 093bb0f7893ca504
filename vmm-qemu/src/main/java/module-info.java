/** QEMU as a VMM plug-in. */
@org.jspecify.annotations.NullMarked
module io.lanyard.qemu {
  requires com.fasterxml.jackson.core;
  requires io.lanyard.base;
  requires io.lanyard.vmm;
  requires static org.jspecify;

  provides io.lanyard.vmm.VmmProvider with
      io.lanyard.qemu.QemuVmmProvider;
}
