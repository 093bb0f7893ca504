package io.lanyard.config;

/**
 * Where something stands in a file.
 *
 * @param line from 1; 0 for nowhere
 * @param column from 1
 */
record Place(int line, int column) {
  static final Place NOWHERE = new Place(0, 0);
}
