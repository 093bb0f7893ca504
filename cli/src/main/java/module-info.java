/** The command line and the demo. */
@org.jspecify.annotations.NullMarked
module io.lanyard.cli {
  requires info.picocli;
  requires io.lanyard.base;
  requires io.lanyard.config;
  requires io.lanyard.control.api;
  requires io.lanyard.image;
  requires jdk.httpserver;
  requires jdk.unsupported;
  requires me.tongfei.progressbar;
  requires static org.jspecify;

  uses io.lanyard.config.ConfigurationCheck;

  // By reflection: picocli fills in the commands' fields, and results become JSON.
  opens io.lanyard.cli to
      info.picocli,
      io.lanyard.control.api;
  opens io.lanyard.demo to
      io.lanyard.control.api;
}
