package io.lanyard.control.http;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A server's certificate and key, for TLS 1.3 and 1.2.
 *
 * <p>Thread: any.
 */
public final class Tls {
  private final SslContext context;

  private Tls(SslContext context) {
    this.context = context;
  }

  /**
   * Reads a certificate and its key.
   *
   * @param certificate a PEM file: the certificate, then those that signed it
   * @param key a PEM file: the private key in PKCS#8, without a password
   * @return them
   * @throws IOException with what is wrong with which file
   */
  public static Tls load(Path certificate, Path key) throws IOException {
    for (Path file : new Path[] {certificate, key}) {
      if (!Files.isReadable(file)) {
        throw new IOException(file + " is not there, or this user may not read it");
      }
    }
    try {
      return new Tls(
          SslContextBuilder.forServer(certificate.toFile(), key.toFile())
              .sslProvider(SslProvider.JDK)
              .protocols("TLSv1.3", "TLSv1.2")
              .build());
    } catch (IllegalArgumentException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(
          "no certificate with its key is in "
              + certificate
              + " and "
              + key
              + " (PEM, the key as \"BEGIN PRIVATE KEY\"): "
              + cause.getMessage(),
          e);
    }
  }

  /** Makes the handler of one connection. */
  ChannelHandler handler(ByteBufAllocator allocator) {
    return context.newHandler(allocator);
  }
}
