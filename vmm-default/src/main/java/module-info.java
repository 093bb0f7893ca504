/** The bundled VMM: a RISC-V machine, its devices, its boot. */
@org.jspecify.annotations.NullMarked
module io.lanyard.machine {
  requires io.lanyard.base;
  requires io.lanyard.vmm;
  requires java.management;
  requires static org.jspecify;

  provides io.lanyard.vmm.VmmProvider with
      io.lanyard.machine.LanyardVmmProvider;
}
