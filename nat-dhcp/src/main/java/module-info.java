/** A network's services for its guests: gateway, NAT, port forwards, DHCP, DNS. */
@org.jspecify.annotations.NullMarked
module io.lanyard.nat {
  requires transitive io.lanyard.config;
  requires transitive io.lanyard.vswitch;
  requires io.netty.handler;
  requires io.netty.transport.classes.epoll;
  requires transitive io.netty.transport.unix.common;
  requires com.h2database.mvstore;
  requires org.dnsjava;
  requires static transitive org.jspecify;

  exports io.lanyard.nat;
  exports io.lanyard.nat.egress;
  exports io.lanyard.nat.flow;
  exports io.lanyard.dhcp;
  exports io.lanyard.nat.forward;
  exports io.lanyard.dns;
  exports io.lanyard.nat.gateway;
  exports io.lanyard.nat.station;
  exports io.lanyard.nat.tcp;
  exports io.lanyard.nat.tls;
  exports io.lanyard.nat.udp;
}
