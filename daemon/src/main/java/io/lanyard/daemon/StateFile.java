package io.lanyard.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Small files of the state directory that are there whole or not at all, after a power cut too. */
final class StateFile {
  private StateFile() {}

  /**
   * Writes a file in place of one that may be there.
   *
   * @param file the file, in a directory that this daemon has alone
   * @param content all of it
   * @throws IOException if it is not on disk; what was there before remains
   */
  static void write(Path file, byte[] content) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel out =
        FileChannel.open(
            draft,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel entries = FileChannel.open(file.resolveSibling("."))) {
      entries.force(true);
    }
  }
}
