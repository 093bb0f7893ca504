package io.lanyard.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * Standard output that remembers how it failed. {@link PrintStream} swallows that: a command whose
 * result went to a full disk would seem to have worked.
 */
final class StandardOutput {
  private final Remembering stream;
  private final PrintStream printer;

  private StandardOutput(OutputStream out) {
    this.stream = new Remembering(out);
    this.printer = new PrintStream(new BufferedOutputStream(stream), true, System.out.charset());
  }

  /** Takes the place of {@code System.out}. */
  static StandardOutput install() {
    StandardOutput output = over(raw());
    System.setOut(output.printer);
    return output;
  }

  /** For bytes that go out as they come; says at once that it failed. */
  static OutputStream raw() {
    return new FileOutputStream(FileDescriptor.out);
  }

  static StandardOutput over(OutputStream out) {
    return new StandardOutput(out);
  }

  PrintStream printer() {
    return printer;
  }

  /**
   * Writes what is still buffered.
   *
   * @return what went wrong with anything that was written, or null; that the reader has enough and
   *     has gone is not wrong
   */
  @Nullable IOException finish() {
    printer.flush();
    IOException failure = stream.failure;
    return failure == null || readerHasGone(failure) ? null : failure;
  }

  /** Whether a pipe has no reader any more: the reader has enough. */
  static boolean readerHasGone(IOException e) {
    return String.valueOf(e.getMessage()).contains("Broken pipe");
  }

  private static final class Remembering extends OutputStream {
    private final OutputStream out;
    private volatile @Nullable IOException failure;

    Remembering(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        }
        throw e;
      }
    }
  }
}
