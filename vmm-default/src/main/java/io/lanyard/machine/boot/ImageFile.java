package io.lanyard.machine.boot;

import io.lanyard.base.LogEvent;
import io.lanyard.machine.bus.Ram;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file that is read into RAM, held open; every error names it and what it is for. */
public final class ImageFile implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ImageFile.class.getName());
  private static final long CHUNK = 1 << 24;

  private final String what;
  private final Path path;
  private final FileChannel channel;
  private final long size;

  private ImageFile(String what, Path path, FileChannel channel, long size) {
    this.what = what;
    this.path = path;
    this.channel = channel;
    this.size = size;
  }

  /**
   * Opens a file.
   *
   * @param what what it is for, such as "kernel"
   * @param path the file
   * @return to be closed by the caller
   * @throws VmmException if it cannot be read or is empty
   */
  public static ImageFile open(String what, Path path) throws VmmException {
    if (!Files.isRegularFile(path)) {
      throw new VmmException(
          what + " " + path + ": " + (Files.exists(path) ? "is not a file" : "does not exist"));
    }
    FileChannel channel;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
    } catch (IOException e) {
      throw new VmmException(what + " " + path + ": cannot be opened for reading", e);
    }
    ImageFile file;
    try {
      file = new ImageFile(what, path, channel, channel.size());
    } catch (IOException e) {
      close(channel);
      throw new VmmException(what + " " + path + ": its size cannot be read", e);
    }
    if (file.size == 0) {
      file.close();
      throw file.error("is empty");
    }
    return file;
  }

  /**
   * Makes an exception about this file.
   *
   * @param problem what is wrong, and what to do
   * @return to be thrown
   */
  public VmmException error(String problem) {
    return new VmmException(what + " " + path + ": " + problem);
  }

  /**
   * The size when it was opened.
   *
   * @return bytes
   */
  public long size() {
    return size;
  }

  /**
   * Reads a piece.
   *
   * @param from offset of its first byte
   * @param length bytes
   * @return little-endian, from 0 to length; shorter if the file ends before
   * @throws VmmException if the host cannot read
   */
  public ByteBuffer read(long from, int length) throws VmmException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    try {
      long at = from;
      while (bytes.hasRemaining()) {
        int n = channel.read(bytes, at);
        if (n < 0) {
          break;
        }
        at += n;
      }
    } catch (IOException e) {
      throw new VmmException(what + " " + path + ": cannot be read", e);
    }
    return bytes.flip();
  }

  /**
   * Copies a part of the file into RAM.
   *
   * @param from offset of its first byte
   * @param length bytes
   * @param ram the memory
   * @param address physical; the caller has seen that it fits
   * @throws VmmException if the host cannot read, or the file has become shorter
   */
  public void load(long from, long length, Ram ram, long address) throws VmmException {
    try {
      long done = 0;
      while (done < length) {
        ByteBuffer piece = ram.slice(address + done, Math.min(CHUNK, length - done)).asByteBuffer();
        int n = channel.read(piece, from + done);
        if (n < 0) {
          throw error("has become shorter since it was opened");
        }
        done += n;
      }
    } catch (IOException e) {
      throw new VmmException(what + " " + path + ": cannot be read", e);
    }
  }

  @Override
  public void close() {
    close(channel);
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LogEvent.of("image-close-failed").log(LOG, Level.WARNING, e);
    }
  }
}
