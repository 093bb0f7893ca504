package io.lanyard.control.client;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Bytes from the daemon as they come: a capture or a console; to a console, bytes from the client
 * too.
 *
 * <p>Thread: one may read, another write; {@link #close} by any wakes both. Its owner closes it.
 */
public final class ByteStream implements Closeable {
  private final HttpClient.Answer answer;

  ByteStream(HttpClient.Answer answer) {
    this.answer = answer;
  }

  /**
   * The bytes that the daemon sends.
   *
   * @return a stream that is read as they come
   */
  public InputStream in() {
    return answer.body();
  }

  /**
   * The way to a guest's console.
   *
   * @return a stream that sends at once what is written
   */
  public OutputStream out() {
    return answer.out();
  }

  /**
   * Asks the daemon for an end: what it still has to send comes before that.
   *
   * @throws IOException if the connection is broken
   */
  public void finish() throws IOException {
    answer.endOutput();
  }

  @Override
  public void close() throws IOException {
    answer.close();
  }
}
