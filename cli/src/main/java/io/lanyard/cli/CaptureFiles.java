package io.lanyard.cli;

import io.lanyard.base.Causes;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Where a capture goes: standard output, a file, or a row of files of which each is whole by
 * itself.
 *
 * <p>Thread: one.
 */
final class CaptureFiles implements Closeable {
  /** A file's head and one frame of the largest size fit. */
  static final long LEAST_SIZE = 4096;

  /**
   * When a capture ends, and when a file does.
   *
   * @param frames of the capture
   * @param total bytes of all files
   * @param file bytes of one file
   * @param kept how many files are kept
   */
  record Limits(long frames, long total, long file, int kept) {
    boolean rotates() {
      return file != Long.MAX_VALUE;
    }
  }

  private final String name;
  private final Limits limits;
  private final List<byte[]> head = new ArrayList<>();
  private final Deque<Path> written = new ArrayDeque<>();
  private OutputStream out;
  private int number;
  private long fileBytes;
  private long totalBytes;
  private long frames;
  private long frameBytes;
  private long dropsBefore;
  private long dropsInAll;

  private CaptureFiles(String name, Limits limits) {
    this.name = name;
    this.limits = limits;
    this.out = next();
  }

  private CaptureFiles(OutputStream out, Limits limits) {
    this.name = "-";
    this.limits = limits;
    this.number = 1;
    this.out = out;
  }

  /** Writes to a stream in the place of standard output. */
  static CaptureFiles over(OutputStream out, Limits limits) {
    return new CaptureFiles(out, limits);
  }

  /**
   * Opens the first file.
   *
   * @param name a file, or {@code -} for standard output
   */
  static CaptureFiles open(String name, Limits limits) {
    return new CaptureFiles(name, limits);
  }

  String name() {
    return name.equals("-") ? "standard output" : name + (limits.rotates() ? ".N" : "");
  }

  private OutputStream next() {
    number++;
    fileBytes = 0;
    if (name.equals("-")) {
      return new BufferedOutputStream(StandardOutput.raw());
    }
    Path file = Path.of(limits.rotates() ? name + "." + number : name);
    try {
      OutputStream fresh = new BufferedOutputStream(Files.newOutputStream(file));
      written.add(file);
      if (written.size() > limits.kept()) {
        Files.deleteIfExists(written.remove());
      }
      return fresh;
    } catch (NoSuchFileException e) {
      throw new Failure("cannot write " + file + ": its directory is not there");
    } catch (IOException e) {
      throw new Failure("cannot write " + file + ": " + Causes.of(e));
    }
  }

  /** Takes a block; false when the capture has what was asked for. */
  boolean take(PcapngBlocks.Block block) throws IOException {
    byte[] bytes = block.bytes();
    if (block.kind() == PcapngBlocks.Kind.STATISTICS) {
      dropsInAll += block.drops();
    } else if (block.kind() == PcapngBlocks.Kind.FRAME) {
      if (totalBytes + bytes.length > limits.total()) {
        return false;
      }
      if (fileBytes + bytes.length > limits.file()) {
        rotate();
      }
      frames++;
      dropsBefore += block.drops();
      frameBytes += block.frameBytes();
    } else if (block.kind() == PcapngBlocks.Kind.HEAD) {
      head.add(bytes);
    }
    write(bytes);
    return frames < limits.frames();
  }

  private void write(byte[] bytes) throws IOException {
    out.write(bytes);
    fileBytes += bytes.length;
    totalBytes += bytes.length;
  }

  private void rotate() throws IOException {
    out.close();
    out = next();
    for (byte[] block : head) {
      write(block);
    }
  }

  void flush() throws IOException {
    out.flush();
  }

  /** How much was taken, for people. */
  String summary() {
    // The statistics at the end also have what was dropped after the last frame.
    long drops = Math.max(dropsBefore, dropsInAll);
    String dropped =
        drops == 0 ? ", none dropped" : ", " + drops + " dropped because they came too fast";
    String files = number > 1 ? ", in " + number + " files, kept " + written.size() : "";
    return frames
        + (frames == 1 ? " frame, " : " frames, ")
        + Units.bytes(frameBytes)
        + dropped
        + files;
  }

  @Override
  public void close() throws IOException {
    try {
      out.close();
    } catch (IOException e) {
      if (!StandardOutput.readerHasGone(e)) {
        throw e;
      }
    }
  }
}
