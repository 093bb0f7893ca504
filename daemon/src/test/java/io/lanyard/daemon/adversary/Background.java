package io.lanyard.daemon.adversary;

import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/** Work that goes on beside the test. */
final class Background {
  private Background() {}

  /** Begins work on a thread of its own. */
  static <T> FutureTask<T> begin(String name, Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform().daemon(true).name(name).start(task);
    return task;
  }
}
