package io.lanyard.dns;

import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.station.PortBudget;
import java.util.function.Consumer;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/**
 * Takes the answer for a name of others, and gives it to a guest that has asked for an alias of it
 * in this network: the aliases first, then what the others say (RFC 1034 section 4.3.2).
 *
 * <p>The code is that of the name at the end, and the answer is authoritative for the alias (RFC
 * 6604 section 2). An answer that says nothing about the name, such as a refusal, has no aliases.
 *
 * <p>Thread: the network's loop only.
 */
final class AliasReply implements HeldReply {
  /** This object and a message with a question; by 64-bit JVMs. */
  private static final long OVERHEAD = 600;

  /** A record and its names. */
  private static final long PER_ALIAS = 250;

  private final Message own;
  private final PortBudget port;
  private final NamePolicy policy;
  private final Replies replies;
  private final int limit;
  private final Consumer<byte[]> reply;

  /**
   * Makes one that waits for the answer.
   *
   * @param own the aliases, as the answer to the guest's query; changed when the rest comes
   * @param port the guest's port
   * @param policy hears where the alias leads
   * @param replies sends the answer
   * @param limit the longest answer that the guest takes, in bytes
   * @param reply takes the answer
   */
  AliasReply(
      Message own,
      PortBudget port,
      NamePolicy policy,
      Replies replies,
      int limit,
      Consumer<byte[]> reply) {
    this.own = own;
    this.port = port;
    this.policy = policy;
    this.replies = replies;
    this.limit = limit;
    this.reply = reply;
  }

  @Override
  public long bytes() {
    return OVERHEAD + PER_ALIAS * own.getHeader().getCount(Section.ANSWER) + HeldReply.bytes(reply);
  }

  @Override
  public void accept(byte[] wire) {
    Header header = own.getHeader();
    Message found = Queries.parse(wire);
    int rcode = found == null ? Rcode.SERVFAIL : found.getHeader().getRcode();
    header.setRcode(rcode);
    if (rcode != Rcode.NOERROR && rcode != Rcode.NXDOMAIN) {
      header.unsetFlag(Flags.AA);
      own.removeAllRecords(Section.ANSWER);
    }
    if (found != null) {
      if (found.getHeader().getFlag(Flags.TC)) {
        header.setFlag(Flags.TC);
      }
      for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
        for (Record each : found.getSection(section)) {
          own.addRecord(each, section);
        }
      }
    }
    Told.of(own).tell(policy, port, own.getQuestion().getName(), 0);
    replies.whole(own, limit, reply);
  }
}
