package io.lanyard.control.client;

import io.lanyard.control.api.PlanInfo;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A caller's hold on a change that waits for its confirmation: the connection by which it was asked
 * for. The daemon takes the change back as soon as the connection ends, by {@link #close} or with
 * the caller's process, unless it was confirmed before. For one change.
 *
 * <p>Thread: any, after the change is made.
 */
public final class Hold implements Closeable {
  private HttpClient.@Nullable Answer answer;
  private @Nullable BufferedReader lines;

  /** Makes a hold on a change that is not made yet. */
  public Hold() {}

  /** Begins with the answer to the change; returns its plan. */
  Reply<PlanInfo> begin(HttpClient.Answer opened) throws IOException {
    answer = opened;
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(opened.body(), StandardCharsets.UTF_8));
    lines = reader;
    String plan = reader.readLine();
    if (plan == null) {
      throw new EOFException("the daemon has ended the connection");
    }
    return Requests.record(PlanInfo.class, plan);
  }

  /**
   * Waits until the change is confirmed or taken back by anybody. Returns at once where nothing is
   * held.
   *
   * @throws IOException if the connection breaks
   */
  public void await() throws IOException {
    BufferedReader reader = lines;
    while (reader != null && reader.readLine() != null) {
      // Nothing is said before the end.
    }
  }

  @Override
  public void close() throws IOException {
    HttpClient.Answer opened = answer;
    if (opened != null) {
      opened.close();
    }
  }
}
