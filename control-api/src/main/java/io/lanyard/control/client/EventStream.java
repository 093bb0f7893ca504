package io.lanyard.control.client;

import io.lanyard.control.api.EventInfo;
import io.lanyard.control.api.SnapshotInfo;
import io.lanyard.control.json.JsonText;
import io.lanyard.control.json.RecordReader;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;

/**
 * The daemon's events, over as many connections as it takes: one that breaks is made anew, and goes
 * on behind the last event that came. A daemon that is away is waited for.
 *
 * <p>Thread: one calls {@link #next}; {@link #close} by any. Its owner closes it.
 */
public final class EventStream implements Closeable {
  /** From a connection that broke to the next attempt. */
  private static final long RETRY_MILLIS = 500;

  /** Opens the stream behind an event, or from the beginning. */
  @FunctionalInterface
  interface Source {
    HttpClient.Answer open(String lastId) throws IOException;
  }

  private final Source source;
  private Runnable onBreak = () -> {};
  private HttpClient.Answer answer;
  private EventReader reader;
  private String lastId = "";
  private boolean isClosed;

  EventStream(Source source) throws IOException {
    this.source = source;
    answer = source.open("");
    reader = reader(answer);
  }

  private static EventReader reader(HttpClient.Answer answer) {
    return new EventReader(new BufferedInputStream(answer.body()));
  }

  /**
   * Sets what is told of a connection that broke, before the first attempt to make another.
   *
   * @param listener called by the thread that waits for the next event
   */
  public void onBreak(Runnable listener) {
    onBreak = listener;
  }

  /**
   * Waits for the next event.
   *
   * @return the event
   * @throws RefusedException if the daemon does not go on with the stream
   * @throws io.lanyard.control.json.JsonException if what answers is no Lanyard daemon
   * @throws IOException if the stream is closed, or the thread interrupted
   */
  public DaemonEvent next() throws IOException {
    while (true) {
      EventReader.Event event;
      try {
        event = reader.next();
      } catch (IOException e) {
        // As the end of the stream: it is opened anew.
        event = null;
      }
      if (event != null) {
        lastId = event.id();
        return typed(event);
      }
      reopen();
    }
  }

  private static DaemonEvent typed(EventReader.Event event) throws IOException {
    Object data = JsonText.parse(event.data());
    return switch (event.type()) {
      case "snapshot" ->
          new DaemonEvent.Snapshot(
              event.id(), RecordReader.read(SnapshotInfo.class, data), event.data());
      case "missed", "overflow" -> new DaemonEvent.Gap(event.id(), event.type(), event.data());
      default ->
          new DaemonEvent.Change(
              event.id(), RecordReader.read(EventInfo.class, data), event.data());
    };
  }

  private void reopen() throws IOException {
    requireOpen();
    answer.close();
    onBreak.run();
    while (true) {
      try {
        Thread.sleep(RETRY_MILLIS);
        requireOpen();
        take(source.open(lastId));
        return;
      } catch (RefusedException e) {
        if (e.isFinal()) {
          throw e;
        }
        // It has too much to do: it is asked again.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("nobody waits for events any more");
      } catch (IOException e) {
        requireOpen();
        // Until the daemon is there again.
      }
    }
  }

  private synchronized void take(HttpClient.Answer fresh) throws IOException {
    if (isClosed) {
      fresh.close();
    }
    answer = fresh;
    reader = reader(fresh);
  }

  private synchronized void requireOpen() throws IOException {
    if (isClosed) {
      throw new IOException("the stream of events is closed");
    }
  }

  @Override
  public synchronized void close() throws IOException {
    isClosed = true;
    answer.close();
  }
}
