package io.lanyard.vswitch.capture;

import io.lanyard.base.PrintableText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes the blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, one section.
 *
 * <p>Thread: one at a time. Blocks gather in a buffer until it is full or {@link #flush} is called.
 */
final class PcapngWriter {
  private static final int SECTION_HEADER = 0x0a0d0d0a;
  private static final int INTERFACE_DESCRIPTION = 1;
  private static final int NAME_RESOLUTION = 4;
  private static final int INTERFACE_STATISTICS = 5;
  private static final int ENHANCED_PACKET = 6;
  private static final int BYTE_ORDER_MAGIC = 0x1a2b3c4d;
  private static final int LINKTYPE_ETHERNET = 1;

  private static final int OPTION_END = 0;
  private static final int COMMENT = 1;
  private static final int SHB_USERAPPL = 4;
  private static final int IF_NAME = 2;
  private static final int IF_DESCRIPTION = 3;
  private static final int IF_TSRESOL = 9;
  private static final int EPB_FLAGS = 2;
  private static final int EPB_DROPCOUNT = 4;
  private static final int ISB_IFRECV = 4;
  private static final int ISB_IFDROP = 5;

  private static final int NRB_IPV4 = 1;
  private static final int NRB_IPV6 = 2;
  private static final int NRB_EUI48 = 3;

  /** Of a name, a description and a comment: what a reader shows of them is shorter. */
  private static final int LONGEST_NAME = 255;

  private static final int LONGEST_TEXT = 4096;

  /** Names in one block: with the longest names it fits the buffer. */
  private static final int NAMES_OF_BLOCK = 250;

  /** if_tsresol: units of 10^-9 s. */
  private static final byte NANOSECONDS = 9;

  private static final int INBOUND = 1;
  private static final int OUTBOUND = 2;

  /** All of a block but its data and its text. */
  private static final int OVERHEAD = 128;

  /** Holds the largest frame. */
  private static final int BUFFER = 80 << 10;

  private final WritableByteChannel channel;
  private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);

  PcapngWriter(WritableByteChannel channel) {
    this.channel = channel;
  }

  void section() throws IOException {
    int start = begin(SECTION_HEADER, 0);
    out.putInt(BYTE_ORDER_MAGIC).putShort((short) 1).putShort((short) 0).putLong(-1);
    option(SHB_USERAPPL, "Lanyard".getBytes(StandardCharsets.UTF_8));
    end(start);
  }

  /**
   * Describes an interface; they are numbered from 0 in the order of these calls.
   *
   * @param description a line for people; empty for none
   */
  void describe(String name, String description, int snapLength) throws IOException {
    byte[] text = bytes(name, LONGEST_TEXT);
    byte[] words = bytes(description, LONGEST_TEXT);
    int start = begin(INTERFACE_DESCRIPTION, text.length + words.length);
    out.putShort((short) LINKTYPE_ETHERNET).putShort((short) 0).putInt(snapLength);
    option(IF_NAME, text);
    if (words.length > 0) {
      option(IF_DESCRIPTION, words);
    }
    option(IF_TSRESOL, new byte[] {NANOSECONDS});
    end(start);
  }

  /** Writes names in as many blocks as they need; none for no names. */
  void names(CaptureLabels.Names names) throws IOException {
    List<byte[]> records = new ArrayList<>();
    names
        .addresses()
        .forEach((address, name) -> {
          byte[] bytes = address.toBytes();
          records.add(record(bytes.length == 4 ? NRB_IPV4 : NRB_IPV6, bytes, name));
        });
    names
        .macs()
        .forEach((mac, name) -> {
          byte[] bytes = new byte[6];
          for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (mac >>> (40 - 8 * i));
          }
          records.add(record(NRB_EUI48, bytes, name));
        });
    for (int from = 0; from < records.size(); from += NAMES_OF_BLOCK) {
      List<byte[]> some = records.subList(from, Math.min(records.size(), from + NAMES_OF_BLOCK));
      int start = begin(NAME_RESOLUTION, some.stream().mapToInt(one -> one.length).sum());
      some.forEach(out::put);
      out.putInt(0); // nrb_record_end
      end(start);
    }
  }

  /** A record of a name resolution block: an address, and its name with a zero behind it. */
  private static byte[] record(int type, byte[] address, String name) {
    byte[] text = bytes(name, LONGEST_NAME);
    int length = address.length + text.length + 1;
    return ByteBuffer.allocate(4 + (length + 3 & ~3))
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort((short) type)
        .putShort((short) length)
        .put(address)
        .put(text)
        .array();
  }

  /** A text's beginning in UTF-8, as much as is taken of it. */
  private static byte[] bytes(String text, int most) {
    byte[] bytes = PrintableText.of(text).getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, most);
    while (length < bytes.length && length > 0 && (bytes[length] & 0xc0) == 0x80) {
      length--; // not inside a character
    }
    return Arrays.copyOf(bytes, length);
  }

  /**
   * Writes a frame.
   *
   * @param dropped frames that were lost before this one since the last
   */
  void packet(
      int number, long nanos, boolean inbound, byte[] data, int originalLength, long dropped)
      throws IOException {
    int start = begin(ENHANCED_PACKET, data.length);
    out.putInt(number);
    timestamp(nanos);
    out.putInt(data.length).putInt(originalLength).put(data);
    pad(data.length);
    out.putShort((short) EPB_FLAGS).putShort((short) 4).putInt(inbound ? INBOUND : OUTBOUND);
    if (dropped > 0) {
      out.putShort((short) EPB_DROPCOUNT).putShort((short) 8).putLong(dropped);
    }
    end(start);
  }

  /**
   * Writes an interface's numbers.
   *
   * @param received frames in the file
   * @param dropped frames that the file lacks
   * @param comment more for people; empty for none
   */
  void statistics(int number, long nanos, long received, long dropped, String comment)
      throws IOException {
    byte[] words = bytes(comment, LONGEST_TEXT);
    int start = begin(INTERFACE_STATISTICS, words.length);
    out.putInt(number);
    timestamp(nanos);
    out.putShort((short) ISB_IFRECV).putShort((short) 8).putLong(received);
    out.putShort((short) ISB_IFDROP).putShort((short) 8).putLong(dropped);
    if (words.length > 0) {
      option(COMMENT, words);
    }
    end(start);
  }

  private void timestamp(long nanos) {
    out.putInt((int) (nanos >>> 32)).putInt((int) nanos);
  }

  private int begin(int type, int dataLength) throws IOException {
    if (out.remaining() < OVERHEAD + dataLength) {
      flush();
    }
    int start = out.position();
    out.putInt(type).putInt(0);
    return start;
  }

  private void option(int code, byte[] value) {
    out.putShort((short) code).putShort((short) value.length).put(value);
    pad(value.length);
  }

  private void pad(int length) {
    for (int i = length; (i & 3) != 0; i++) {
      out.put((byte) 0);
    }
  }

  /** Ends the options and the block: its length stands at both ends. */
  private void end(int start) {
    out.putShort((short) OPTION_END).putShort((short) 0);
    int length = out.position() + 4 - start;
    out.putInt(length);
    out.putInt(start + 4, length);
  }

  void flush() throws IOException {
    out.flip();
    while (out.hasRemaining()) {
      channel.write(out);
    }
    out.clear();
  }
}
