package io.lanyard.nat.tcp;

import io.lanyard.base.Timers;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowQuota;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.TestStations;
import io.lanyard.nat.tls.ClientHello;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A link that hands every frame to a test. */
final class TestLink implements GuestLink, TcpHost {
  final StoppedTimers timers;
  final FlowTable flows;

  /** Counts every byte, so that a leak shows at once; the detector is far too slow for this. */
  final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);

  /** There is no memory. */
  boolean starving;

  int mtu = 1500;

  int flushes;
  @Nullable IcmpReason reported;
  @Nullable Flow reportedFlow;
  long reportedTransport;
  Consumer<ByteBuf> sink = frame -> {};

  TestLink(StoppedTimers timers, FlowQuota quota) {
    this.timers = timers;
    flows = new FlowTable("test", timers, quota, 42);
  }

  @Override
  public EventLoop loop() {
    throw new UnsupportedOperationException("no sockets in this test");
  }

  @Override
  public Timers timers() {
    return timers;
  }

  @Override
  public ByteBufAllocator allocator() {
    return starving ? nothing() : allocator;
  }

  private static ByteBufAllocator nothing() {
    return (ByteBufAllocator)
        Proxy.newProxyInstance(
            TestLink.class.getClassLoader(),
            new Class<?>[] {ByteBufAllocator.class},
            (proxy, method, arguments) -> {
              throw refusal();
            });
  }

  /** The error of Netty's allocator at its limit; nobody else is meant to make one. */
  private static OutOfDirectMemoryError refusal() throws ReflectiveOperationException {
    var constructor = OutOfDirectMemoryError.class.getDeclaredConstructor(String.class);
    constructor.setAccessible(true);
    return constructor.newInstance("on purpose");
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public Address addressTowards(Address guest) {
    return (guest.isIpv4() ? Family.IPV4 : Family.IPV6).serverAddress;
  }

  @Override
  public Neighbour neighbour(Address guest) {
    return TestStations.table().neighbours().at(guest);
  }

  @Override
  public Turn unlocatedTurn() {
    return TestStations.table().unlocatedTurn();
  }

  @Override
  public Turn turn(String port) {
    return unlocatedTurn();
  }

  @Override
  public void send(ByteBuf frame, Neighbour guest) {
    frame.setShort(frame.readerIndex() + 24, Family.of(frame) == Family.IPV4 ? 0x0800 : 0x86dd);
    sink.accept(frame);
  }

  @Override
  public void flush() {
    flushes++;
  }

  @Override
  public void unreachable(IcmpReason reason, Flow flow, Neighbour guest, long transport) {
    reported = reason;
    reportedFlow = flow;
    reportedTransport = transport;
  }

  @Override
  public Grant admits(Packet syn, int port) {
    return Grant.BY_ADDRESS;
  }

  @Override
  public boolean admits(Packet segment, Flow flow) {
    return true;
  }

  @Override
  public boolean admits(Flow flow, PortBudget by, ClientHello hello) {
    return true;
  }

  @Override
  public FlowTable flows() {
    return flows;
  }
}
