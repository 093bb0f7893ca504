/** The composition root: life cycle, control API. */
@org.jspecify.annotations.NullMarked
module io.lanyard.daemon {
  requires transitive com.codahale.metrics;
  requires com.fasterxml.jackson.databind;
  requires transitive io.lanyard.base;
  requires transitive io.lanyard.config;
  requires transitive io.lanyard.control.api;
  requires io.lanyard.image;
  requires io.lanyard.nat;
  requires transitive io.lanyard.vmm;
  requires io.lanyard.vswitch;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.codec.http;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires io.netty.transport.classes.epoll;
  requires io.netty.transport.unix.common;
  requires io.prometheus.metrics.config;
  requires io.prometheus.metrics.instrumentation.dropwizard;
  requires io.prometheus.metrics.model;
  requires io.prometheus.writer.text;
  requires transitive java.logging;
  requires jdk.unsupported;
  requires static org.jspecify;

  uses io.lanyard.vmm.VmmProvider;

  exports io.lanyard.control;
  exports io.lanyard.daemon;
}
