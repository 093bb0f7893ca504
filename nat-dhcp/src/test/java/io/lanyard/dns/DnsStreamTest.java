package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.dhcp.SteppedLink;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.gateway.TranslatorSearch;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.TestStations;
import io.lanyard.nat.tcp.ConnectFailure;
import io.lanyard.nat.tcp.GuestStream;
import io.lanyard.nat.tcp.HostStream;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

class DnsStreamTest {
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final SteppedLink link = new SteppedLink(group.next());
  private final Station station = TestStations.station("guest", 1);
  private final Guest guest = new Guest();
  private HostStream stream;

  @BeforeEach
  void open() {
    Path nothing = Path.of("/nonexistent");
    DnsForwarder forwarder =
        new DnsForwarder(
            TestNetworks.nat(ForwarderScene.WITHOUT_HOSTS_FILE),
            List.of(),
            link,
            Ipv6Names.NONE,
            NamePolicy.NONE,
            TranslatorSearch.NONE,
            NameMemory.ample().share(true),
            DescriptorBudget.ample().share("vmnet8").holder("dns"),
            new HostFiles(nothing, nothing, nothing),
            UpstreamTimes.USUAL,
            ResolvConf::parse);
    stream = new DnsStreamService(forwarder, link).open(guest, station, 2);
    assertThat(guest.connected).isTrue();
  }

  @AfterEach
  void close() {
    stream.close();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  static byte[] framed(String name) throws IOException {
    byte[] query =
        Message.newQuery(Record.newRecord(Name.fromString(name), Type.A, DClass.IN)).toWire();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeShort(query.length);
    out.write(query);
    return bytes.toByteArray();
  }

  private void write(byte... bytes) {
    ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
    stream.write(buffer);
    buffer.release();
    stream.flush();
  }

  @Test
  void aMessageInPiecesIsAnsweredOnceItIsWhole() throws Exception {
    byte[] bytes = framed("gateway.lan.");
    for (int i = 0; i < bytes.length - 1; i++) {
      write(bytes[i]);
      assertThat(stream.unsent()).isEqualTo(i + 1);
    }
    assertThat(guest.answers()).isEmpty();
    write(bytes[bytes.length - 1]);
    assertThat(guest.answers()).hasSize(1);
    assertThat(guest.answers().getFirst().getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(stream.unsent()).isZero();
    assertThat(guest.drained).isPositive();
  }

  @Test
  void manyMessagesInOneSegmentAreAllAnswered() throws Exception {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < 100; i++) {
      all.writeBytes(framed("name-" + i + ".lan."));
    }
    write(all.toByteArray());
    assertThat(guest.answers()).hasSize(100);
  }

  @Test
  void nothingIsReadWhileTheGuestDoesNotTakeItsAnswers() throws Exception {
    stream.read(false);
    write(framed("gateway.lan."));
    assertThat(guest.answers()).isEmpty();
    assertThat(stream.unsent()).isPositive();
    stream.read(true);
    assertThat(guest.answers()).hasSize(1);
  }

  @Test
  void theRoomOfALargeMessageIsTheGuestsToAnswerForAsLongAsItIsKept() {
    byte[] large = new byte[2 + 60_000];
    large[0] = (byte) (60_000 >> 8);
    large[1] = (byte) 60_000;
    write(large);
    assertThat(stream.unsent()).isZero();
    assertThat(stream.memory()).isGreaterThanOrEqualTo(60_000);
    stream.close();
    assertThat(stream.memory()).isZero();
  }

  @Test
  void aHalfClosedConnectionEndsAfterItsAnswers() throws Exception {
    write(framed("gateway.lan."));
    stream.finish();
    assertThat(guest.answers()).hasSize(1);
    assertThat(guest.ended).isTrue();
  }

  @Test
  void aSilentConnectionIsEnded() {
    link.step(Duration.ofSeconds(19));
    assertThat(guest.ended).isFalse();
    link.step(Duration.ofSeconds(2));
    assertThat(guest.ended).isTrue();
  }

  @Test
  void theEndOfASilentConnectionIsChargedToItsPort() {
    Turn turn = station.budget().turn();
    boolean[] charged = {false};
    guest.atEnd =
        () -> {
          boolean free = turn.begin();
          charged[0] = !free;
          if (free) {
            boolean _ = turn.end();
          }
        };
    link.step(Duration.ofSeconds(21));
    assertThat(charged[0]).isTrue();
  }

  @Test
  void aHalfQueryIsEndedInTimeHoweverItDrips() throws Exception {
    byte[] bytes = framed("gateway.lan.");
    for (int i = 0; i < 21; i++) {
      write(bytes[i]);
      link.step(Duration.ofSeconds(1));
    }
    assertThat(guest.ended).isTrue();
    assertThat(guest.answers()).isEmpty();
  }

  @Test
  void rubbishIsSurvived() throws Exception {
    write(new byte[] {0, 0, 0, 3, 1, 2, 3, 0, 12, 1, 2, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    write(framed("gateway.lan."));
    assertThat(guest.answers()).hasSize(1);
  }

  /** A guest's end that takes everything. */
  static final class Guest implements GuestStream {
    private final int room;
    boolean refused;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    boolean connected;
    boolean ended;
    Runnable atEnd = () -> {};
    private int drained;

    Guest() {
      this(1 << 19);
    }

    /** With room for so many bytes at any time. */
    Guest(int room) {
      this.room = room;
    }

    List<Message> answers() throws IOException {
      DataInputStream in =
          new DataInputStream(new java.io.ByteArrayInputStream(bytes.toByteArray()));
      List<Message> all = new ArrayList<>();
      while (in.available() > 0) {
        all.add(new Message(in.readNBytes(in.readUnsignedShort())));
      }
      return all;
    }

    @Override
    public void connected() {
      connected = true;
    }

    @Override
    public void failed(ConnectFailure cause) {
      assertThat(cause).isEqualTo(ConnectFailure.REFUSED);
      refused = true;
    }

    @Override
    public void data(ByteBuf data) {
      byte[] part = new byte[data.readableBytes()];
      data.readBytes(part);
      data.release();
      bytes.writeBytes(part);
    }

    @Override
    public void flush() {}

    @Override
    public int room() {
      return room;
    }

    @Override
    public int burst() {
      return 1 << 16;
    }

    @Override
    public void drained() {
      drained++;
    }

    @Override
    public void end() {
      ended = true;
      atEnd.run();
    }

    @Override
    public void reset() {
      throw new AssertionError("reset");
    }
  }
}
