package io.lanyard.dns;

import io.lanyard.nat.egress.ToldNames;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.station.PortBudget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DNSInput;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;
import org.xbill.DNS.WireParseException;

/**
 * An answer as bytes, to be sent to anyone who asks the question: only the identifier, the case of
 * the question's name, and the times to live differ.
 *
 * <p>The bytes are dnsjava's; here is only remembered where in them the times lie, so that an
 * answer from the cache costs a copy.
 */
final class Response {
  private static final int TYPE_OPT = 41;

  /** A name of which the rest is elsewhere (RFC 1035 section 4.1.4). */
  private static final int POINTER = 0xc0;

  /** Bytes of an OPT record before the length of its data: the root's name, type, class, TTL. */
  private static final int OPT_HEAD = 9;

  /** The flag TC in the third byte. */
  private static final byte TRUNCATED = 2;

  private static final int ANSWERS_AT = 6;
  private static final int AUTHORITIES_AT = 8;
  private static final int ADDITIONALS_AT = 10;

  /** An extended error of EDNS: that the answer's time is over (RFC 8914 sections 2 and 4.4). */
  private static final byte[] STALE_ANSWER = {0, 15, 0, 2, 0, 3};

  /**
   * RFC 9520 section 3.2: a failure is kept for a second at least, so that a guest that asks again
   * and again does not have dead servers asked as often. No longer, as networks of laptops come up.
   */
  private static final int FAILURE_SECONDS = 1;

  /**
   * How long a refusal of our own is kept, because private addresses were taken out of an answer:
   * else a guest that asks again and again would have the servers asked as often. No longer, as the
   * name may get other addresses.
   */
  private static final int BLOCKED_SECONDS = 10;

  /** RFC 8767 section 4: how long who asks may keep an answer whose time is over. */
  private static final long STALE_SECONDS = 30;

  /** An answer that holds for less is not renewed before its time, in seconds. */
  private static final int LEAST_TO_RENEW = 10;

  /** The longest that an answer is kept, here and by guests. */
  private static final long MOST_SECONDS = ToldNames.MOST_SECONDS;

  /** The longest that a denial is kept: RFC 2308 section 5 has one to three hours. */
  private static final long MOST_NEGATIVE_SECONDS = 3_600;

  private final byte[] wire;
  private final int nameLength;
  private final int[] ttlOffsets;

  /** For each set of records (RFC 2181 section 5), how many records there are up to its end. */
  private final int[] setEnds;

  /** Where the length of the OPT record's data is, which is the last record; 0 without EDNS. */
  private final int optLengthAt;

  private final long storedNanos;

  /** How long it may be kept, in seconds; 0 for not at all. */
  final long ttl;

  /** The addresses in it. */
  private final Told told;

  /** Whether it has what was asked for. */
  private final boolean positive;

  private final boolean failure;

  /** Until when it is given without asking again, although its time is over. */
  long recheckNanos;

  private Response(
      byte[] wire,
      int nameLength,
      int[] ttlOffsets,
      int[] setEnds,
      int optLengthAt,
      long storedNanos,
      long ttl,
      Told told,
      boolean positive,
      boolean failure) {
    this.told = told;
    this.positive = positive;
    this.failure = failure;
    this.wire = wire;
    this.nameLength = nameLength;
    this.ttlOffsets = ttlOffsets;
    this.setEnds = setEnds;
    this.optLengthAt = optLengthAt;
    this.storedNanos = storedNanos;
    this.ttl = ttl;
  }

  /**
   * Takes a message from upstream. What says who answers is ours: this is no authority for others'
   * names, and asks on (RFC 1035 section 4.1.1, AA and RA).
   *
   * @param message the message; changed
   * @param question what was asked, which says whether who asked speaks EDNS
   * @param nowNanos the present
   * @throws IOException if it has another number of questions than one (RFC 9619)
   */
  static Response of(Message message, Question question, long nowNanos) throws IOException {
    return of(message, question, nowNanos, lifetime(message));
  }

