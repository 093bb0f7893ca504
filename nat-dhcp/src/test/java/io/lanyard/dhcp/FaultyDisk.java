package io.lanyard.dhcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.h2.store.fs.FileBase;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.disk.FilePathDisk;

/**
 * A disk under MVStore that fails when a test says so. When its power fails, it may have lost what
 * was not synced: each block of 4 KiB has its old contents or its new ones.
 *
 * <p>MVStore takes what is before the first colon of a file's name for the name of a file system.
 * So the files of this disk have a colon in their names, and the path up to there is the disk's
 * name. For everybody else they are ordinary files.
 *
 * <p>Thread: any, one at a time.
 */
final class FaultyDisk implements AutoCloseable {
  private static final int BLOCK = 4096;

  /** The outcome of calls. */
  enum Fault {
    NONE,
    /** There is space for a part of what is written. */
    FULL,
    /** A file cannot be made shorter. */
    NOT_SHORTENED,
    /** A sync fails, and what should have been synced is lost: no later sync writes it either. */
    NOT_SYNCED
  }

  /** A change of a file: bytes from a place on, or its end where there are none. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Change(long at, byte[] bytes) {
    byte[] in(byte[] image) {
      return in(image, 0, bytes.length);
    }

    private byte[] in(byte[] image, int from, int to) {
      if (bytes.length == 0) {
        return Arrays.copyOf(image, (int) at);
      }
      byte[] changed = Arrays.copyOf(image, (int) Math.max(image.length, at + to));
      System.arraycopy(bytes, from, changed, (int) at + from, to - from);
      return changed;
    }

    byte[] partly(byte[] image, Random random) {
      byte[] changed = image;
      int from = 0;
      do {
        int to = (int) Math.min(bytes.length, from + BLOCK - (at + from) % BLOCK);
        if (random.nextInt(4) != 0) {
          changed = in(changed, from, to);
        }
        from = to;
      } while (from < bytes.length);
      return changed;
    }
  }

  /** A file's contents on the disk. */
  private static final class Contents {
    byte[] synced = {};
    final List<Change> unsynced = new ArrayList<>();
  }

  private final Path folder;
  private final Random random;
  private final FilePath files;

  /** By the file, whatever its name has become. */
  private final Map<Object, Contents> contents = new HashMap<>();

  private Fault fault = Fault.NONE;

  /** Calls until the power fails; negative for never. */
  private int untilPowerFails = -1;

  FaultyDisk(Path folder, Random random) {
    this.folder = folder;
    this.random = random;
    this.files = new DiskFile(file().toString());
    FilePath.register(files);
  }

  /** A store's file. */
  Path file() {
    return folder.resolve("disk:leases.mv");
  }

  synchronized void failWith(Fault next) {
    fault = next;
  }

  /** The power fails after so many calls. */
  synchronized void failPowerAfter(int calls) {
    untilPowerFails = calls;
  }

  /** The power comes back, or fails and comes back; the files are closed. */
  synchronized void restart() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.toList()) {
        Contents of = contents.get(key(file));
        if (of != null) {
          for (Change change : of.unsynced) {
            of.synced = change.partly(of.synced, random);
          }
          of.unsynced.clear();
          Files.write(file, of.synced);
        }
      }
    }
    untilPowerFails = -1;
    fault = Fault.NONE;
  }

  @Override
  public void close() {
    FilePath.unregister(files);
  }

  private static Object key(Path file) throws IOException {
    return Objects.requireNonNull(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
  }

  /** Keys of files are used again. */
  private void forgetDeleted() throws IOException {
    Set<Object> there = new HashSet<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.toList()) {
        there.add(key(file));
      }
    }
    contents.keySet().retainAll(there);
  }

  private static Contents writtenOtherwise(FileChannel base) {
    Contents of = new Contents();
    try {
      ByteBuffer all = ByteBuffer.allocate((int) base.size());
      base.read(all, 0);
      of.synced = all.array();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return of;
  }

  private void call() throws IOException {
    if (untilPowerFails > 0) {
      untilPowerFails--;
    } else if (untilPowerFails == 0) {
      throw new IOException("the power has failed");
    }
  }

  private final class DiskFile extends FilePathDisk {
    DiskFile(String name) {
      this.name = name;
    }

    @Override
    public String getScheme() {
      return name.substring(0, name.indexOf(':'));
    }

    @Override
    public FilePathDisk getPath(String path) {
      return new DiskFile(path);
    }

    @Override
    public FileChannel open(String mode) throws IOException {
      synchronized (FaultyDisk.this) {
        call();
        FileChannel base = super.open(mode);
        Object key = key(Path.of(name));
        forgetDeleted();
        if (base.size() == 0) {
          contents.put(key, new Contents());
        }
        return new Channel(base, contents.computeIfAbsent(key, any -> writtenOtherwise(base)));
      }
    }
  }

  private final class Channel extends FileBase {
    private final FileChannel base;
    private final Contents of;

    Channel(FileChannel base, Contents of) {
      this.base = base;
      this.of = of;
    }

    @Override
    public synchronized int write(ByteBuffer from, long at) throws IOException {
      synchronized (FaultyDisk.this) {
        call();
        ByteBuffer part = from.duplicate();
        if (fault == Fault.FULL) {
          part.limit(part.position() + random.nextInt(part.remaining()));
        }
        byte[] bytes = new byte[part.remaining()];
        part.duplicate().get(bytes);
        if (bytes.length > 0) {
          of.unsynced.add(new Change(at, bytes));
          base.write(part, at);
        }
        if (fault == Fault.FULL) {
          throw new IOException("No space left on device");
        }
        from.position(from.limit());
        return bytes.length;
      }
    }

    @Override
    public void force(boolean metadata) throws IOException {
      synchronized (FaultyDisk.this) {
        call();
        if (fault == Fault.NOT_SYNCED) {
          of.unsynced.clear();
          throw new IOException("Input/output error");
        }
        for (Change change : of.unsynced) {
          of.synced = change.in(of.synced);
        }
        of.unsynced.clear();
      }
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      synchronized (FaultyDisk.this) {
        call();
        if (fault == Fault.NOT_SHORTENED) {
          throw new IOException("Input/output error");
        }
        if (size < base.size()) {
          base.truncate(size);
          of.unsynced.add(new Change(size, new byte[0]));
        }
        return this;
      }
    }

    @Override
    public synchronized int read(ByteBuffer to, long at) throws IOException {
      return base.read(to, at);
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
      return base.read(to);
    }

    @Override
    public int write(ByteBuffer from) {
      throw new UnsupportedOperationException("MVStore says where it writes");
    }

    @Override
    public long size() throws IOException {
      return base.size();
    }

    @Override
    public long position() throws IOException {
      return base.position();
    }

    @Override
    public FileChannel position(long to) throws IOException {
      base.position(to);
      return this;
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return base.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      base.close();
    }
  }
}
