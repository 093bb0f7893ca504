/** The interface of VMM plug-ins, and the kit that tests one. */
@org.jspecify.annotations.NullMarked
module io.lanyard.vmm {
  requires static org.jspecify;

  exports io.lanyard.vmm;
  exports io.lanyard.vmm.tck;
}
