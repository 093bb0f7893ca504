package io.lanyard.daemon.event;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.base.Shortage;
import io.lanyard.config.HookConfig;
import io.lanyard.control.api.EventInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs for events.
 *
 * <p>One thread reads the events, and hands each with each of its hooks to {@value #PROGRAMS}
 * threads, which run a program at a time each. What they do not come to waits, up to {@value
 * #WAITING}; more is dropped and counted. Publishing an event waits for none of this.
 *
 * <p>Thread: any.
 */
public final class Hooks implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Hooks.class.getName());

  /** How many programs run at a time. */
  static final int PROGRAMS = 4;

  /** How many runs wait. */
  static final int WAITING = 256;

  private static final int IDLE_SECONDS = 10;
  private static final long READ_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final String ADVICE = "the programs are too slow for the events; match fewer";

  /** The output of one run that is logged. */
  private static final int MOST_OUTPUT = 8192;

  private final EventBus events;
  private final Clock clock;
  private final RateLimitedLog log;
  private final Shortage shortage;
  private final AtomicLong dropped = new AtomicLong();
  private long told;
  private long toldAt;
  private volatile List<HookConfig> hooks = List.of();
  private @Nullable ThreadPoolExecutor programs;
  private @Nullable Thread reader;

  public Hooks(EventBus events, Clock clock) {
    this.events = events;
    this.clock = clock;
    this.shortage = new Shortage(clock);
    this.log = new RateLimitedLog(LOG, clock);
  }

  /** Runs these hooks from now on; a program that runs for another is not ended. */
  public synchronized void follow(List<HookConfig> next) {
    hooks = next;
    if (next.isEmpty() || reader != null) {
      return;
    }
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            PROGRAMS,
            PROGRAMS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            task -> Thread.ofPlatform().daemon().name("hook").unstarted(task));
    pool.allowCoreThreadTimeOut(true);
    programs = pool;
    EventBus.Reader source = events.read("");
    reader = Thread.ofVirtual().name("hooks").start(() -> read(source, pool));
  }

  /** The reasons why hooks cannot run, for people. */
  public List<String> problems() {
    List<String> all = new ArrayList<>();
    String behind = shortage.problem();
    if (!behind.isEmpty()) {
      all.add("hooks: " + behind);
    }
    for (HookConfig hook : hooks) {
      Path program = Path.of(hook.run().getFirst());
      if (!Files.exists(program)) {
        all.add("hook " + program + ": there is no such program");
      } else if (Files.isDirectory(program) || !Files.isExecutable(program)) {
        all.add("hook " + program + ": the daemon's user may not execute it");
      }
    }
    return all;
  }

  /**
   * The runs that were dropped because too many waited.
   *
   * @return runs since the start
   */
  public long dropped() {
    return dropped.get();
  }

  private void read(EventBus.Reader source, ThreadPoolExecutor pool) {
    try (source) {
      while (!source.isEnded()) {
        try {
          for (EventInfo event : source.next(READ_NANOS)) {
            hand(event, pool);
          }
        } catch (MissedException e) {
          drop(e.count());
        }
        tellOfDrops();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LogEvent.of("hooks-failed").log(LOG, Level.ERROR, e);
    }
  }

  private void hand(EventInfo event, ThreadPoolExecutor pool) {
    for (HookConfig hook : hooks) {
      if (hook.on().stream().anyMatch(event.type()::startsWith)) {
        try {
          pool.execute(() -> run(hook, event));
        } catch (RejectedExecutionException e) {
          drop(1);
        }
      }
    }
  }

  /** On the reader's thread. */
  private void drop(long runs) {
    long all = dropped.addAndGet(runs);
    if (shortage.refused()) {
      boolean _ = shortage.say("hooks", all + " runs were dropped; " + ADVICE);
    }
  }

  /** Logs how many runs were dropped, once a minute at most. On the reader's thread. */
  private void tellOfDrops() {
    long all = dropped.get();
    long now = clock.nanoTime();
    if (all > told && (told == 0 || now - toldAt >= TimeUnit.MINUTES.toNanos(1))) {
      LogEvent.of("hooks-dropped")
          .with("runs", all - told)
          .with("advice", ADVICE)
          .log(LOG, Level.WARNING);
      told = all;
      toldAt = now;
    }
  }

  private void run(HookConfig hook, EventInfo event) {
    String program = hook.run().getFirst();
    try {
      Process process = new ProcessBuilder(hook.run()).redirectErrorStream(true).start();
      try {
        Thread.ofVirtual().name("hook-input").start(() -> feed(process, event));
        Thread.ofVirtual().name("hook-output").start(() -> logOutput(process, program));
        boolean ended = process.waitFor(hook.timeout().toNanos(), TimeUnit.NANOSECONDS);
        if (!ended || process.exitValue() != 0) {
          String cause = ended ? "exit code " + process.exitValue() : "it took too long";
          failed(program, event, cause);
        }
      } finally {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    } catch (IOException e) {
      failed(program, event, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void failed(String program, EventInfo event, String cause) {
    log.log(
        Level.WARNING,
        "hook-failed",
        line ->
            line.with("program", program).with("event-type", event.type()).with("cause", cause));
  }

  private static void feed(Process process, EventInfo event) {
    try (OutputStream input = process.getOutputStream()) {
      input.write(json(event));
    } catch (IOException e) {
      // A program need not read its input.
      LogEvent.of("hook-input-unread").log(LOG, Level.DEBUG, e);
    }
  }

  private static void logOutput(Process process, String program) {
    try (InputStream output = process.getInputStream()) {
      byte[] first = output.readNBytes(MOST_OUTPUT);
      if (first.length > 0) {
        LogEvent.of("hook-output")
            .with("program", program)
            .with("text", new String(first, StandardCharsets.UTF_8))
            .log(LOG, Level.DEBUG);
      }
      output.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      LogEvent.of("hook-output-lost").log(LOG, Level.DEBUG, e);
    }
  }

  private static byte[] json(EventInfo event) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("id", event.id());
      json.writeStringField("at", event.at());
      json.writeStringField("type", event.type());
      json.writeStringField("network", event.network());
      json.writeStringField("subject", event.subject());
      json.writeObjectFieldStart("data");
      for (Map.Entry<String, String> one : event.data().entrySet()) {
        json.writeStringField(one.getKey(), one.getValue());
      }
      json.writeEndObject();
      json.writeEndObject();
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }

  /** Ends the programs that run. */
  @Override
  public synchronized void close() {
    Thread reads = reader;
    ThreadPoolExecutor pool = programs;
    if (reads != null && pool != null) {
      reads.interrupt();
      pool.shutdownNow();
    }
  }
}
