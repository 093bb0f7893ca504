package io.lanyard.control.client;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** The certificates that a client trusts. */
final class Trust {
  private final DaemonAddress.Tcp server;
  private final SSLSocketFactory factory;

  private Trust(DaemonAddress.Tcp server, SSLSocketFactory factory) {
    this.server = server;
    this.factory = factory;
  }

  static Trust of(DaemonAddress.Tcp server) throws IOException {
    return new Trust(server, factory(server.authority()));
  }

  private static SSLSocketFactory factory(@Nullable Path authority) throws IOException {
    if (authority == null) {
      return (SSLSocketFactory) SSLSocketFactory.getDefault();
    }
    Collection<? extends Certificate> certificates;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(authority))) {
      certificates = CertificateFactory.getInstance("X.509").generateCertificates(in);
    } catch (CertificateException e) {
      throw new AuthorityException(authority, e);
    }
    if (certificates.isEmpty()) {
      throw new AuthorityException(authority, null);
    }
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      int number = 0;
      for (Certificate certificate : certificates) {
        trusted.setCertificateEntry("authority-" + number++, certificate);
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException e) {
      throw new IOException("this Java has no TLS: " + e.getMessage(), e);
    }
  }

  /** TLS over a connected socket; the server's certificate has to have the name that was asked. */
  SSLSocket wrap(Socket plain) throws IOException {
    SSLSocket socket = (SSLSocket) factory.createSocket(plain, server.name(), server.port(), true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    return socket;
  }
}
