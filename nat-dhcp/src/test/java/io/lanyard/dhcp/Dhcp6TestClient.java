package io.lanyard.dhcp;

import io.lanyard.nat.gateway.DatagramService.DatagramPeer;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A DHCPv6 client in memory, which builds its messages and reads the answers byte by byte. */
final class Dhcp6TestClient implements DatagramPeer {
  /** An option: its code and its value. */
  record Option(int code, ByteBuf value) {
    /** The options behind so many bytes of the value. */
    List<Option> within(int fixed) {
      return options(value.slice(fixed, value.readableBytes() - fixed));
    }
  }

  /** An answer as it would leave the gateway. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Answer(byte[] bytes, long mac, Address address, int port) {
    int type() {
      return bytes[0];
    }

    int transaction() {
      return Unpooled.wrappedBuffer(bytes).getUnsignedMedium(1);
    }

    List<Option> options() {
      return Dhcp6TestClient.options(Unpooled.wrappedBuffer(bytes, 4, bytes.length - 4));
    }

    boolean has(int code) {
      return options().stream().anyMatch(one -> one.code() == code);
    }

    ByteBuf option(int code) {
      return options().stream()
          .filter(one -> one.code() == code)
          .findFirst()
          .orElseThrow(() -> new AssertionError("no option " + code + ": " + hex()))
          .value();
    }

    byte[] server() {
      return ByteBufUtil.getBytes(option(Dhcp6Option.SERVER_ID));
    }

    /** The addresses of the first association, with their valid lifetimes: {@code fd00::1 1800}. */
    List<String> addresses() {
      return ofAssociation(Dhcp6Option.IA_ADDRESS).stream()
          .map(one ->
              new Address(one.value().getLong(0), one.value().getLong(8))
                  + " "
                  + one.value().getUnsignedInt(20))
          .toList();
    }

    Address given() {
      return Address.parse(addresses().getLast().split(" ", -1)[0]);
    }

    /** The status of the first association; of the message if it has none; -1 for none. */
    int status() {
      List<Option> in = has(Dhcp6Option.IA_NA) ? ofAssociation(Dhcp6Option.STATUS) : List.of();
      List<Option> of =
          in.isEmpty()
              ? options().stream().filter(one -> one.code() == Dhcp6Option.STATUS).toList()
              : in;
      return of.isEmpty() ? -1 : of.getFirst().value().getUnsignedShort(0);
    }

    private List<Option> ofAssociation(int code) {
      return new Option(0, option(Dhcp6Option.IA_NA))
          .within(12).stream().filter(one -> one.code() == code).toList();
    }

