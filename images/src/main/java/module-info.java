/** The image store, its catalogue, and the tools that fill it. */
@org.jspecify.annotations.NullMarked
module io.lanyard.image {
  requires com.fasterxml.jackson.databind;
  requires io.lanyard.base;
  requires org.apache.commons.compress;
  requires org.tukaani.xz;
  requires static transitive org.jspecify;

  exports io.lanyard.image;

  // Jackson reads and makes the manifest.
  opens io.lanyard.image to
      com.fasterxml.jackson.databind;
}
