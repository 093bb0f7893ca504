package io.lanyard.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Does something inside a network namespace.
 *
 * <p>The thread that enters is made for the purpose and ends afterwards. A thread is born in the
 * namespace of the one that starts it, and who wakes a virtual thread may start a carrier for it:
 * so the thread is back in the daemon's own namespace before it hands over what the task made, and
 * a task for the daemon's own namespace makes sure of it. A task starts no threads. A descriptor
 * that it opens stays usable everywhere.
 */
public final class NetworkNamespace {
  /** The unit does not grant it: it is nearly root. docs/operations.md has the drop-in. */
  private static final String PRIVILEGE =
      "the daemon needs the capability CAP_SYS_ADMIN to enter another network namespace; run it as"
          + " root, or give the service AmbientCapabilities=CAP_SYS_ADMIN and"
          + " CapabilityBoundingSet=CAP_SYS_ADMIN in a drop-in";

  /** The process's first thread never enters another. */
  private static final String HOME = "/proc/self/ns/net";

  /** The thread of a task. */
  private static final class Entered extends Thread {
    Entered(Runnable task) {
      super(null, task, "netns");
      setDaemon(true);
    }
  }

  private NetworkNamespace() {}

  /**
   * Runs a task in a namespace and waits for it.
   *
   * @param <T> what the task makes
   * @param namespace a name as {@code ip netns} lists it, the path of a namespace file, or null for
   *     the daemon's own; within a task, null is the task's
   * @param task what to do
   * @return what the task made
   * @throws IOException if the namespace cannot be entered, or the task failed so
   */
  public static <T> T run(@Nullable String namespace, Callable<T> task) throws IOException {
    boolean within = Thread.currentThread() instanceof Entered;
    FutureTask<T> future =
        new FutureTask<>(() -> {
          if (namespace == null) {
            if (!within) {
              goHome();
            }
            return task.call();
          }
          enter(path(namespace));
          try {
            return task.call();
          } finally {
            leave();
          }
        });
    new Entered(future).start();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true; // a descriptor may be on its way: do not lose it
        }
      }
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException cause -> throw cause;
        case RuntimeException cause -> throw cause;
        case null, default -> throw new IllegalStateException(e);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Which namespace it is, whatever its name: equal for one and the same, different for one that
   * was made again under its name.
   *
   * @param device where the kernel keeps its namespaces
   * @param inode the namespace's number there
   */
  public record Identity(long device, long inode) {
    // Written out: the JVM would spin a record's own methods when they are first called.
    @Override
    public boolean equals(Object other) {
      return other instanceof Identity that && device == that.device && inode == that.inode;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(31 * device + inode);
    }
  }

  /**
   * Finds out which namespace a name leads to.
   *
   * @param namespace as {@link #run} takes it; null for the one that the calling thread is in
   * @return null if there is none, or if /proc is not there
   */
  public static @Nullable Identity identity(@Nullable String namespace) {
    return at(namespace == null ? "/proc/thread-self/ns/net" : path(namespace));
  }

  private static @Nullable Identity at(String path) {
    try {
      Path file = Path.of(path);
      long device = (long) Files.getAttribute(file, "unix:dev");
      return new Identity(device, (long) Files.getAttribute(file, "unix:ino"));
    } catch (IOException e) {
      return null;
    }
  }

  private static String path(String namespace) {
    return namespace.startsWith("/") ? namespace : "/run/netns/" + namespace;
  }

  /** Enters the namespace of the process, if the thread is in another. */
  private static void goHome() throws ErrnoException {
    Identity home = at(HOME);
    if (home != null && !home.equals(identity(null))) {
      enter(HOME);
    }
  }

  /** Goes home if that is permitted: from within a user namespace it may not be. */
  private static void leave() {
    try {
      goHome();
    } catch (ErrnoException e) {
      // The task's result counts, and the thread ends.
    }
  }

  private static void enter(String path) throws ErrnoException {
    int fd =
        ErrnoException.check(
            Libc.open(path, 0),
            "open " + path,
            PRIVILEGE,
            "there is no such network namespace; `ip netns list` shows them");
    try {
      ErrnoException.check(
          Libc.setns(fd, Libc.CLONE_NEWNET),
          "setns " + path,
          PRIVILEGE,
          "the file is not a network namespace");
    } finally {
      Libc.close(fd);
    }
  }
}
