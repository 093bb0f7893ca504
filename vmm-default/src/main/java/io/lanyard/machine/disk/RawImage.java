package io.lanyard.machine.disk;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** A raw image: the file's bytes are the disk's. A writable one is locked against other users. */
public final class RawImage implements Disk {
  private static final System.Logger LOG = System.getLogger(RawImage.class.getName());

  private final FileChannel channel;
  private final long size;
  private final boolean readOnly;

  private RawImage(FileChannel channel, long size, boolean readOnly) {
    this.channel = channel;
    this.size = size;
    this.readOnly = readOnly;
  }

  /**
   * Opens an image.
   *
   * @param path the file
   * @param readOnly whether writes fail
   * @return the disk, which the caller closes
   * @throws VmmException that names the file and what is wrong with it
   */
  public static RawImage open(Path path, boolean readOnly) throws VmmException {
    return open(path, readOnly, true);
  }

  /**
   * Looks whether an image can be opened. One that another guest uses can.
   *
   * @param path the file
   * @param readOnly whether writes fail
   * @throws VmmException that names the file and what is wrong with it
   */
  public static void check(Path path, boolean readOnly) throws VmmException {
    open(path, readOnly, false).close();
  }

  private static RawImage open(Path path, boolean readOnly, boolean exclusive) throws VmmException {
    if (!Files.isRegularFile(path)) {
      throw new VmmException(
          "disk " + path + ": " + (Files.exists(path) ? "is not a file" : "does not exist"));
    }
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              path,
              readOnly
                  ? Set.of(StandardOpenOption.READ)
                  : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw new VmmException(
          "disk " + path + ": cannot be opened for " + (readOnly ? "reading" : "writing"), e);
    }
    try {
      long size = channel.size();
      if (size == 0 || size % SECTOR != 0) {
        throw new VmmException(
            "disk " + path + ": a raw image is a multiple of 512 bytes, this has " + size);
      }
      if (exclusive && !readOnly) {
        lock(channel, path);
      }
      return new RawImage(channel, size, readOnly);
    } catch (IOException e) {
      close(channel);
      throw new VmmException("disk " + path + ": its size cannot be read", e);
    } catch (VmmException e) {
      close(channel);
      throw e;
    }
  }

  private static void lock(FileChannel channel, Path path) throws VmmException {
    boolean locked;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      locked = false;
    } catch (IOException e) {
      throw new VmmException("disk " + path + ": cannot be locked", e);
    }
    if (!locked) {
      throw new VmmException(
          "disk " + path + ": in use; a writable image belongs to one guest at a time");
    }
  }

  private static void close(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LogEvent.of("disk-close-failed").log(LOG, Level.WARNING, e);
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public void read(long position, ByteBuffer into) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int n = channel.read(into, at);
      if (n < 0) {
        throw new IOException("the image has become shorter than it was when it was opened");
      }
      at += n;
    }
  }

  @Override
  public void write(long position, ByteBuffer from) throws IOException {
    long at = position;
    while (from.hasRemaining()) {
      at += channel.write(from, at);
    }
  }

  @Override
  public void flush() throws IOException {
    channel.force(false);
  }

  @Override
  public void close() {
    close(channel);
  }
}
