package io.lanyard.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.ArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** A binary package of Debian's (deb(5)): an ar archive of compressed tar archives. */
final class DebianPackage {
  private final Path file;

  DebianPackage(Path file) {
    this.file = file;
  }

  /**
   * Takes files out of the package.
   *
   * @param wanted where each goes, by its path in the package
   * @param progress hears how many bytes of the package have been read
   * @throws IOException if the package is damaged, lacks a file, or the disk is full
   */
  void extract(Map<String, Path> wanted, LongConsumer progress) throws IOException {
    Map<String, Path> missing = new HashMap<>(wanted);
    try (InputStream raw = new Counted(Files.newInputStream(file), progress);
        ArArchiveInputStream members = new ArArchiveInputStream(raw)) {
      ArchiveEntry member;
      while ((member = members.getNextEntry()) != null) {
        if (member.getName().startsWith("data.tar")) {
          extract(decompress(members, member.getName()), missing);
          break;
        }
      }
    }
    if (!missing.isEmpty()) {
      throw new IOException(file.getFileName() + " has no " + String.join(", ", missing.keySet()));
    }
  }

  private static InputStream decompress(InputStream in, String name) throws IOException {
    return switch (name.substring("data.tar".length())) {
      case "" -> in;
      case ".gz" -> new GZIPInputStream(in);
      case ".xz" -> new XZInputStream(in);
      default -> throw new IOException("nobody here can decompress " + name);
    };
  }

  private static void extract(InputStream data, Map<String, Path> missing) throws IOException {
    // Not closed: what is beneath belongs to the caller.
    TarArchiveInputStream entries = new TarArchiveInputStream(data);
    TarArchiveEntry entry;
    while (!missing.isEmpty() && (entry = entries.getNextEntry()) != null) {
      String name = entry.getName();
      Path target = missing.remove(name.startsWith("./") ? name.substring(2) : name);
      if (target != null) {
        Files.copy(entries, target, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static final class Counted extends FilterInputStream {
    private final LongConsumer progress;
    private long count;

    Counted(InputStream in, LongConsumer progress) {
      super(new java.io.BufferedInputStream(in, 1 << 16));
      this.progress = progress;
    }

    @Override
    public int read() throws IOException {
      int b = in.read();
      if (b >= 0) {
        count++;
      }
      return b;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int read = in.read(target, offset, length);
      if (read > 0) {
        count += read;
        progress.accept(count);
      }
      return read;
    }
  }
}
