/** The configuration file: model, schema, loader, defaults. */
@org.jspecify.annotations.NullMarked
module io.lanyard.config {
  requires static transitive org.jspecify;
}
