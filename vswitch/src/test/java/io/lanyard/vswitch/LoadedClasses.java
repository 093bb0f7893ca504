package io.lanyard.vswitch;

import io.lanyard.base.Clock;
import io.lanyard.base.RateLimitedLog;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.lang.System.Logger.Level;

/** Loads classes before a test leaves the process without descriptors to read them with. */
public final class LoadedClasses {
  private LoadedClasses() {}

  /** Loads what a failing {@code accept} and a line about it need. */
  public static void ofAcceptFailures() {
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new AcceptFailures(
                new AcceptFailures.Listener() {
                  @Override
                  public void cannotAccept(String reason, String remedy) {}

                  @Override
                  public void acceptsAgain() {}
                }));
    channel.pipeline().fireExceptionCaught(new IOException("for its classes"));
    var _ = channel.close();
    new RateLimitedLog(System.getLogger(LoadedClasses.class.getName()), Clock.system())
        .log(Level.INFO, "loaded", line -> line.with("for", "accept"));
  }
}
