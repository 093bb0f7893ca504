package io.lanyard.vswitch.linux;

/** Error numbers of Linux that callers tell apart; the same on all architectures that we run on. */
public final class Errno {
  /** Operation not permitted. */
  public static final int EPERM = 1;

  /** Bad file descriptor. */
  public static final int EBADF = 9;

  /** Try again: nothing there, or no room now. */
  public static final int EAGAIN = 11;

  /** Out of memory. */
  public static final int ENOMEM = 12;

  /** Permission denied. */
  public static final int EACCES = 13;

  /** Too many open files in the system. */
  public static final int ENFILE = 23;

  /** Too many open files in this process. */
  public static final int EMFILE = 24;

  /** Message too long. */
  public static final int EMSGSIZE = 90;

  /** Address in use. */
  public static final int EADDRINUSE = 98;

  /** Network is unreachable. */
  public static final int ENETUNREACH = 101;

  /** No buffer space. */
  public static final int ENOBUFS = 105;

  /** Connection refused. */
  public static final int ECONNREFUSED = 111;

  /** No route to host. */
  public static final int EHOSTUNREACH = 113;

  private Errno() {}
}
