package io.lanyard.nat.gateway;

import io.lanyard.nat.egress.Translators;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;

/**
 * Whether guests may ask for names of others, and what becomes of the answers.
 *
 * <p>Names are in lower case, as DNS has them, without a dot at their end; the root's is empty.
 *
 * <p>Thread: the network's loop only.
 */
public interface NamePolicy {
  /** The decision about a question. */
  enum Question {
    /** It is asked. */
    ASKED,
    /** It is answered: there is nothing of its type. */
    SUPPRESSED,
    /**
     * It asks for records of all types, and is answered with one that says that it is not asked.
     */
    MINIMAL,
    /** It is refused; its labels would carry data out. */
    REFUSED
  }

  /** Every question is asked, and nothing is noted. */
  NamePolicy NONE =
      new NamePolicy() {
        @Override
        public Question question(PortBudget port, String name, int type) {
          return Question.ASKED;
        }

        @Override
        public void told(PortBudget port, String name, Address address, long seconds) {
          // Nothing depends on it.
        }
      };

  /**
   * Decides about a question.
   *
   * @param port the port that it came in by
   * @param name the name that is asked for
   * @param type the type of the records that are asked for (RFC 1035 section 3.2.2)
   * @return what becomes of it
   */
  Question question(PortBudget port, String name, int type);

  /**
   * Whether a question that is asked says no more than it needs: its type and its flags are usual
   * ones, and it goes out without EDNS options (RFC 6891). All of them carry data as labels do.
   *
   * @param port the port that it came in by
   * @return true where rules say which names may be asked for
   */
  default boolean asksPlainly(PortBudget port) {
    return false;
  }

  /**
   * Whether no name of others leads to an address rightly, so that protection against rebinding
   * takes it out of answers.
   *
   * @param address the address
   * @return true for private addresses, and for those that translators make private ones of
   */
  default boolean isPrivate(Address address) {
    return Translators.USUAL.isPrivate(address.high(), address.low());
  }

  /**
   * Hears what a guest is about to be told.
   *
   * @param port the port that it is behind
   * @param name the name that it has asked for
   * @param address an address of that name, or of one that it stands for (CNAME)
   * @param seconds how long the guest may keep it
   */
  void told(PortBudget port, String name, Address address, long seconds);
}
