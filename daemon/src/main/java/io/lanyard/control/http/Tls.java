package io.lanyard.control.http;

import io.lanyard.base.LogEvent;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A server's certificate and key, for TLS 1.3 and 1.2. Files that change are read anew for the
 * connections that come later, because certificates are renewed while the daemon runs.
 *
 * <p>Thread: {@link #load} any; {@link #handler} the server's loop only.
 */
public final class Tls {
  private static final System.Logger LOG = System.getLogger(Tls.class.getName());

  /** A renewed certificate is good before the old one is bad: there is no hurry. */
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  private final Path certificate;
  private final Path key;
  private final long lookAgainNanos;
  private SslContext context;
  private @Nullable Version version;
  private long looked;

  /** When the files were changed. */
  private record Version(FileTime certificate, FileTime key) {}

  private Tls(Path certificate, Path key, Duration lookAgain) throws IOException {
    this.certificate = certificate;
    this.key = key;
    this.lookAgainNanos = lookAgain.toNanos();
    this.looked = System.nanoTime();
    this.version = version();
    this.context = read();
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
    return load(certificate, key, LOOK_AGAIN);
  }

  static Tls load(Path certificate, Path key, Duration lookAgain) throws IOException {
    return new Tls(certificate, key, lookAgain);
  }

  private SslContext read() throws IOException {
    for (Path file : new Path[] {certificate, key}) {
      if (!Files.isReadable(file)) {
        throw new IOException(file + " is not there, or this user may not read it");
      }
    }
    try {
      return SslContextBuilder.forServer(certificate.toFile(), key.toFile())
          .sslProvider(SslProvider.JDK)
          .protocols("TLSv1.3", "TLSv1.2")
          .build();
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

  private @Nullable Version version() {
    try {
      return new Version(Files.getLastModifiedTime(certificate), Files.getLastModifiedTime(key));
    } catch (IOException e) {
      // Between the old file and the new one: the next look finds it.
      return null;
    }
  }

  /** Makes the handler of one connection. */
  ChannelHandler handler(ByteBufAllocator allocator) {
    long now = System.nanoTime();
    if (now - looked >= lookAgainNanos) {
      looked = now;
      renew();
    }
    return context.newHandler(allocator);
  }

  private void renew() {
    Version present = version();
    if (present == null || present.equals(version)) {
      return;
    }
    version = present;
    try {
      context = read();
      LogEvent.of("certificate-renewed").with("file", certificate).log(LOG, Level.INFO);
    } catch (IOException e) {
      LogEvent.of("certificate-unreadable")
          .with("cause", e)
          .with("advice", "the one before is used until the files change again")
          .log(LOG, Level.WARNING);
    }
  }
}
