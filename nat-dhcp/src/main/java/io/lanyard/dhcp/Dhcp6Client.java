package io.lanyard.dhcp;

import io.lanyard.base.EnumText;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One identity association of a message, which is a client of its own to the leases: it has one
 * address (RFC 8415 section 12.1).
 */
final class Dhcp6Client implements ClientRequest {
  private static final int DUID_LL = 3;
  private static final int ETHERNET = 1;

  private final Dhcp6Message message;
  private final int association;
  private final List<Vacated> vacated = new ArrayList<>(0);
  private ClientId client;

  /**
   * Makes one.
   *
   * @param duid the client's identifier
   * @param association the association's
   */
  Dhcp6Client(Dhcp6Message message, byte[] duid, int association) {
    this.message = message;
    this.association = association;
    client =
        ClientId.of(
            ByteBuffer.allocate(Integer.BYTES + duid.length).putInt(association).put(duid).array());
  }

  /** The message. */
  Dhcp6Message message() {
    return message;
  }

  /** An association of the message. */
  Dhcp6Message.Association asked(int place) {
    return message.associations.get(place);
  }

  @Override
  public ClientId client() {
    return client;
  }

  @Override
  public void isFrom(ClientId other) {
    client = other;
  }

  /** The association with the identifier that is made of the MAC address (section 11.4). */
  @Override
  public ClientId byMac(long mac) {
    ByteBuffer bytes = ByteBuffer.allocate(14).putInt(association);
    bytes.putShort((short) DUID_LL).putShort((short) ETHERNET);
    bytes.putShort((short) (mac >>> 32)).putInt((int) mac);
    return ClientId.of(bytes.array());
  }

  @Override
  public boolean asksFor(Address address) {
    return message.associations.stream()
        .anyMatch(one -> one.id() == association && one.addresses().contains(address));
  }

  @Override
  public long mac() {
    return message.mac();
  }

  @Override
  public long sender() {
    return message.sender();
  }

  @Override
  public PortBudget budget() {
    return message.budget();
  }

  @Override
  public List<Vacated> vacated() {
    return vacated;
  }

  @Override
  public @Nullable String said() {
    byte[] option = message.name;
    return option == null ? null : ClientName.labels(option, 1);
  }

  @Override
  public String kind() {
    return EnumText.word(message.type);
  }
}
