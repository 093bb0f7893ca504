package io.lanyard.nat.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** First messages of TLS clients. */
public final class Hellos {
  private Hellos() {}

  /** The first message of the JDK's client. */
  public static byte[] ofJdk(String host) throws Exception {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine(host, 443);
    engine.setUseClientMode(true);
    ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    var _ = engine.wrap(ByteBuffer.allocate(0), out);
    return Arrays.copyOf(out.array(), out.position());
  }

  /**
   * The message of a client that encrypts the name of its server, and shows its provider's (ECH,
   * RFC 9849 section 5).
   */
  public static byte[] ofEncrypted(String provider) {
    return of(1 << 14, extension(0xfe0d, new byte[200]), serverName(provider));
  }

  /** A message with these extensions, in records of at most so many bytes. */
  static byte[] of(int recordBytes, byte[]... extensions) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    put(body, 2, 0x0303);
    body.writeBytes(new byte[32]);
    put(body, 1, 0);
    put(body, 2, 2);
    put(body, 2, 0x1301);
    put(body, 1, 1);
    put(body, 1, 0);
    int all = Arrays.stream(extensions).mapToInt(each -> each.length).sum();
    put(body, 2, all);
    for (byte[] each : extensions) {
      body.writeBytes(each);
    }
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    put(message, 1, 1);
    put(message, 3, body.size());
    message.writeBytes(body.toByteArray());
    return records(message.toByteArray(), recordBytes);
  }

  /** A handshake's bytes, cut into records. */
  static byte[] records(byte[] handshake, int recordBytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int at = 0; at < handshake.length; at += recordBytes) {
      int size = Math.min(recordBytes, handshake.length - at);
      put(out, 1, 22);
      put(out, 2, 0x0301);
      put(out, 2, size);
      out.write(handshake, at, size);
    }
    return out.toByteArray();
  }

  /** The extension that names a server. */
  static byte[] serverName(String name) {
    byte[] text = name.getBytes(StandardCharsets.ISO_8859_1);
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    put(data, 2, text.length + 3);
    put(data, 1, 0);
    put(data, 2, text.length);
    data.writeBytes(text);
    return extension(0, data.toByteArray());
  }

  static byte[] extension(int type, byte[] data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    put(out, 2, type);
    put(out, 2, data.length);
    out.writeBytes(data);
    return out.toByteArray();
  }

  private static void put(ByteArrayOutputStream out, int bytes, int value) {
    for (int i = bytes - 1; i >= 0; i--) {
      out.write(value >>> (8 * i));
    }
  }
}
