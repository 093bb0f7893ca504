package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A certificate that is renewed while the server runs. */
final class TlsTest {
  @TempDir Path directory;
  private Path certificate;
  private Path key;
  private Tls tls;

  @BeforeEach
  void load() throws Exception {
    certificate = directory.resolve("c.pem");
    key = directory.resolve("k.pem");
    put("certificate.pem", "key.pem", 1);
    tls = Tls.load(certificate, key, Duration.ZERO);
  }

  private void put(String first, String second, int day) throws Exception {
    copy(first, certificate, day);
    copy(second, key, day);
  }

  private static void copy(String name, Path to, int day) throws Exception {
    try (InputStream in = TlsTest.class.getResourceAsStream("tls/" + name)) {
      Files.write(to, in.readAllBytes());
    }
    Files.setLastModifiedTime(to, FileTime.fromMillis(Duration.ofDays(day).toMillis()));
  }

  /** The name in the certificate that a client is shown now. */
  private String shown() throws Exception {
    ChannelHandler served = tls.handler(UnpooledByteBufAllocator.DEFAULT);
    SslHandler asking =
        SslContextBuilder.forClient()
            .trustManager(InsecureTrustManagerFactory.INSTANCE)
            .endpointIdentificationAlgorithm(null)
            .build()
            .newHandler(UnpooledByteBufAllocator.DEFAULT);
    EmbeddedChannel server = new EmbeddedChannel(served);
    EmbeddedChannel client = new EmbeddedChannel(asking);
    for (int i = 0; i < 20 && !asking.handshakeFuture().isSuccess(); i++) {
      for (Object out = client.readOutbound(); out != null; out = client.readOutbound()) {
        server.writeInbound(out);
      }
      for (Object out = server.readOutbound(); out != null; out = server.readOutbound()) {
        client.writeInbound(out);
      }
    }
    X509Certificate certificate =
        (X509Certificate) asking.engine().getSession().getPeerCertificates()[0];
    client.finishAndReleaseAll();
    server.finishAndReleaseAll();
    return certificate.getSubjectX500Principal().getName();
  }

  @Test
  void aRenewedCertificateIsShownToThoseWhoComeLater() throws Exception {
    assertThat(shown()).isEqualTo("CN=localhost");
    put("certificate2.pem", "key2.pem", 2);
    assertThat(shown()).isEqualTo("CN=renewed");
    assertThat(LogWatch.count("event=certificate-renewed")).isEqualTo(1);
  }

  @Test
  void theOldOneStaysWhileTheNewOneCannotBeRead() throws Exception {
    LogWatch.expect("event=certificate-unreadable");
    Files.writeString(certificate, "half");
    assertThat(shown()).isEqualTo("CN=localhost");
    Files.delete(key);
    assertThat(shown()).isEqualTo("CN=localhost");
    put("certificate2.pem", "key2.pem", 3);
    assertThat(shown()).isEqualTo("CN=renewed");
    assertThat(LogWatch.count("event=certificate-unreadable")).isEqualTo(1);
  }
}
