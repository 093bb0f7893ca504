package io.lanyard.machine.disk;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of a virtual disk.
 *
 * <p>Thread: one at a time; calls block.
 */
public interface Disk extends AutoCloseable {
  /** Bytes in a sector. */
  int SECTOR = 512;

  /**
   * The size.
   *
   * @return bytes, a multiple of {@link #SECTOR}
   */
  long size();

  /**
   * Whether writes fail.
   *
   * @return true if so
   */
  boolean readOnly();

  /**
   * Reads.
   *
   * @param position bytes from the start
   * @param into filled; position and remaining are inside the disk
   * @throws IOException if the host could not
   */
  void read(long position, ByteBuffer into) throws IOException;

  /**
   * Writes.
   *
   * @param position bytes from the start
   * @param from written; position and remaining are inside the disk
   * @throws IOException if the host could not
   */
  void write(long position, ByteBuffer from) throws IOException;

  /**
   * Makes what was written durable.
   *
   * @throws IOException if the host could not
   */
  void flush() throws IOException;

  @Override
  void close();
}
