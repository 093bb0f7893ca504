/** The control API as a client sees it: its records, and a client. No server. */
@org.jspecify.annotations.NullMarked
module io.lanyard.control.api {
  requires static transitive org.jspecify;

  exports io.lanyard.control.api;
  exports io.lanyard.control.client;
  exports io.lanyard.control.launch;

  // For whatever makes JSON of the records; which library that is, is its user's choice.
  opens io.lanyard.control.api;
}
