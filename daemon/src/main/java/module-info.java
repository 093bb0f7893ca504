/** The composition root: life cycle, control API, command line. */
@org.jspecify.annotations.NullMarked
module io.lanyard.daemon {
  requires com.codahale.metrics;
  requires com.fasterxml.jackson.databind;
  requires info.picocli;
  requires io.lanyard.config;
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
  requires jdk.httpserver;
  requires jdk.unsupported;
  requires me.tongfei.progressbar;
  requires org.apache.commons.compress;
  requires org.tukaani.xz;
  requires static org.jspecify;

  uses io.lanyard.vmm.VmmProvider;

  // Its log manager is made by the logging system.
  exports io.lanyard.daemon to
      java.logging;

  // By reflection: picocli fills in the commands' fields, Jackson reads and makes the API's
  // records.
  opens io.lanyard.cli to
      info.picocli;
  opens io.lanyard.control.api to
      com.fasterxml.jackson.databind;
  opens io.lanyard.image to
      com.fasterxml.jackson.databind;
}
