package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DECLINE;
import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.RELEASE;
import static io.lanyard.dhcp.MessageType.REQUEST;

import io.lanyard.net.Address;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The client of a simulated machine, of one version of DHCP: what it says, and what it is told.
 * Each message returns the number of its transaction, which the answer has too.
 */
sealed interface SimulatedClient {
  /** The server's answer. */
  sealed interface Answer {
    int transaction();

    /** The client may ask for the address. */
    record Offered(int transaction, Address address) implements Answer {}

    /** The client has the address for so long. */
    record Given(int transaction, Address address, long seconds) implements Answer {}

    /** The client may go on using the address that it remembers. */
    record Confirmed(int transaction) implements Answer {}

    /** The client has no address. */
    record Refused(int transaction) implements Answer {}
  }

  /** Has each answer heard when it is sent. */
  void listen(Consumer<Answer> heard);

  int discover();

  int take(Address offered);

  int confirm(Address remembered);

  int renew(Address held);

  /** Nobody waits for the answer. */
  void giveUp(Address held, boolean declines);

  /**
   * Says anything, as a guest would that speaks for another.
   *
   * @param mac the other's
   * @param address the other's, if it has one
   */
  void lie(Random random, long mac, @Nullable Address address);

  /** DHCP as RFC 2131 has it. */
  final class OfIpv4 implements SimulatedClient {
    static final Address SERVER = Address.parse("192.168.127.2");

    private final TestClient client;
    private final byte[] identifier;

    OfIpv4(TestClient client, byte[] identifier) {
      this.client = client;
      this.identifier = identifier;
    }

    @Override
    public void listen(Consumer<Answer> heard) {
      client.heard = answer -> heard.accept(read(answer));
    }

    private static Answer read(TestClient.Answer answer) {
      int transaction = answer.intAt(4);
      return switch (answer.type()) {
        case 2 -> new Answer.Offered(transaction, answer.yiaddr());
        case 5 ->
            new Answer.Given(
                transaction, answer.yiaddr(), answer.intOption(DhcpOption.LEASE_TIME) & ~0L >>> 32);
        default -> new Answer.Refused(transaction);
      };
    }

    private TestClient.Request message(MessageType type) {
      return client.message(type).option(DhcpOption.CLIENT_ID, identifier);
    }

    @Override
    public int discover() {
      return message(DISCOVER).send();
    }

    @Override
    public int take(Address offered) {
      return message(REQUEST)
          .address(DhcpOption.SERVER_ID, SERVER)
          .address(DhcpOption.REQUESTED_ADDRESS, offered)
          .send();
    }

    @Override
    public int confirm(Address remembered) {
      return message(REQUEST).address(DhcpOption.REQUESTED_ADDRESS, remembered).send();
    }

    @Override
    public int renew(Address held) {
      return message(REQUEST).ciaddr(held).send();
    }

    @Override
    public void giveUp(Address held, boolean declines) {
      message(declines ? DECLINE : RELEASE)
          .address(DhcpOption.SERVER_ID, SERVER)
          .address(DhcpOption.REQUESTED_ADDRESS, held)
          .ciaddr(held)
          .send();
    }

    @Override
    public void lie(Random random, long mac, @Nullable Address address) {
      MessageType[] types = {DISCOVER, REQUEST, REQUEST, RELEASE, DECLINE};
      TestClient.Request request = client.message(types[random.nextInt(types.length)]);
      if (random.nextBoolean()) {
        request.option(DhcpOption.CLIENT_ID, identifier);
      }
      if (address != null) {
        switch (random.nextInt(3)) {
          case 0 -> request.address(DhcpOption.REQUESTED_ADDRESS, address);
          case 1 -> request.ciaddr(address);
          default ->
              request
                  .address(DhcpOption.SERVER_ID, SERVER)
                  .address(DhcpOption.REQUESTED_ADDRESS, address);
        }
      }
      request.send();
    }
  }

  /** DHCPv6 as RFC 8415 has it, with one association. */
  final class OfIpv6 implements SimulatedClient {
    private static final int ASSOCIATION = 1;

