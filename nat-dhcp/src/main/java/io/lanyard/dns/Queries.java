package io.lanyard.dns;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.ExtendedErrorCodeOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.HINFORecord;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Reads queries, says which are not answered and why, and makes the answers that say so. */
final class Queries {
  /** The limit of a datagram to a client that does not say otherwise (RFC 1035 section 4.2.1). */
  private static final int PLAIN_DATAGRAM = 512;

  /** The headers of IPv6 and UDP; those of IPv4 are shorter. */
  private static final int IP_AND_UDP = 48;

  /** The time to live of the answer to a query for all types, as in RFC 8482 section 4.2. */
  private static final long MINIMAL_SECONDS = 3_600;

  private static final int MAX_QUERY = 4096;

  /** The longest OPT record that a plain datagram has room for beside a header and a question. */
  private static final int MOST_OPT = PLAIN_DATAGRAM - Header.LENGTH - 255 - 4;

  /** RFC 8914 section 4.19. */
  private static final EDNSOption PROHIBITED =
      new ExtendedErrorCodeOption(
          ExtendedErrorCodeOption.PROHIBITED, "the network's egress rules do not permit this name");

  /** RFC 8914 section 4.23. */
  static final EDNSOption UNREACHABLE =
      new ExtendedErrorCodeOption(
          ExtendedErrorCodeOption.NO_REACHABLE_AUTHORITY, "no name server has answered");

  /** RFC 8914 section 4.16. */
  private static final EDNSOption BLOCKED =
      new ExtendedErrorCodeOption(
          ExtendedErrorCodeOption.BLOCKED, "private addresses are taken out of others' names");

  private Queries() {}

  /** Whether a message may be answered at all: a response never is, or two servers never end. */
  static boolean answerable(byte[] wire) {
    return wire.length >= Header.LENGTH && (wire[2] & 0x80) == 0;
  }

  /**
   * Whether a query is worth reading: none of those that are answered has more than two additional
   * records (EDNS and a signature), or is larger than the largest padding asks for (RFC 8467). A
   * guest could have us read thousands of records otherwise.
   */
  static boolean readable(byte[] wire) {
    return wire.length <= MAX_QUERY
        && count(wire, 4) == 1
        && count(wire, 6) == 0
        && count(wire, 8) <= 1 // IXFR has its SOA there, and is refused
        && count(wire, 10) <= 2;
  }

  private static int count(byte[] wire, int at) {
    return (wire[at] & 255) << 8 | (wire[at + 1] & 255);
  }

  /** Reads a message; null if dnsjava cannot. */
  static @Nullable Message parse(byte[] wire) {
    try {
      return new Message(wire);
    } catch (IOException | RuntimeException e) {
      return null; // The caller answers FORMERR and counts it.
    }
  }

  /** The rcode that turns a query down; NOERROR for one that is answered. */
  static int refusal(Message query) {
    int type = query.getQuestion().getType();
    OPTRecord opt = query.getOPT();
    if (query.getHeader().getOpcode() != Opcode.QUERY) {
      return Rcode.NOTIMP;
    }
    if (opt != null && opt.getVersion() > 0) {
      return Rcode.BADVERS; // RFC 6891 section 6.1.3
    }
    if (opt != null && severalOpts(query)) {
      return Rcode.FORMERR; // RFC 6891 section 6.1.1
    }
    return switch (type) {
      case Type.AXFR, Type.IXFR -> Rcode.REFUSED;
      case Type.OPT, Type.TSIG, Type.TKEY, 0 -> Rcode.FORMERR;
      default -> Rcode.NOERROR;
    };
  }

  private static boolean severalOpts(Message query) {
    return query.getSection(Section.ADDITIONAL).stream()
            .filter(each -> each.getType() == Type.OPT)
            .limit(2)
            .count()
        > 1;
  }

  /**
   * The longest answer to a query that came in a datagram.
   *
   * @param mtu the network's, or that of the sender's port if that is less: a longer answer would
   *     have to be fragmented
   * @return bytes
   */
  static int limit(Message query, int mtu) {
    OPTRecord opt = query.getOPT();
    return opt == null
        ? PLAIN_DATAGRAM
        : Math.clamp(
            opt.getPayloadSize(), PLAIN_DATAGRAM, Math.max(mtu - IP_AND_UDP, PLAIN_DATAGRAM));
  }

  /** The answer that turns a query down. */
  static Message error(Message query, int rcode) {
    Message response = new Message(query.getHeader().getID());
    Header header = response.getHeader();
    header.setFlag(Flags.QR);
    header.setFlag(Flags.RA);
    header.setOpcode(query.getHeader().getOpcode());
    for (int flag : new int[] {Flags.RD, Flags.CD}) {
      if (query.getHeader().getFlag(flag)) {
        header.setFlag(flag);
      }
    }
    header.setRcode(rcode & 15);
    response.addRecord(query.getSection(Section.QUESTION).getFirst(), Section.QUESTION);
    addOpt(response, query, rcode);
    return response;
  }

  /**
   * The answer to a query that the network's egress does not let pass.
   *
   * @param refused whether that is said; else there is nothing of the type asked for
   */
  static Message withheld(Message query, boolean refused) {
    Message response = error(query, refused ? Rcode.REFUSED : Rcode.NOERROR);
    OPTRecord plain = response.getOPT();
    if (refused && plain != null) {
      response.removeRecord(plain, Section.ADDITIONAL);
      response.addRecord(
          new OPTRecord(Question.PAYLOAD, 0, 0, plain.getFlags(), List.of(PROHIBITED)),
          Section.ADDITIONAL);
    }
    return response;
  }

