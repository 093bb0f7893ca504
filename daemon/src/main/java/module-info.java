/** The composition root: life cycle, control API, command line. */
@org.jspecify.annotations.NullMarked
module io.lanyard.daemon {
  requires io.lanyard.config;
  requires io.lanyard.nat;
  requires io.lanyard.vmm;
  requires io.lanyard.vswitch;
  requires static org.jspecify;

  uses io.lanyard.vmm.VmmProvider;
}
