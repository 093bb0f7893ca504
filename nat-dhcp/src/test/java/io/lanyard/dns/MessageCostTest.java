package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class MessageCostTest {
  private static final int QUESTION_AT = 12;
  private static final int POINTER = 0xc000;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(bytes);
  private int records;

  /** Begins a response about a name with so many labels of one letter. */
  private void ask(int labels) throws IOException {
    out.write(new byte[QUESTION_AT]);
    for (int i = 0; i < labels; i++) {
      out.write(new byte[] {1, 'a'});
    }
    out.write(0);
    out.writeInt(0x10001);
  }

  private void record(int owner, int type, byte[] data) throws IOException {
    out.writeShort(POINTER | owner);
    out.writeShort(type);
    out.writeShort(DClass.IN);
    out.writeInt(60);
    out.writeShort(data.length);
    out.write(data);
    records++;
  }

  /** As many records as fit. */
  private void fill(int owner, int type, byte[] data) throws IOException {
    while (out.size() + 12 + data.length <= Message.MAXLENGTH) {
      record(owner, type, data);
    }
  }

  /** A message full of addresses under a name with so many labels of one letter. */
  static byte[] addresses(int labels) throws IOException {
    MessageCostTest message = new MessageCostTest();
    message.ask(labels);
    message.fill(QUESTION_AT, Type.A, new byte[4]);
    return message.wire();
  }

  private byte[] wire() {
    byte[] wire = bytes.toByteArray();
    wire[2] = (byte) 0x81;
    wire[5] = 1;
    wire[6] = (byte) (records >> 8);
    wire[7] = (byte) records;
    return wire;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void aMessageFullOfAddressesIsRead(int labels) throws IOException {
    byte[] wire = addresses(labels);
    assertThat(MessageCost.isBearable(wire)).isTrue();
    assertThat(new Message(wire).getSection(Section.ANSWER)).hasSizeGreaterThan(4000);
  }

  @Test
  void aMessageFullOfAddressesUnderALongNameIsNot() throws IOException {
    assertThat(MessageCost.isBearable(addresses(126))).isFalse();
  }

  @Test
  void aNameThatLeadsFromPointerToPointerIsNotFollowedForEachRecord() throws IOException {
    ask(1);
    byte[] chain = new byte[10_000];
    int at = out.size() + 12;
    for (int i = 0; i < chain.length; i += 2) {
      int to = POINTER | (i == 0 ? QUESTION_AT : at + i - 2);
      chain[i] = (byte) (to >> 8);
      chain[i + 1] = (byte) to;
    }
    record(QUESTION_AT, Type.NULL, chain);
    assertThat(MessageCost.isBearable(wire())).isTrue();
    fill(at + chain.length - 2, Type.A, new byte[4]);
    assertThat(MessageCost.isBearable(wire())).isFalse();
  }

  /** The types in whose data dnsjava reads a name, and what lies before it. */
  static Stream<Arguments> names() {
    return Stream.of(
        Arguments.of(Type.NS, 0),
        Arguments.of(Type.MD, 0),
        Arguments.of(Type.MF, 0),
        Arguments.of(Type.CNAME, 0),
        Arguments.of(Type.SOA, 0),
        Arguments.of(Type.MB, 0),
        Arguments.of(Type.MG, 0),
        Arguments.of(Type.MR, 0),
        Arguments.of(Type.PTR, 0),
        Arguments.of(Type.MINFO, 0),
        Arguments.of(Type.MX, 2),
        Arguments.of(Type.RP, 0),
        Arguments.of(Type.AFSDB, 2),
        Arguments.of(Type.RT, 2),
        Arguments.of(Type.NSAP_PTR, 0),
        Arguments.of(Type.SIG, 18),
        Arguments.of(Type.PX, 2),
        Arguments.of(Type.NXT, 0),
        Arguments.of(Type.SRV, 6),
        Arguments.of(Type.NAPTR, 7),
        Arguments.of(Type.KX, 2),
        Arguments.of(Type.A6, 17),
        Arguments.of(Type.DNAME, 0),
        Arguments.of(Type.IPSECKEY, 3),
        Arguments.of(Type.RRSIG, 18),
        Arguments.of(Type.NSEC, 0),
        Arguments.of(Type.HIP, 8),
        Arguments.of(Type.SVCB, 2),
        Arguments.of(Type.HTTPS, 2),
        Arguments.of(Type.TKEY, 0),
        Arguments.of(Type.TSIG, 0));
  }

  @ParameterizedTest
  @MethodSource("names")
  void longNamesInDataCount(int type, int before) throws IOException {
    ask(126);
    int root = QUESTION_AT + 2 * 126;
    byte[] data = new byte[before + 2];
    int to = POINTER | QUESTION_AT;
    data[before] = (byte) (to >> 8);
    data[before + 1] = (byte) to;
    for (int i = 0; i < 40; i++) {
      record(root, type, data);
    }
    assertThat(MessageCost.isBearable(wire())).as(Type.string(type)).isFalse();
  }

  @Test
  void oneRecordOfEachTypeIsRead() throws IOException {
    Name name = Name.fromString("www.example.org.");
    Message message = new Message(1);
    message.addRecord(Record.newRecord(name, Type.ANY, DClass.IN), Section.QUESTION);
    for (var sample : RecordSamples.all().entrySet()) {
      message.addRecord(
          Record.fromString(name, sample.getKey(), DClass.IN, 60, sample.getValue(), Name.root),
          Section.ANSWER);
    }
    assertThat(MessageCost.isBearable(message.toWire())).isTrue();
  }

  @Test
  void whatCannotBeReadCostsNothing() throws IOException {
    Message message = new Message(1);
    Name name = Name.fromString("www.example.org.");
    message.addRecord(Record.newRecord(name, Type.A, DClass.IN), Section.QUESTION);
    message.addRecord(new ARecord(name, DClass.IN, 60, new byte[4]), Section.ANSWER);
    byte[] whole = message.toWire();
    for (int length = 0; length < whole.length; length++) {
      byte[] part = java.util.Arrays.copyOf(whole, length);
      assertThat(MessageCost.of(part)).isBetween(0, MessageCost.of(whole));
    }
  }
}