  /**
   * Takes the refusal that {@link Queries#blocked} has made of a message from upstream.
   *
   * @param message the refusal; changed
   * @param question what was asked, which says whether who asked speaks EDNS
   * @param nowNanos the present
   * @throws IOException if it has another number of questions than one
   */
  static Response ofBlocked(Message message, Question question, long nowNanos) throws IOException {
    return of(message, question, nowNanos, BLOCKED_SECONDS);
  }

  private static Response of(Message message, Question question, long nowNanos, long ttl)
      throws IOException {
    int questions = message.getHeader().getCount(Section.QUESTION);
    if (questions != 1) {
      throw new WireParseException("a response to one question has " + questions);
    }
    if (message.getHeader().getFlag(Flags.TC)) {
      countRecords(message);
    }
    withoutServices(message);
    boolean failure = isFailure(message.getRcode()); // a part of the code is in their OPT record
    OPTRecord theirs = message.getOPT();
    if (theirs != null) {
      message.removeRecord(theirs, Section.ADDITIONAL);
    }
    if (question.edns()) {
      // EDNS is spoken hop by hop, whether the server has it or not: the size is ours (RFC 6891
      // sections 6.1.1 and 6.2.3). DO is the query's (RFC 3225 section 3).
      int flags = theirs == null ? 0 : theirs.getFlags() & ~ExtendedFlags.DO;
      message.addRecord(
          new OPTRecord(
              Question.PAYLOAD,
              theirs == null ? 0 : theirs.getExtendedRcode(),
              0,
              flags | question.extendedFlags(),
              Question.endToEnd(theirs)),
          Section.ADDITIONAL);
    }
    message.getHeader().unsetFlag(Flags.AA);
    message.getHeader().setFlag(Flags.RA);
    byte[] wire = message.toWire();
    DNSInput in = new DNSInput(wire);
    in.jump(Header.LENGTH);
    skipName(in);
    int nameLength = in.current() - Header.LENGTH;
    in.readU32();
    List<Integer> offsets = new ArrayList<>();
    int optLengthAt = 0;
    while (in.remaining() > 0) {
      skipName(in);
      int type = in.readU16();
      in.readU16();
      if (type == TYPE_OPT) {
        optLengthAt = in.current() + Integer.BYTES;
      } else {
        offsets.add(in.current());
        cap(wire, in.current());
        optLengthAt = 0; // Then it is not the last, and nothing is added to it.
      }
      in.readU32();
      in.readByteArray(in.readU16());
    }
    return new Response(
        wire,
        nameLength,
        offsets.stream().mapToInt(Integer::intValue).toArray(),
        setEnds(message),
        optLengthAt,
        nowNanos,
        ttl,
        Told.of(message),
        message.getRcode() == Rcode.NOERROR
            && !message.getSection(Section.ANSWER).isEmpty()
            && soa(message) == null,
        failure);
  }

  /** Leads over a name: to read it would take as long as to read the message did. */
  private static void skipName(DNSInput in) throws IOException {
    for (int length = in.readU8(); length != 0; length = in.readU8()) {
      if (length >= POINTER) {
        in.readU8();
        return;
      }
      in.readByteArray(length);
    }
  }

  /**
   * Finds the ends of the sets of records in the order in which they are written.
   *
   * @throws IOException if EDNS is where it cannot be (RFC 6891 section 6.1.1)
   */
  private static int[] setEnds(Message message) throws IOException {
    List<Integer> ends = new ArrayList<>();
    int records = 0;
    for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
      Record before = null;
      for (Record each : message.getSection(section)) {
        if (each.getType() == TYPE_OPT) {
          if (section != Section.ADDITIONAL) {
            throw new WireParseException("an OPT record is in section " + section);
          }
          continue;
        }
        if (before != null && !each.sameRRset(before)) {
          ends.add(records);
        }
        records++;
        before = each;
      }
      if (before != null) {
        ends.add(records);
      }
    }
    return ends.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Whether a response's code says that the server has no answer: every one but those two says
   * nothing about the name (RFC 8767 section 4, RFC 9520 section 2).
   *
   * @param rcode the code, with the part of it that is in EDNS
   */
  static boolean isFailure(int rcode) {
    return rcode != Rcode.NOERROR && rcode != Rcode.NXDOMAIN;
  }

