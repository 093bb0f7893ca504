package io.lanyard.control.http;

import java.util.concurrent.atomic.AtomicInteger;

/** Says nothing; fails where the server fails. */
final class SilentMeter implements HttpMeter {
  /** The answers that were ended for another client. */
  final AtomicInteger cutOff = new AtomicInteger();

  @Override
  public void answered(int status, long nanos) {}

  @Override
  public void refused() {}

  @Override
  public void cutOff() {
    cutOff.incrementAndGet();
  }

  @Override
  public void failed(Throwable cause) {
    throw new AssertionError(cause);
  }
}
