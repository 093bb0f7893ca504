package io.lanyard.image;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * A small file system in memory, as an initial RAM disk is one: directories, files, symbolic links.
 *
 * <p>Paths have no slash at either end. Written out sorted and without times, so that the same tree
 * is the same bytes.
 */
final class FileTree {
  /** Longer chains of symbolic links are taken for a loop, as Linux does. */
  private static final int MAX_LINKS = 40;

  /** No file in an installer's RAM disk is near this; a header that says so is damaged. */
  private static final long MAX_FILE = 64L << 20;

  /** Names are bytes to Linux; this encoding gives back every byte as it came. */
  private static final String NAMES = StandardCharsets.ISO_8859_1.name();

  /** An entry of the tree. */
  sealed interface Node {}

  /** A directory. */
  record Directory() implements Node {}

  /**
   * A file.
   *
   * @param bytes its content
   * @param executable whether it is a program
   */
  @SuppressWarnings("ArrayRecordComponent") // A file's content is never compared as a record.
  record RegularFile(byte[] bytes, boolean executable) implements Node {}

  /**
   * A symbolic link.
   *
   * @param target as in the link
   */
  record Link(String target) implements Node {}

  private final NavigableMap<String, Node> nodes = new TreeMap<>();

  FileTree add(String path, Node node) {
    int slash = path.lastIndexOf('/');
    if (slash > 0 && !nodes.containsKey(path.substring(0, slash))) {
      add(path.substring(0, slash), new Directory());
    }
    nodes.put(path, node);
    return this;
  }

  FileTree addFile(String path, String text, boolean executable) {
    return add(path, new RegularFile(text.getBytes(StandardCharsets.UTF_8), executable));
  }

  Map<String, Node> nodes() {
    return nodes;
  }

  /** The file that a path leads to, through symbolic links anywhere in it. */
  Optional<RegularFile> file(String path) {
    return resolve(path)
        .map(nodes::get)
        .filter(RegularFile.class::isInstance)
        .map(RegularFile.class::cast);
  }

  /** Where a path leads to, through symbolic links anywhere in it. */
  Optional<String> resolve(String path) {
    Deque<String> rest = new ArrayDeque<>(List.of(path.split("/")));
    String at = "";
    int links = 0;
    while (!rest.isEmpty()) {
      String step = rest.removeFirst();
      if (step.isEmpty() || step.equals(".")) {
        continue;
      }
      if (step.equals("..")) {
        at = at.substring(0, Math.max(0, at.lastIndexOf('/')));
        continue;
      }
      String next = at.isEmpty() ? step : at + "/" + step;
      switch (nodes.get(next)) {
        case Link(String target) -> {
          if (++links > MAX_LINKS) {
            return Optional.empty();
          }
          at = target.startsWith("/") ? "" : at;
          List<String> steps = List.of(target.split("/"));
          for (int i = steps.size() - 1; i >= 0; i--) {
            rest.addFirst(steps.get(i));
          }
        }
        case null -> {
          return Optional.empty();
        }
        default -> at = next;
      }
    }
    return Optional.of(at);
  }

  /**
   * Reads a RAM disk: a cpio archive in the "newc" format, compressed by gzip.
   *
   * @param in the archive
   * @param wanted which files' content to keep; links and directories are always kept
   */
  static FileTree read(InputStream in, Predicate<String> wanted) throws IOException {
    FileTree tree = new FileTree();
    try (CpioArchiveInputStream archive =
        new CpioArchiveInputStream(
            new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16), NAMES)) {
      CpioArchiveEntry entry;
      while ((entry = archive.getNextEntry()) != null) {
        String name = clean(entry.getName());
        if (entry.getSize() > MAX_FILE) {
          throw new IOException("the RAM disk is damaged: " + name + " is impossibly long");
        }
        if (name.isEmpty() || name.contains("..")) {
          continue;
        }
        if (entry.isSymbolicLink()) {
          tree.add(name, new Link(new String(archive.readAllBytes(), StandardCharsets.UTF_8)));
        } else if (entry.isDirectory()) {
          tree.add(name, new Directory());
        } else if (entry.isRegularFile() && wanted.test(name)) {
          boolean executable = (entry.getMode() & 0111) != 0;
          tree.add(name, new RegularFile(archive.readAllBytes(), executable));
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("the RAM disk is damaged: " + e.getMessage(), e);
    }
    return tree;
  }

  private static String clean(String name) {
    String path = name.startsWith("./") ? name.substring(2) : name;
    return path.equals(".") ? "" : path;
  }

  /** Writes a RAM disk, not compressed: a guest on an emulator copies faster than it inflates. */
  void write(OutputStream out) throws IOException {
    // Closing it would close the stream beneath, which is the caller's.
    CpioArchiveOutputStream archive =
        new CpioArchiveOutputStream(out, CpioConstants.FORMAT_NEW, CpioConstants.BLOCK_SIZE, NAMES);
    long inode = 1;
    for (Map.Entry<String, Node> node : nodes.entrySet()) {
      byte[] content =
          switch (node.getValue()) {
            case Directory() -> new byte[0];
            case RegularFile(byte[] bytes, boolean executable) -> bytes;
            case Link(String target) -> target.getBytes(StandardCharsets.UTF_8);
          };
      long mode =
          switch (node.getValue()) {
            case Directory() -> CpioConstants.C_ISDIR | 0755;
            case RegularFile(byte[] bytes, boolean executable) ->
                CpioConstants.C_ISREG | (executable ? 0755 : 0644);
            case Link(String target) -> CpioConstants.C_ISLNK | 0777;
          };
      CpioArchiveEntry entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, node.getKey());
      entry.setInode(inode++);
      entry.setMode(mode);
      entry.setNumberOfLinks(node.getValue() instanceof Directory ? 2 : 1);
      entry.setSize(content.length);
      archive.putArchiveEntry(entry);
      archive.write(content);
      archive.closeArchiveEntry();
    }
    archive.finish();
    archive.flush();
  }
}
