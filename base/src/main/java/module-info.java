/** The foundation of all modules: time, counters, the log, the system's calls, the virtio ring. */
@org.jspecify.annotations.NullMarked
module io.lanyard.base {
  requires static transitive org.jspecify;

  exports io.lanyard.base;
  exports io.lanyard.linux;
  exports io.lanyard.net;
  exports io.lanyard.virtio;
}