    String hex() {
      return ByteBufUtil.hexDump(bytes);
    }
  }

  static List<Option> options(ByteBuf in) {
    List<Option> all = new ArrayList<>();
    while (in.isReadable()) {
      int code = in.readUnsignedShort();
      all.add(new Option(code, in.readSlice(in.readUnsignedShort())));
    }
    return all;
  }

  final Deque<Answer> answers = new ArrayDeque<>();

  /** Hears each answer when it is sent. */
  Consumer<Answer> heard = answer -> {};

  final long mac;
  private final String port;
  Address source = Address.parse("fe80::5054:ff:fe00:1");
  boolean toGroup = true;
  private final Dhcp6Server server;
  private final @Nullable TestPorts ports;
  private @Nullable Station station;
  byte[] duid;
  private int transaction = 0xabc000;

  /** A guest that is alone behind its port, known by its MAC address. */
  Dhcp6TestClient(Dhcp6Server server, long mac) {
    this(server, mac, TestClient.portOf(mac));
  }

  Dhcp6TestClient(Dhcp6Server server, long mac, String port) {
    this(server, mac, port, null);
  }

  /** A guest behind one of several ports whose links come and go; null for one that has its own. */
  Dhcp6TestClient(Dhcp6Server server, long mac, String port, @Nullable TestPorts ports) {
    this.server = server;
    this.ports = ports;
    this.mac = mac;
    this.port = port;
    duid = duidOf(mac);
  }

  /** The identifier that is made of a MAC address. */
  static byte[] duidOf(long mac) {
    ByteBuf out = Unpooled.buffer(10);
    out.writeShort(3).writeShort(1).writeShort((int) (mac >>> 32)).writeInt((int) mac);
    return out.array();
  }

  Request message(Dhcp6Type type) {
    return new Request(type).option(Dhcp6Option.CLIENT_ID, duid);
  }

  Request anonymous(Dhcp6Type type) {
    return new Request(type);
  }

  /** Asks for any address, and returns the offer. */
  Answer solicit() {
    message(Dhcp6Type.SOLICIT).association(1).send();
    return next();
  }

  /** Asks for what was offered. */
  void select(Answer offer) {
    to(Dhcp6Type.REQUEST, offer).association(1, offer.given()).send();
  }

  /** A message to the server of an answer. */
  Request to(Dhcp6Type type, Answer of) {
    return message(type).option(Dhcp6Option.SERVER_ID, of.server());
  }

  Answer next() {
    Answer answer = answers.poll();
    if (answer == null) {
      throw new AssertionError("no answer");
    }
    return answer;
  }

  /** A message that is being written. */
  final class Request {
    private ByteBuf out = Unpooled.buffer();

    private Request(Dhcp6Type type) {
      out.writeByte(type.code()).writeMedium(++transaction);
    }

    Request option(int code, byte... value) {
      out.writeShort(code).writeShort(value.length).writeBytes(value);
      return this;
    }

    Request association(int id, Address... addresses) {
      return association(Dhcp6Option.IA_NA, id, addresses);
    }

    Request association(int code, int id, Address... addresses) {
      int fixed = code == Dhcp6Option.IA_TA ? 4 : 12;
      out.writeShort(code).writeShort(fixed + 28 * addresses.length).writeInt(id);
      out.writeZero(fixed - 4);
      for (Address address : addresses) {
        out.writeShort(Dhcp6Option.IA_ADDRESS).writeShort(24);
        out.writeLong(address.high()).writeLong(address.low()).writeLong(0);
      }
      return this;
    }

    Request asking(int... options) {
      out.writeShort(Dhcp6Option.REQUESTED).writeShort(2 * options.length);
      for (int option : options) {
        out.writeShort(option);
      }
      return this;
    }

    /** RFC 4704: flags, and the first label of a name. */
    Request named(String label) {
      byte[] text = label.getBytes(StandardCharsets.ISO_8859_1);
      out.writeShort(Dhcp6Option.CLIENT_FQDN).writeShort(2 + text.length);
      out.writeByte(0).writeByte(text.length).writeBytes(text);
      return this;
    }

    /** Puts the message into a relay's. */
    Request relayed(Address link, byte... more) {
      ByteBuf inner = out;
      out = Unpooled.buffer();
      out.writeByte(Dhcp6Type.RELAY_FORW.code()).writeByte(0);
      out.writeLong(link.high()).writeLong(link.low());
      out.writeLong(source.high()).writeLong(source.low());
      out.writeBytes(more);
      out.writeShort(Dhcp6Option.RELAY_MESSAGE).writeShort(inner.readableBytes());
      out.writeBytes(inner);
      return this;
    }

    /** Sends it, and returns its transaction. */
    int send() {
      int sent = transaction;
      server.receive(out, Dhcp6TestClient.this);
      return sent;
    }
  }

  @Override
  public Station station() {
    if (ports != null) {
      return ports.station(port, mac);
    }
    Station known = station;
    if (known == null) {
      known = TestStations.station(port, mac);
      station = known;
    }
    return known;
  }

  @Override
  public long mac() {
    return mac;
  }

  @Override
  public Address address() {
    return source;
  }

  @Override
  public boolean toGroup() {
    return toGroup;
  }

  @Override
  public void answer(ByteBuf payload) {
    answer(payload, mac, source, 546);
  }

  @Override
  public void answer(ByteBuf payload, long to, Address address, int port) {
    Answer answer = new Answer(ByteBufUtil.getBytes(payload), to, address, port);
    answers.add(answer);
    payload.release();
    heard.accept(answer);
  }
}
