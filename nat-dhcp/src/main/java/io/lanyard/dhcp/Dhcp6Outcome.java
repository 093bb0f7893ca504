package io.lanyard.dhcp;

import io.lanyard.net.Address;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to one identity association.
 *
 * @param asked the association
 * @param given the client's address; null for none
 * @param seconds how long it has it, unsigned; -1 without end
 * @param withdrawn addresses that it may not use any longer
 * @param status why it has none; {@link Dhcp6Option#SUCCESS} where there is nothing to say
 */
record Dhcp6Outcome(
    Dhcp6Message.Association asked,
    @Nullable Address given,
    int seconds,
    List<Address> withdrawn,
    int status) {
  static Dhcp6Outcome given(Dhcp6Message.Association asked, Address address, int seconds) {
    return new Dhcp6Outcome(asked, address, seconds, List.of(), Dhcp6Option.SUCCESS);
  }

  static Dhcp6Outcome refused(Dhcp6Message.Association asked, int status) {
    return new Dhcp6Outcome(asked, null, 0, List.of(), status);
  }
}
