package io.lanyard.dns;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLSocket;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Section;

/** A name server over TLS, with the certificate of {@code dns.example}. */
final class FakeTlsUpstream implements AutoCloseable {
  private final ServerSocket listening;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  final Queue<Message> queries = new ConcurrentLinkedQueue<>();
  final AtomicInteger connections = new AtomicInteger();
  final AtomicInteger handshakes = new AtomicInteger();

  /** How many queries a connection takes before it is closed without an answer to the last. */
  volatile int mostQueries = Integer.MAX_VALUE;

  /** Fills a response; null for silence. */
  volatile FakeUpstream.Answer answer = response -> response;

  /** Changes the bytes of an answer, for servers that lie; none end the connection. */
  volatile UnaryOperator<byte[]> bytes = wire -> wire;

  /** How many connections, the first ones, answer nothing more, as if the way there was cut. */
  volatile int cut;

  FakeTlsUpstream(int port) throws Exception {
    try (InputStream certificate = resource("certificate.pem");
        InputStream key = resource("key.pem")) {
      JdkSslContext context =
          (JdkSslContext)
              SslContextBuilder.forServer(certificate, key).sslProvider(SslProvider.JDK).build();
      listening =
          context
              .context()
              .getServerSocketFactory()
              .createServerSocket(port, 50, InetAddress.ofLiteral("127.0.0.1"));
    }
    Thread.ofVirtual().start(this::accept);
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(FakeTlsUpstream.class.getResourceAsStream(name));
  }

  /** A file with its certificate, for those who trust it. */
  static Path authorities(Path folder) throws IOException {
    Path file = folder.resolve("authorities.pem");
    try (InputStream certificate = resource("certificate.pem")) {
      Files.copy(certificate, file);
    }
    return file;
  }

  int port() {
    return listening.getLocalPort();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket socket = listening.accept();
        open.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        // It was closed: the loop's condition ends it.
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      ((SSLSocket) socket).startHandshake();
      handshakes.incrementAndGet();
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      int number = 0;
      for (int n = 1; ; n++) {
        Message query = new Message(in.readNBytes(in.readUnsignedShort()));
        if (n == 1) {
          number = connections.incrementAndGet();
        }
        queries.add(query);
        if (n >= mostQueries) {
          return;
        }
        if (number <= cut) {
          continue;
        }
        Message response = new Message(query.getHeader().getID());
        response.getHeader().setFlag(Flags.QR);
        response.addRecord(query.getQuestion(), Section.QUESTION);
        Message filled = answer.to(response);
        if (filled == null) {
          continue;
        }
        byte[] wire = bytes.apply(filled.toWire());
        if (wire.length == 0) {
          return;
        }
        out.writeShort(wire.length);
        out.write(wire);
        out.flush();
      }
    } catch (IOException e) {
      // The client went away.
    } finally {
      open.remove(socket);
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket each : open) {
      each.close();
    }
  }
}
