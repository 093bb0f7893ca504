/** What a VMM plug-in sees, and the kit that tests one. */
@org.jspecify.annotations.NullMarked
module io.lanyard.vmm {
  requires static org.jspecify;

  exports io.lanyard.vmm;
  exports io.lanyard.vmm.tck;
}
