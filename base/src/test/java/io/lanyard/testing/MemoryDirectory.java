package io.lanyard.testing;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Directories in memory for tests that write through to the disk hundreds of times, where that is
 * not what they test: {@code @TempDir(factory = MemoryDirectory.class)}. No program can be run from
 * there. A host without room for them has them on its disk.
 */
public final class MemoryDirectory implements TempDirFactory {
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final long ROOM = 256L << 20;

  /** Made by JUnit. */
  public MemoryDirectory() {}

  @Override
  public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext extension)
      throws IOException {
    return hasRoom()
        ? Files.createTempDirectory(MEMORY, "lanyard")
        : Files.createTempDirectory("lanyard");
  }

  private static boolean hasRoom() throws IOException {
    if (!Files.isWritable(MEMORY)) {
      return false;
    }
    FileStore memory = Files.getFileStore(MEMORY);
    return memory.type().equals("tmpfs") && memory.getUsableSpace() > ROOM;
  }
}
