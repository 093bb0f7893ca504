package io.lanyard.control;

import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.http.Response;
import io.lanyard.control.json.JsonText;
import io.lanyard.daemon.change.Conductor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The answer to a change that stays only if its caller does: the plan as a line, then nothing until
 * the change is confirmed or taken back. If the caller leaves before, the change is taken back.
 *
 * @param plan the change as it was made
 */
record HeldChange(Conductor conductor, PlanInfo plan) implements Response.Conversation {
  @Override
  public void speak(InputStream in, OutputStream out) throws IOException {
    try {
      out.write((JsonText.text(plan) + "\n").getBytes(StandardCharsets.UTF_8));
      var _ = conductor.decided(plan.revision()).thenRun(() -> close(in));
      in.transferTo(OutputStream.nullOutputStream());
    } finally {
      abandon();
    }
  }

  private static void close(InputStream in) {
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException("a connection's input is only told that it has ended", e);
    }
  }

  /** Takes the change back, unless it was confirmed or taken back before. */
  @Override
  public void abandon() {
    if (!conductor.decided(plan.revision()).isDone()) {
      // Refused if somebody decides in this moment; on failure its time takes it back.
      var _ = conductor.takeBack(plan.revision(), "the connection of its caller ended");
    }
  }
}