    private final Dhcp6TestClient client;
    private final byte[] server;
    private final Random random;

    /**
     * Makes one.
     *
     * @param server the server's identifier
     * @param random whether it asks for a rapid commit, and whom it asks to renew
     */
    OfIpv6(Dhcp6TestClient client, byte[] server, Random random) {
      this.client = client;
      this.server = server;
      this.random = random;
    }

    @Override
    public void listen(Consumer<Answer> heard) {
      client.heard = answer -> heard.accept(read(answer));
    }

    private static Answer read(Dhcp6TestClient.Answer answer) {
      int transaction = answer.transaction();
      if (!answer.has(Dhcp6Option.IA_NA)) {
        return answer.status() == Dhcp6Option.SUCCESS
            ? new Answer.Confirmed(transaction)
            : new Answer.Refused(transaction);
      }
      List<String[]> given =
          answer.addresses().stream()
              .map(one -> one.split(" ", -1))
              .filter(one -> !one[1].equals("0"))
              .toList();
      if (given.isEmpty()) {
        return new Answer.Refused(transaction);
      }
      Address address = Address.parse(given.getLast()[0]);
      return answer.type() == Dhcp6Type.ADVERTISE.code()
          ? new Answer.Offered(transaction, address)
          : new Answer.Given(transaction, address, Long.parseLong(given.getLast()[1]));
    }

    private Dhcp6TestClient.Request toServer(Dhcp6Type type) {
      return client.message(type).option(Dhcp6Option.SERVER_ID, server);
    }

    @Override
    public int discover() {
      Dhcp6TestClient.Request request = client.message(Dhcp6Type.SOLICIT);
      if (random.nextBoolean()) {
        request.option(Dhcp6Option.RAPID_COMMIT);
      }
      return request.association(ASSOCIATION).send();
    }

    @Override
    public int take(Address offered) {
      return toServer(Dhcp6Type.REQUEST).association(ASSOCIATION, offered).send();
    }

    @Override
    public int confirm(Address remembered) {
      return client.message(Dhcp6Type.CONFIRM).association(ASSOCIATION, remembered).send();
    }

    @Override
    public int renew(Address held) {
      Dhcp6TestClient.Request request =
          random.nextBoolean() ? toServer(Dhcp6Type.RENEW) : client.message(Dhcp6Type.REBIND);
      return request.association(ASSOCIATION, held).send();
    }

    @Override
    public void giveUp(Address held, boolean declines) {
      toServer(declines ? Dhcp6Type.DECLINE : Dhcp6Type.RELEASE)
          .association(ASSOCIATION, held)
          .send();
    }

    @Override
    public void lie(Random dice, long mac, @Nullable Address address) {
      Dhcp6Type[] types = {
        Dhcp6Type.SOLICIT,
        Dhcp6Type.REQUEST,
        Dhcp6Type.RENEW,
        Dhcp6Type.REBIND,
        Dhcp6Type.CONFIRM,
        Dhcp6Type.RELEASE,
        Dhcp6Type.DECLINE
      };
      Dhcp6Type type = types[dice.nextInt(types.length)];
      Dhcp6TestClient.Request request =
          switch (type) {
            case SOLICIT, REBIND, CONFIRM -> client.message(type);
            default -> toServer(type);
          };
      if (type == Dhcp6Type.SOLICIT && dice.nextBoolean()) {
        request.option(Dhcp6Option.RAPID_COMMIT);
      }
      request.association(ASSOCIATION, Stream.ofNullable(address).toArray(Address[]::new));
      if (dice.nextInt(4) == 0) {
        ByteBuffer said = ByteBuffer.allocate(12).putShort((short) Dhcp6Option.CLIENT_LINK_LAYER);
        said.putShort((short) 8).putShort((short) 1).putShort((short) (mac >>> 32));
        request.relayed(Address.ANY_IPV6, said.putInt((int) mac).array());
      }
      request.send();
    }
  }
}
