package io.lanyard.base;

/**
 * Something that can describe itself as a tree: its name, its counters, and its parts.
 *
 * <p>Thread: that of the object described; for whatever belongs to a network, its loop.
 */
@FunctionalInterface
public interface Dumpable {
  /**
   * Describes the present state.
   *
   * @return a snapshot that does not change afterwards
   */
  DumpNode dump();
}
