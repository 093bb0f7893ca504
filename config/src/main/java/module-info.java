/** The configuration file: model, schema, loader, defaults. */
@org.jspecify.annotations.NullMarked
module io.lanyard.config {
  requires transitive io.lanyard.base;
  requires org.snakeyaml.engine;
  requires static transitive org.jspecify;

  exports io.lanyard.config;
  exports io.lanyard.config.change;
}
