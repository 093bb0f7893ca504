package io.lanyard.control.http;

/** Hears nothing; fails where the server fails. */
final class SilentMeter implements HttpMeter {
  @Override
  public void answered(int status, long nanos) {}

  @Override
  public void refused() {}

  @Override
  public void failed(Throwable cause) {
    throw new AssertionError(cause);
  }
}
