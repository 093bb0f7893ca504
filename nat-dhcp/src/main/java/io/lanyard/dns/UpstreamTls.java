package io.lanyard.dns;

import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * TLS towards name servers (RFC 7858): whom to trust. The certificates of authorities are read on a
 * virtual thread when the first server is asked.
 *
 * <p>Thread: the network's loop only.
 */
final class UpstreamTls {
  private final @Nullable Path authorities;
  private @Nullable CompletableFuture<SslContext> strict;
  private @Nullable CompletableFuture<SslContext> trusting;

  /**
   * Makes one.
   *
   * @param authorities a PEM file with certificates; null for those that Java trusts
   */
  UpstreamTls(@Nullable Path authorities) {
    this.authorities = authorities;
  }

  /** Whether the authorities are these. */
  boolean isOf(@Nullable Path others) {
    return Objects.equals(authorities, others);
  }

  /**
   * Hands out the context for connections, now or later.
   *
   * @param anybody whether a server's certificate is not looked at
   * @param loop where the outcome is told
   * @param ready takes the context
   * @param failed takes the reason why there is none
   */
  void withContext(
      boolean anybody, EventLoop loop, Consumer<SslContext> ready, Consumer<Throwable> failed) {
    CompletableFuture<SslContext> made = anybody ? trusting : strict;
    if (made == null || made.isCompletedExceptionally()) {
      CompletableFuture<SslContext> fresh = new CompletableFuture<>();
      Thread.ofVirtual().name("lanyard-dns-tls").start(() -> make(anybody, fresh));
      if (anybody) {
        trusting = fresh;
      } else {
        strict = fresh;
      }
      made = fresh;
    }
    var _ =
        made.whenComplete((context, failure) -> {
          try {
            loop.execute(() -> {
              if (failure == null) {
                ready.accept(context);
              } else {
                failed.accept(failure instanceof CompletionException e ? e.getCause() : failure);
              }
            });
          } catch (RejectedExecutionException e) {
            // The loop has ended, and the network with it.
          }
        });
  }

  private void make(boolean anybody, CompletableFuture<SslContext> into) {
    try {
      SslContextBuilder builder =
          SslContextBuilder.forClient()
              .sslProvider(SslProvider.JDK)
              .protocols("TLSv1.3", "TLSv1.2"); // RFC 8310 section 9
      if (anybody) {
        builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
      } else if (authorities != null) {
        builder.trustManager(authorities.toFile());
      }
      into.complete(builder.build());
    } catch (IOException | IllegalArgumentException e) {
      into.completeExceptionally(e);
    }
  }
}