  /**
   * Takes the records of services (RFC 9460) that were not asked for out of all sections: a port
   * whose egress rules suppress them gets the same answer from the cache as any other.
   */
  private static void withoutServices(Message message) {
    Record question = message.getQuestion();
    int asked = question == null ? 0 : question.getType();
    if (asked == Type.SVCB || asked == Type.HTTPS || asked == Type.ANY) {
      return;
    }
    for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
      Queries.takeOut(
          message,
          section,
          record -> record.getType() == Type.SVCB || record.getType() == Type.HTTPS);
    }
  }

  /** Makes the counts in the header those of the records that a truncated message still has. */
  private static void countRecords(Message message) {
    for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
      List<Record> records = List.copyOf(message.getSection(section));
      message.removeAllRecords(section);
      for (Record record : records) {
        message.addRecord(record, section);
      }
    }
  }

  /** How long a message may be kept, in seconds (RFC 2308 section 5; RFC 1035 section 7.4). */
  private static long lifetime(Message message) {
    int rcode = message.getRcode();
    if (message.getHeader().getFlag(Flags.TC)) {
      return 0;
    }
    if (isFailure(rcode)) {
      return FAILURE_SECONDS;
    }
    SOARecord soa = soa(message);
    boolean denial =
        rcode == Rcode.NXDOMAIN || message.getSection(Section.ANSWER).isEmpty() || soa != null;
    if (denial && soa == null) {
      return 0;
    }
    long ttl = denial ? MOST_NEGATIVE_SECONDS : MOST_SECONDS;
    if (soa != null) {
      ttl = Math.min(ttl, soa.getMinimum());
    }
    for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
      for (Record each : message.getSection(section)) {
        if (each.getType() != Type.OPT) {
          // RFC 2181 section 8: a time with the top bit set is zero.
          ttl = Math.min(ttl, each.getTTL() > Integer.MAX_VALUE ? 0 : each.getTTL());
        }
      }
    }
    return ttl;
  }

  private static @Nullable SOARecord soa(Message message) {
    for (Record each : message.getSection(Section.AUTHORITY)) {
      if (each instanceof SOARecord soa) {
        return soa;
      }
    }
    return null;
  }

  /** Says what a guest is about to be told. */
  void tell(NamePolicy policy, PortBudget port, Name asked, long nowNanos) {
    told.tell(policy, port, asked, seconds(nowNanos));
  }

  /** Whether it says nothing about the name: no server has answered, or the answer is blocked. */
  boolean isFailure() {
    return failure;
  }

  /** Whether it is in the last tenth of its time, and to be renewed before somebody misses it. */
  boolean isNearlyOver(long nowNanos) {
    return positive && ttl >= LEAST_TO_RENEW && seconds(nowNanos) >= ttl - ttl / 10;
  }

  boolean expired(long nowNanos) {
    return seconds(nowNanos) >= ttl;
  }

  private long seconds(long nowNanos) {
    return (nowNanos - storedNanos) / 1_000_000_000L;
  }

  int size() {
    return wire.length + 4 * (ttlOffsets.length + setEnds.length) + told.bytes();
  }

  /**
   * The answer to a query that has just come.
   *
   * @param query the query, which asks this question
   * @param limit the most bytes that who asked takes, at least 512
   * @param nowNanos the present
   * @return the bytes, which are the caller's
   */
  byte[] to(byte[] query, int limit, long nowNanos) {
    byte[] out = aged(nowNanos);
    out[0] = query[0];
    out[1] = query[1];
    if (sameName(query)) {
      System.arraycopy(query, Header.LENGTH, out, Header.LENGTH, nameLength);
    }
    return fitting(out, limit);
  }

  /**
   * The answer to a query that has waited.
   *
   * @param id the query's identifier
   * @param spelling the case of the name in it
   * @param limit the most bytes that who asked takes, at least 512
   * @param nowNanos the present
   * @return the bytes, which are the caller's
   */
  byte[] to(int id, Spelling spelling, int limit, long nowNanos) {
    byte[] out = aged(nowNanos);
    out[0] = (byte) (id >> 8);
    out[1] = (byte) id;
    spelling.apply(out, Header.LENGTH, nameLength);
    return fitting(out, limit);
  }

  /**
   * Cuts an answer that is too long at a whole set of records, and says so where it is not only
   * additional ones that are missing (RFC 2181 section 9). That costs a copy: hundreds may wait for
   * one answer.
   */
  private byte[] fitting(byte[] whole, int limit) {
    if (whole.length <= limit) {
      return whole;
    }
    int optAt = optLengthAt == 0 ? whole.length : optLengthAt - OPT_HEAD;
    int end = Header.LENGTH + nameLength + 2 * Short.BYTES;
    // A server's options may be longer than all that the guest takes.
    int opt = end + whole.length - optAt <= limit ? whole.length - optAt : 0;
    boolean isWithout = opt == 0 && optAt < whole.length;
    int kept = 0;
    for (int records : setEnds) {
      int lengthAt = ttlOffsets[records - 1] + Integer.BYTES;
      int behind = lengthAt + Short.BYTES + int2(whole, lengthAt);
      if (behind + opt > limit) {
        break;
      }
      kept = records;
      end = behind;
    }
    byte[] out = Arrays.copyOf(whole, end + opt);
    System.arraycopy(whole, optAt, out, end, opt);
    int answers = Math.min(kept, int2(whole, ANSWERS_AT));
    int authorities = Math.min(kept - answers, int2(whole, AUTHORITIES_AT));
    boolean isCut = answers + authorities < int2(whole, ANSWERS_AT) + int2(whole, AUTHORITIES_AT);
    put2(out, ANSWERS_AT, answers);
    put2(out, AUTHORITIES_AT, authorities);
    put2(out, ADDITIONALS_AT, kept - answers - authorities + (opt == 0 ? 0 : 1));
    if (isCut || isWithout) {
      out[2] |= TRUNCATED;
    }
    return out;
  }

  private byte[] aged(long nowNanos) {
    boolean isStale = optLengthAt != 0 && !isFailure() && expired(nowNanos);
    byte[] out = Arrays.copyOf(wire, wire.length + (isStale ? STALE_ANSWER.length : 0));
    if (isStale) {
      System.arraycopy(STALE_ANSWER, 0, out, wire.length, STALE_ANSWER.length);
      put2(out, optLengthAt, int2(out, optLengthAt) + STALE_ANSWER.length);
    }
    long age = ttlOffsets.length == 0 ? 0 : seconds(nowNanos);
    if (age > 0) {
      long least = expired(nowNanos) ? STALE_SECONDS : 0;
      for (int at : ttlOffsets) {
        put4(out, at, (int) Math.max(least, int4(out, at) - age));
      }
    }
    return out;
  }

  /** Whether the query's name is spelled out where ours is, and not by way of a pointer. */
  private boolean sameName(byte[] query) {
    if (query.length < Header.LENGTH + nameLength) {
      return false;
    }
    for (int i = Header.LENGTH; i < Header.LENGTH + nameLength; i++) {
      if (lower(query[i]) != lower(wire[i])) {
        return false;
      }
    }
    return true;
  }

  private static int lower(byte b) {
    return b >= 'A' && b <= 'Z' ? b + 32 : b;
  }

  /**
   * Limits a time to live to the time that egress rules keep an address open which a guest was
   * told: a guest that kept the answer for longer would find the address closed. One with the top
   * bit set is zero (RFC 2181 section 8).
   */
  private static void cap(byte[] wire, int at) {
    int ttl = int4(wire, at);
    put4(wire, at, ttl < 0 ? 0 : (int) Math.min(ttl, MOST_SECONDS));
  }

  private static void put4(byte[] b, int at, int value) {
    b[at] = (byte) (value >>> 24);
    b[at + 1] = (byte) (value >>> 16);
    b[at + 2] = (byte) (value >>> 8);
    b[at + 3] = (byte) value;
  }

  private static int int2(byte[] b, int at) {
    return (b[at] & 255) << 8 | (b[at + 1] & 255);
  }

  private static void put2(byte[] b, int at, int value) {
    b[at] = (byte) (value >>> 8);
    b[at + 1] = (byte) value;
  }

  private static int int4(byte[] b, int at) {
    return (b[at] << 24) | (b[at + 1] & 255) << 16 | (b[at + 2] & 255) << 8 | (b[at + 3] & 255);
  }
}
