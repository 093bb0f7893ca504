package io.lanyard.dns;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.GenericEDNSOption;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * The parts in which equal queries agree: name, type, class, and the flags that change the answer
 * (RD, and with DNSSEC CD, AD, DO; RFC 6840 section 5), and whether the sender speaks EDNS. Nothing
 * else of a guest's query goes to name servers but options that are not meant for one hop.
 *
 * @param name the name in lower case: the case of a guest's letters would carry a bit each
 * @param type the type
 * @param dclass the class
 * @param flags the flags, one bit each
 */
record Question(Name name, int type, int dclass, int flags) implements Comparable<Question> {
  private static final int RD = 1;
  private static final int CD = 2;
  private static final int AD = 4;
  private static final int EDNS = 8;
  private static final int DO = 16;

  /**
   * The payload that crosses every path without fragments (RFC 9715), so the size that the
   * forwarder accepts.
   */
  static final int PAYLOAD = 1232;

  private static final int PADDING = 12; // RFC 7830 section 3
  private static final int PADDED_TO = 128; // RFC 8467 section 4.1

  // Types that dnsjava does not know.
  private static final int DSYNC = 66; // RFC 9859
  private static final int HHIT = 67; // RFC 9886
  private static final int BRID = 68; // RFC 9886
  private static final int NXNAME = 128; // RFC 9824 section 4
  private static final int RESINFO = 261; // RFC 9606
  private static final int WALLET = 262;
  private static final int CLA = 263;
  private static final int IPN = 264;

  static Question of(Message query, Record asked) {
    Header header = query.getHeader();
    OPTRecord opt = query.getOPT();
    int flags =
        (header.getFlag(Flags.RD) ? RD : 0)
            | (header.getFlag(Flags.CD) ? CD : 0)
            | (header.getFlag(Flags.AD) ? AD : 0)
            | (opt == null ? 0 : EDNS)
            | (opt != null && (opt.getFlags() & ExtendedFlags.DO) != 0 ? DO : 0);
    return new Question(asked.getName().canonicalize(), asked.getType(), asked.getDClass(), flags);
  }

  /**
   * Whether a query is for records that programs look up: of the Internet, and of a type that IANA
   * has assigned to records of a name, or to a question for several types. The numbers of others
   * carry 16 bits each.
   */
  static boolean isUsual(Record asked) {
    return asked.getDClass() == DClass.IN && isAssigned(asked.getType());
  }

  private static boolean isAssigned(int type) {
    return switch (type) {
      case Type.OPT, NXNAME, Type.TSIG -> false; // parts of messages and of proofs
      case DSYNC, HHIT, BRID, RESINFO, WALLET, CLA, IPN -> true;
      default -> !Type.string(type).equals("TYPE" + type); // RFC 3597 section 5: it has no name
    };
  }

  /**
   * The same question with fewer choices: with recursion, as a forwarder has no other answer, and
   * without AD where DO implies it (RFC 6840 section 5.7).
   */
  Question plain() {
    int left = (flags & DO) != 0 ? flags & ~AD : flags;
    return new Question(name, type, dclass, left | RD);
  }

  /** A question of our own. */
  static Question recursive(Name name, int type) {
    return new Question(name, type, DClass.IN, RD);
  }

  // Written out: the JVM would spin a record's own methods when the first query comes.
  @Override
  public boolean equals(Object other) {
    return other instanceof Question that
        && type == that.type
        && dclass == that.dclass
        && flags == that.flags
        && name.equals(that.name);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * (31 * name.hashCode() + type) + dclass) + flags;
  }

  /** Guests choose names, and so their hashes: a map finds one among many of a hash by order. */
  @Override
  public int compareTo(Question other) {
    int byNumbers = Integer.compare(type, other.type);
    byNumbers = byNumbers != 0 ? byNumbers : Integer.compare(dclass, other.dclass);
    byNumbers = byNumbers != 0 ? byNumbers : Integer.compare(flags, other.flags);
    return byNumbers != 0 ? byNumbers : name.compareTo(other.name);
  }

  boolean edns() {
    return (flags & EDNS) != 0;
  }

  /**
   * The query for an upstream server.
   *
   * @param id its identifier
   * @param options EDNS options to pass on
   * @param edns false for a server that does not understand EDNS
   */
  Message query(int id, List<EDNSOption> options, boolean edns) {
    Message query = new Message(id);
    Header header = query.getHeader();
    set(header, Flags.RD, RD);
    set(header, Flags.CD, CD);
    set(header, Flags.AD, AD);
    query.addRecord(Record.newRecord(name, type, dclass), Section.QUESTION);
    if (edns && edns()) {
      query.addRecord(new OPTRecord(PAYLOAD, 0, 0, extendedFlags(), options), Section.ADDITIONAL);
    }
    return query;
  }

  /**
   * The query for a server that is asked over TLS, padded: its length would tell an observer the
   * name (RFC 7830; RFC 8467 section 4.1).
   *
   * @param id its identifier
   * @param options EDNS options to pass on
   */
  byte[] padded(int id, List<EDNSOption> options) {
    byte[] bare = withPadding(id, options, 0).toWire();
    int over = bare.length % PADDED_TO;
    return over == 0 ? bare : withPadding(id, options, PADDED_TO - over).toWire();
  }

  private Message withPadding(int id, List<EDNSOption> options, int bytes) {
    List<EDNSOption> all = new ArrayList<>(options);
    all.add(new GenericEDNSOption(PADDING, new byte[bytes]));
    Message query = query(id, List.of(), false);
    query.addRecord(new OPTRecord(PAYLOAD, 0, 0, extendedFlags(), all), Section.ADDITIONAL);
    return query;
  }

  /** The flags of the query's OPT record that are passed on. */
  int extendedFlags() {
    return (flags & DO) != 0 ? ExtendedFlags.DO : 0;
  }

  private void set(Header header, byte flag, int bit) {
    if ((flags & bit) != 0) {
      header.setFlag(flag);
    }
  }

  /** The options of a query or response that are not meant for one hop only. */
  static List<EDNSOption> endToEnd(@Nullable OPTRecord opt) {
    if (opt == null) {
      return List.of();
    }
    List<EDNSOption> kept = new ArrayList<>();
    for (EDNSOption option : opt.getOptions()) {
      boolean hopByHop =
          switch (option.getCode()) {
            case EDNSOption.Code.COOKIE, // RFC 7873 section 5
                EDNSOption.Code.TCP_KEEPALIVE, // RFC 7828 section 3
                PADDING ->
                true;
            default -> false;
          };
      if (!hopByHop) {
        kept.add(option);
      }
    }
    return kept;
  }
}
