/** Ethernet: frames, switches, ports, capture. It knows no IP service and no guest. */
@org.jspecify.annotations.NullMarked
module io.lanyard.vswitch {
  requires transitive io.lanyard.base;
  requires transitive io.netty.buffer;
  requires transitive io.netty.common;
  requires transitive io.netty.transport;
  requires transitive io.netty.transport.classes.epoll;
  requires io.netty.transport.unix.common;
  requires static transitive org.jspecify;

  exports io.lanyard.vswitch;
  exports io.lanyard.vswitch.capture;
  exports io.lanyard.vswitch.frame;
  exports io.lanyard.vswitch.pcap;
  exports io.lanyard.vswitch.policy;
  exports io.lanyard.vswitch.port;
  exports io.lanyard.vswitch.port.datagram;
  exports io.lanyard.vswitch.vhost;

  uses io.lanyard.vswitch.pcap.PcapLibrary;
}