  /**
   * The answer to a query for records of all types: one record in their place (RFC 8482 section
   * 4.2).
   */
  static Message minimal(Message query) {
    Message response = error(query, Rcode.NOERROR);
    Name name = query.getQuestion().getName();
    response.addRecord(
        new HINFORecord(name, DClass.IN, MINIMAL_SECONDS, "RFC8482", ""), Section.ANSWER);
    return response;
  }

  /**
   * Says in an answer of a server's that records were taken out of it, and refuses where none is
   * left: that there is no such name, or nothing of the type, would be untrue.
   *
   * @param response the answer; changed
   * @return whether it is refused
   */
  static boolean blocked(Message response) {
    OPTRecord theirs = response.getOPT();
    List<EDNSOption> options = new ArrayList<>(Question.endToEnd(theirs));
    options.add(BLOCKED);
    boolean isLeft =
        response.getSection(Section.ANSWER).stream()
            .anyMatch(each -> each.getType() != Type.CNAME && each.getType() != Type.DNAME);
    if (!isLeft) {
      response.getHeader().setRcode(Rcode.REFUSED);
      for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
        response.removeAllRecords(section);
      }
    } else if (theirs != null) {
      response.removeRecord(theirs, Section.ADDITIONAL);
    }
    int flags = theirs == null ? 0 : theirs.getFlags();
    response.addRecord(new OPTRecord(Question.PAYLOAD, 0, 0, flags, options), Section.ADDITIONAL);
    return !isLeft;
  }

  /**
   * A response's code, flags and question, without the records and EDNS options, of which a server
   * can send thousands.
   */
  static Message withoutRecords(Message response) {
    Message bare = new Message(response.getHeader().getID());
    Header header = bare.getHeader();
    for (int flag :
        new int[] {Flags.QR, Flags.AA, Flags.TC, Flags.RD, Flags.RA, Flags.AD, Flags.CD}) {
      if (response.getHeader().getFlag(flag)) {
        header.setFlag(flag);
      }
    }
    header.setRcode(response.getHeader().getRcode());
    Record question = response.getQuestion();
    if (question != null) {
      bare.addRecord(question, Section.QUESTION);
    }
    OPTRecord opt = response.getOPT();
    if (opt != null) {
      bare.addRecord(
          new OPTRecord(
              opt.getPayloadSize(), opt.getExtendedRcode(), opt.getVersion(), opt.getFlags()),
          Section.ADDITIONAL);
    }
    return bare;
  }

  /**
   * Takes records out of a section, each at the cost of one.
   *
   * @return how many
   */
  static int takeOut(Message message, int section, Predicate<Record> which) {
    List<Record> records = List.copyOf(message.getSection(section));
    if (records.stream().noneMatch(which)) {
      return 0;
    }
    message.removeAllRecords(section);
    int taken = 0;
    for (Record record : records) {
      if (which.test(record)) {
        taken++;
      } else {
        message.addRecord(record, section);
      }
    }
    return taken;
  }

  /**
   * Writes an answer, cut at a whole set of records where it is too long.
   *
   * @param answer the answer; its EDNS options go if they alone are too long
   * @param limit the most bytes, at least {@value #PLAIN_DATAGRAM}
   */
  static byte[] fitting(Message answer, int limit) {
    OPTRecord opt = answer.getOPT();
    if (opt != null && limit - PLAIN_DATAGRAM < opt.toWire(Section.ADDITIONAL).length - MOST_OPT) {
      takeOut(answer, Section.ADDITIONAL, each -> each.getType() == Type.OPT);
      answer.addRecord(
          new OPTRecord(Question.PAYLOAD, opt.getExtendedRcode(), 0, opt.getFlags()),
          Section.ADDITIONAL);
    }
    return answer.toWire(limit);
  }

  /** Adds EDNS to the answer to a query that has it. */
  static void addOpt(Message response, Message query, int rcode) {
    OPTRecord opt = query.getOPT();
    if (opt != null) {
      response.addRecord(
          new OPTRecord(Question.PAYLOAD, rcode >> 4, 0, opt.getFlags()), Section.ADDITIONAL);
    }
  }

  /** The answer to a query that could not be read: the identifier, and what is wrong. */
  static byte[] bare(byte[] query, int rcode) {
    byte[] out = new byte[Header.LENGTH];
    out[0] = query[0];
    out[1] = query[1];
    out[2] = (byte) (0x80 | (query[2] & 0x79)); // QR, the opcode, RD
    out[3] = (byte) (0x80 | rcode); // RA
    return out;
  }

  /** The same query about another name. */
  static Message about(Message query, Name name) {
    Message other = query.clone();
    other.removeAllRecords(Section.QUESTION);
    other.addRecord(
        Record.newRecord(name, query.getQuestion().getType(), DClass.IN), Section.QUESTION);
    return other;
  }

  /** The query that a waiting guest sent, made again from what is kept of it. */
  static Message again(Question question, Asker asker) {
    Message query = question.query(asker.id(), List.of(), true);
    Record asked = query.getQuestion();
    query.removeAllRecords(Section.QUESTION);
    query.addRecord(
        Record.newRecord(
            asker.spelling().apply(asked.getName()), asked.getType(), asked.getDClass()),
        Section.QUESTION);
    return query;
  }
}
