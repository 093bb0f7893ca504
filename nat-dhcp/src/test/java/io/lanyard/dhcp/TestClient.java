package io.lanyard.dhcp;

import io.lanyard.nat.gateway.DatagramService.DatagramPeer;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A DHCP client in memory, which builds its messages and reads the answers byte by byte. */
final class TestClient implements DatagramPeer {
  /** An answer as it would leave the gateway. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Answer(byte[] bytes, long mac, Address address, int port) {
    int type() {
      return option(53)[0];
    }

    Address yiaddr() {
      return addressAt(16);
    }

    Address addressAt(int at) {
      return Address.ofIpv4(intAt(at));
    }

    Address server() {
      return Address.ofIpv4(intOption(54));
    }

    int intAt(int at) {
      return Unpooled.wrappedBuffer(bytes).getInt(at);
    }

    byte[] option(int code) {
      byte[] value = options().get(code);
      if (value == null) {
        throw new AssertionError("no option " + code + " in " + ByteBufUtil.hexDump(bytes));
      }
      return value;
    }

    int intOption(int code) {
      return Unpooled.wrappedBuffer(option(code)).getInt(0);
    }

    Map<Integer, byte[]> options() {
      Map<Integer, byte[]> all = new LinkedHashMap<>();
      int at = 240;
      while ((bytes[at] & 255) != 255) {
        int length = bytes[at + 1] & 255;
        byte[] value = java.util.Arrays.copyOfRange(bytes, at + 2, at + 2 + length);
        all.merge(
            bytes[at] & 255,
            value,
            (a, b) -> {
              byte[] joined = java.util.Arrays.copyOf(a, a.length + b.length);
              System.arraycopy(b, 0, joined, a.length, b.length);
              return joined;
            });
        at += 2 + length;
      }
      return all;
    }
  }

  final Deque<Answer> answers = new ArrayDeque<>();
  final long mac;
  final String port;

  /** Hears each answer when it is sent. */
  Consumer<Answer> heard = answer -> {};

  /** The Ethernet source of its frames. */
  long sender;

  Address source = Address.ANY_IPV4;
  private final DhcpServer server;
  private final @Nullable TestPorts ports;
  private @Nullable Station station;
  private int xid = 0x1000;

  TestClient(DhcpServer server, String mac) {
    this(server, Ethernet.parse(mac));
  }

  /** A guest that is alone behind its port. */
  TestClient(DhcpServer server, long mac) {
    this(server, mac, portOf(mac));
  }

  TestClient(DhcpServer server, long mac, String port) {
    this(server, mac, port, null);
  }

  /** A guest behind one of several ports whose links come and go; null for one that has its own. */
  TestClient(DhcpServer server, long mac, String port, @Nullable TestPorts ports) {
    this.server = server;
    this.ports = ports;
    this.mac = mac;
    this.sender = mac;
    this.port = port;
  }

  /** The port of a guest that is alone behind it. */
  static String portOf(long mac) {
    return "port-" + Long.toHexString(mac & 0xff_ffff);
  }

  Request message(MessageType type) {
    return new Request(type);
  }

  /** Asks for any address, and returns the offer. */
  Answer discover() {
    message(MessageType.DISCOVER).send();
    return next();
  }

  /** Asks for what was offered. */
  void select(Answer offer) {
    message(MessageType.REQUEST)
        .address(DhcpOption.SERVER_ID, offer.server())
        .address(DhcpOption.REQUESTED_ADDRESS, offer.yiaddr())
        .send();
  }

  Answer next() {
    Answer answer = answers.poll();
    if (answer == null) {
      throw new AssertionError("no answer");
    }
    return answer;
  }

  final class Request {
    private final ByteBuf out = Unpooled.buffer();

    private Request(MessageType type) {
      out.writeByte(1).writeByte(1).writeByte(6).writeByte(0).writeInt(++xid);
      out.writeZero(20);
      out.writeShort((int) (mac >>> 32)).writeInt((int) mac).writeZero(202);
      out.writeInt(0x63825363);
      option(53, (byte) type.code());
    }

    Request broadcast() {
      out.setShort(10, 0x8000);
      return this;
    }

    Request ciaddr(Address address) {
      out.setInt(12, address.ipv4());
      return this;
    }

    Request giaddr(String address) {
      out.setInt(24, Address.parse(address).ipv4());
      return this;
    }

    Request option(int code, byte... value) {
      out.writeByte(code).writeByte(value.length).writeBytes(value);
      return this;
    }

    Request address(int code, Address value) {
      return number(code, value.ipv4());
    }

    Request number(int code, int value) {
      out.writeByte(code).writeByte(4).writeInt(value);
      return this;
    }

    Request option(int code, String value) {
      return option(code, value.getBytes(StandardCharsets.ISO_8859_1));
    }

    ByteBuf buffer() {
      return out;
    }

    /** Sends it, and returns its transaction. */
    int send() {
      int transaction = out.getInt(4);
      out.writeByte(255);
      server.receive(out, TestClient.this);
      out.release();
      return transaction;
    }
  }

  @Override
  public Station station() {
    if (ports != null) {
      return ports.station(port, sender);
    }
    Station known = station;
    if (known == null || known.mac() != sender) {
      known = TestStations.station(port, sender);
      station = known;
    }
    return known;
  }

  @Override
  public long mac() {
    return sender;
  }

  @Override
  public Address address() {
    return source;
  }

  @Override
  public boolean toGroup() {
    return false;
  }

  @Override
  public void answer(ByteBuf payload) {
    answer(payload, mac, source, 68);
  }

  @Override
  public void answer(ByteBuf payload, long to, Address address, int port) {
    Answer answer = new Answer(ByteBufUtil.getBytes(payload), to, address, port);
    answers.add(answer);
    payload.release();
    heard.accept(answer);
  }

  @Nullable Answer poll() {
    return answers.poll();
  }
}
