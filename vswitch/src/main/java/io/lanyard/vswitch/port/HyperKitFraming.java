package io.lanyard.vswitch.port;

import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@link Framing#HYPERKIT}, and {@link Framing#GVPROXY} without its handshake. Numbers are
 * little-endian.
 *
 * <pre>
 *   client: VMN3T, version (4), commit (40)     server: the same shape
 *   client: command (1), uuid (36), 4 bytes     server: 1, MTU (2), largest frame (2), MAC (6), zeros
 *                                                   or: 2, length (1), text
 * </pre>
 *
 * <p>The server's second answer has {@value #ANSWER} bytes. The guest's MAC address follows from
 * its uuid, so that it is the same each time.
 */
final class HyperKitFraming implements Framing {
  private static final byte[] MAGIC = "VMN3T".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 22;
  private static final int COMMIT = 40;
  private static final int INTRODUCTION = 5 + 4 + COMMIT;
  private static final int UUID = 36;
  private static final int REQUEST = 1 + UUID + 4;
  static final int ANSWER = 258;
  private static final int ETHERNET = 1;
  private static final int PREFERRED_IPV4 = 8;
  private static final int LOCAL_MAC = 0x02;

  private final boolean greets;

  /**
   * Makes one.
   *
   * @param greets whether there is a handshake
   */
  HyperKitFraming(boolean greets) {
    this.greets = greets;
  }

  @Override
  public int prefixLength() {
    return Short.BYTES;
  }

  @Override
  public int largest() {
    return 0xffff;
  }

  @Override
  public long length(ByteBuf in, int at) {
    return in.getUnsignedShortLE(at);
  }

  @Override
  public void write(ByteBuf into, int length) {
    into.writeShortLE(length);
  }

  @Override
  public @Nullable Handshake handshake(int mtu) {
    return greets ? new Introduction(mtu) : null;
  }

  /** The server's part of the handshake. */
  private static final class Introduction implements Handshake {
    private final int mtu;
    private final byte[] message = new byte[INTRODUCTION];
    private int length;
    private boolean introduced;

    Introduction(int mtu) {
      this.mtu = mtu;
    }

    @Override
    public Progress read(ByteBuf in, ByteBuf out) {
      while (true) {
        int whole = introduced ? REQUEST : INTRODUCTION;
        int count = Math.min(whole - length, in.readableBytes());
        in.readBytes(message, length, count);
        length += count;
        if (length < whole) {
          return Progress.GOES_ON;
        }
        length = 0;
        if (introduced) {
          return request(out);
        }
        if (!Arrays.equals(message, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
          return Progress.FAILED;
        }
        introduced = true;
        out.writeBytes(MAGIC).writeIntLE(VERSION).writeZero(COMMIT);
      }
    }

    private Progress request(ByteBuf out) {
      int end = out.writerIndex() + ANSWER;
      boolean known = message[0] == ETHERNET || message[0] == PREFERRED_IPV4;
      if (known) {
        out.writeByte(1)
            .writeShortLE(mtu)
            .writeShortLE(Math.min(0xffff, Ethernet.largestFrame(mtu)));
        writeMac(out);
      } else {
        byte[] text = "this port knows the commands 1 and 8".getBytes(StandardCharsets.US_ASCII);
        out.writeByte(2).writeByte(text.length).writeBytes(text);
      }
      out.writeZero(end - out.writerIndex());
      return known ? Progress.DONE : Progress.FAILED;
    }

    private void writeMac(ByteBuf out) {
      long hash = 0;
      for (int i = 1; i <= UUID; i++) {
        hash = 0x9e37_79b9_7f4a_7c15L * (hash ^ message[i]);
        hash ^= hash >>> 29;
      }
      out.writeByte(LOCAL_MAC).writeByte((int) (hash >>> 32)).writeInt((int) hash);
    }
  }
}
