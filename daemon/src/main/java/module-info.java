/** The composition root: life cycle, control API. */
@org.jspecify.annotations.NullMarked
module io.lanyard.daemon {
  requires com.codahale.metrics;
  requires com.fasterxml.jackson.core;
  requires io.lanyard.base;
  requires io.lanyard.config;
  requires io.lanyard.control.api;
  requires io.lanyard.image;
  requires io.lanyard.nat;
  requires io.lanyard.vmm;
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
  requires java.logging;
  requires jdk.unsupported;
  requires static org.jspecify;

  uses io.lanyard.vmm.VmmProvider;

  provides io.lanyard.config.ConfigurationCheck with
      io.lanyard.daemon.guest.GuestCheck;

  // Its log manager is made by the logging system.
  exports io.lanyard.daemon.log to
      java.logging;
}
