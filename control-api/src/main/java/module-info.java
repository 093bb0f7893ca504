/** The control API as a client sees it: its records, and a client. No server. */
@org.jspecify.annotations.NullMarked
module io.lanyard.control.api {
  requires com.fasterxml.jackson.core;
  requires io.lanyard.base;
  requires static transitive org.jspecify;

  exports io.lanyard.control.api;
  exports io.lanyard.control.client;
  exports io.lanyard.control.json;
  exports io.lanyard.control.launch;
  exports io.lanyard.control.token;

  // For whatever makes JSON of the records; which library that is, is its user's choice.
  opens io.lanyard.control.api;
}
