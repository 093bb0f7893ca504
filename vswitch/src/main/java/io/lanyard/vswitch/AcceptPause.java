package io.lanyard.vswitch;

import io.lanyard.base.Causes;
import io.lanyard.linux.Errno;

/**
 * The rest of a listening socket that could not accept: clients wait in the kernel's queue, and the
 * loop does not spin. After a pause the socket tries again, and a whole pause without a failure
 * ends the trouble.
 *
 * <p>Thread: the socket's loop only.
 */
public final class AcceptPause {
  private final AcceptFailures.Listener listener;
  private boolean failing;
  private long failures;

  /**
   * Makes one for a socket without trouble.
   *
   * @param listener hears of failures and of their end
   */
  public AcceptPause(AcceptFailures.Listener listener) {
    this.listener = listener;
  }

  /**
   * Hears that {@code accept} has failed. The socket accepts nobody until {@link #ends}.
   *
   * @param cause why
   * @param later calls {@link #ends} after {@link AcceptFailures#PAUSE_SECONDS}
   */
  public void begin(Throwable cause, Runnable later) {
    failing = true;
    boolean first = failures++ == 0;
    if (first) {
      later.run();
    }
    listener.cannotAccept(
        "no client can be accepted: " + Causes.of(cause),
        Errno.isDescriptorLimit(SocketErrors.number(cause))
            ? "raise the limit of open files (LimitNOFILE= of the service, ulimit -n)"
            : "it is tried again by itself");
  }

  /**
   * Hears that a pause is over.
   *
   * @param later calls this method after another pause
   * @return whether the socket is to accept again; false if it does already
   */
  public boolean ends(Runnable later) {
    if (failing) {
      failing = false;
      later.run();
      return true;
    }
    failures = 0;
    listener.acceptsAgain();
    return false;
  }
}
