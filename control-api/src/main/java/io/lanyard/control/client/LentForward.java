package io.lanyard.control.client;

import io.lanyard.control.api.ForwardInfo;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** A forward that lives as long as its connection. Its owner closes it. */
public final class LentForward implements Closeable {
  private final HttpClient.Answer answer;
  private final BufferedReader lines;
  private final Reply<ForwardInfo> info;

  LentForward(HttpClient.Answer answer) throws IOException {
    this.answer = answer;
    lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
    String first = lines.readLine();
    if (first == null) {
      throw new EOFException("the daemon has ended the forward");
    }
    info = Requests.record(ForwardInfo.class, first);
  }

  /**
   * The forward.
   *
   * @return as it was opened
   */
  public Reply<ForwardInfo> info() {
    return info;
  }

  /**
   * Waits until the daemon ends the forward.
   *
   * @throws IOException if the connection breaks
   */
  public void await() throws IOException {
    while (lines.readLine() != null) {
      // Nothing is said while it is there.
    }
  }

  @Override
  public void close() throws IOException {
    answer.close();
  }
}
