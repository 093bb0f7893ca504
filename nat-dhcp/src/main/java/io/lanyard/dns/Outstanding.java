package io.lanyard.dns;

import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.PortBudget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.EDNSOption;

/**
 * The questions that are being asked upstream, and the queries that wait for them, within limits
 * that no port can use up.
 *
 * <p>Every limit is shared by one rule (Choudhury and Hahne, "Dynamic queue length thresholds for
 * shared-memory packet switches", 1998): a port may have more as long as it has less than what is
 * free. <i>n</i> ports that take all they can end up with one part of <i>n</i> + 1 each, one of
 * them alone with half, and the last part stays free for the next one. The stations behind a port
 * share what the port may have in the same way. Ports that come one after the other may fill even
 * that until their questions end, so a port has a floor besides, which does not look at the others.
 * While all hold half as much again as the memory that they share, the floor is one small query.
 *
 * <p>Thread: the network's loop only.
 */
final class Outstanding {
  /**
   * A small query has less than so many bytes of name and options. One that comes by TCP may have 4
   * KiB, and a thousand empty options in them take 64 KiB of memory.
   */
  private static final int SMALL = 1024;

  private final DnsLimits limits;
  private final NameMemory.Share memory;
  private final Map<Question, Waiting> shareable = new HashMap<>();
  private final Set<Waiting> all = new LinkedHashSet<>();
  private final Map<PortBudget, PortShare> ports = new HashMap<>();
  private int askers;
  private long bytes;

  /**
   * Makes one with nothing waiting.
   *
   * @param memory the network's share of the heap, which may have room for fewer bytes
   */
  Outstanding(DnsLimits limits, NameMemory.Share memory) {
    this.limits = limits;
    this.memory = memory;
  }

  /** The share of a port. Kept only while something of the port is waiting. */
  PortShare share(PortBudget port) {
    PortShare known = ports.get(port);
    return known == null ? new PortShare(port) : known;
  }

  /** The same question, if it is under way and others may wait for its answer too. */
  @Nullable Waiting find(Question question) {
    return shareable.get(question);
  }

  /**
   * Lets a query wait for a question that is under way.
   *
   * @return false if there is no place for it
   */
  boolean join(Waiting waiting, Asker asker) {
    PortShare port = asker.port();
    int free = limits.askersOfQuestion() - waiting.askers.size();
    long most = most();
    boolean may =
        port.askers < floor(most, true) // it brings no options
            || (mayAsk(asker, 0, most) && free > 0 && waiting.askersOf(port.port) < free);
    if (may) {
      add(waiting, asker);
    }
    return may;
  }

  /**
   * Takes a question that is not under way.
   *
   * @param hosts the hosts file as it is; null if it has not been read yet
   * @return the question with its one asker; null if there is no place for it
   */
  @Nullable Waiting open(
      Question question, List<EDNSOption> options, Asker asker, @Nullable HostsFile hosts) {
    PortShare port = asker.port();
    long most = most();
    boolean may =
        port.askers < floor(most, Waiting.brought(question, options) < SMALL)
            || (port.questions < limits.questions() - all.size()
                && mayAsk(asker, Waiting.bytes(question, options), most));
    if (!may) {
      return null;
    }
    Waiting waiting = new Waiting(question, options, port, hosts);
    all.add(waiting);
    if (waiting.shareable()) {
      shareable.put(question, waiting);
    }
    port.questions++;
    hold(port, waiting.bytes());
    add(waiting, asker);
    return waiting;
  }

  /** Many ports with a floor each could hold many times the memory that there is. */
  private int floor(long most, boolean small) {
    if (bytes < most + most / 2) {
      return limits.floor();
    }
    return small ? 1 : 0;
  }

  private boolean mayAsk(Asker asker, long more, long most) {
    PortShare port = asker.port();
    return port.askersOf(asker.station()) < limits.askersOfPort() - port.askers
        && port.askers < limits.askers() - askers
        && port.bytes + more + asker.bytes() <= most - bytes;
  }

  /** The bytes that all share; each call looks at every network of the process. */
  private long most() {
    return Math.min(limits.bytes(), memory.most(NameMemory.Part.QUESTIONS));
  }

  private void add(Waiting waiting, Asker asker) {
    waiting.askers.add(asker);
    ports.put(asker.port().port, asker.port());
    asker.port().add(asker.station());
    askers++;
    hold(asker.port(), asker.bytes());
  }

  /** Whether a question is under way. */
  boolean has(Waiting waiting) {
    return all.contains(waiting);
  }

  /** Ends a question: it and its askers count no more. Nothing happens if it has ended already. */
  void end(Waiting waiting) {
    if (!all.remove(waiting)) {
      return;
    }
    shareable.remove(waiting.question, waiting);
    waiting.first.questions--;
    hold(waiting.first, -waiting.bytes());
    waiting.askers.forEach(this::release);
    forget(waiting.first);
  }

  /**
   * Takes a port's queries out of a question. If the port had asked it first, it becomes the next
   * port's.
   *
   * @return the queries; none if no other port waits for the question, and then all is as it was
   */
  List<Asker> leave(Waiting waiting, PortBudget port) {
    List<Asker> left = new ArrayList<>();
    Asker other = null;
    for (Asker asker : waiting.askers) {
      if (asker.port().port == port) {
        left.add(asker);
      } else if (other == null) {
        other = asker;
      }
    }
    if (other == null || !all.contains(waiting)) {
      return List.of();
    }
    waiting.askers.removeIf(asker -> asker.port().port == port);
    PortShare former = waiting.first;
    if (former.port == port) {
      waiting.first = other.port();
      former.questions--;
      waiting.first.questions++;
      hold(former, -waiting.bytes());
      hold(waiting.first, waiting.bytes());
    }
    left.forEach(this::release);
    forget(former);
    return left;
  }

  /**
   * Takes all queries out of a question, which goes on for the cache alone.
   *
   * @return the queries
   */
  List<Asker> answerEarly(Waiting waiting) {
    List<Asker> left = List.copyOf(waiting.askers);
    waiting.askers.clear();
    left.forEach(this::release);
    return left;
  }

  /**
   * Has queries that come ask anew, rather than wait for questions that other servers are being
   * asked than are to be asked now. Those who wait get their answers, which nobody keeps.
   */
  void detach() {
    for (Waiting waiting : all) {
      if (waiting.upstream != null) {
        waiting.stale = true;
        shareable.remove(waiting.question, waiting);
      }
    }
  }

  private void release(Asker asker) {
    asker.port().remove(asker.station());
    askers--;
    hold(asker.port(), -asker.bytes());
    forget(asker.port());
  }

  private void hold(PortShare port, long change) {
    port.bytes += change;
    bytes += change;
    memory.changed(NameMemory.Part.QUESTIONS, change);
  }

  /** A port that has nothing waiting is not kept: ports come and go. */
  private void forget(PortShare port) {
    if (port.askers == 0 && port.questions == 0) {
      ports.remove(port.port);
    }
  }

  /** The questions under way, in the order in which they were asked. */
  List<Waiting> all() {
    return new ArrayList<>(all);
  }

  int questions() {
    return all.size();
  }

  int askers() {
    return askers;
  }

  long bytes() {
    return bytes;
  }

  /** How many ports have something waiting. */
  int ports() {
    return ports.size();
  }
}
