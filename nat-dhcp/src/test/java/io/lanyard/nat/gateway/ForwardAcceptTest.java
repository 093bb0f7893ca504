package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ForwardConfig;
import io.lanyard.config.ForwardConfig.ToAddress;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.forward.ForwardStatus;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.testing.FewDescriptors;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.AcceptFailures;
import io.lanyard.vswitch.LoadedClasses;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A forward whose port is open while the process has no descriptor for a client. */
@Timeout(240)
class ForwardAcceptTest {
  private static final ForwardConfig FORWARD =
      new ForwardConfig(
          null,
          Transport.TCP,
          new Endpoint(Address.LOOPBACK_IPV4, 0),
          new ToAddress("guest", Address.ofIpv4(TestNetwork.GUEST), 80),
          1);

  /** As much as a timer may be late. */
  private static final Duration TICK = Duration.ofMillis(100);

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final EventLoop loop = group.next();
  private final TestNetwork net = new TestNetwork(loop);
  private final NatNetwork nat;

  ForwardAcceptTest() throws Exception {
    nat =
        on(() ->
            TestNetworks.inward(
                loop,
                net.network,
                net.timers,
                PooledByteBufAllocator.DEFAULT,
                TestNetworks.forwards(TestNetwork.config(), FORWARD),
                HostResources.alone(),
                nic -> null));
  }

  @AfterEach
  void close() throws Exception {
    on(() -> {
      nat.close();
      net.guest.close();
      net.network.close();
      return true;
    });
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  private <T> T on(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private ForwardStatus await(Predicate<ForwardStatus> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      ForwardStatus status = on(() -> nat.forwards().list().getFirst());
      if (condition.test(status)) {
        return status;
      }
      assertThat(System.nanoTime()).as(status.toString()).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private void pause() throws Exception {
    on(() -> {
      net.timers.advance(Duration.ofSeconds(AcceptFailures.PAUSE_SECONDS).plus(TICK));
      return true;
    });
  }

  private SocketChannel connect(SocketChannel client, int port) throws Exception {
    client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    return client;
  }

  private ForwardStatus add(Address at) throws Exception {
    ForwardConfig forward =
        new ForwardConfig(null, Transport.TCP, new Endpoint(at, 0), FORWARD.to(), 1);
    CompletableFuture<ForwardStatus> heard = new CompletableFuture<>();
    on(() ->
        nat.forwards()
            .add(forward)
            .thenAccept(status -> {
              assertThat(loop.inEventLoop()).isTrue();
              heard.complete(status);
            })
            .whenComplete((_, thrown) -> {
              if (thrown != null) {
                heard.completeExceptionally(thrown);
              }
            }));
    return heard.get(60, TimeUnit.SECONDS);
  }

  /** Netty itself tells of a socket that could not be made on a thread of its own. */
  @Test
  void aForwardWithoutADescriptorForItsPortHearsOfThatOnTheLoop() throws Exception {
    LogWatch.expect("event=forward-failed .*192.0.2.1");
    LogWatch.expect("event=forward-failed .*no descriptors are left");
    assertThat(add(Address.parse("192.0.2.1")).listening()).isFalse(); // its classes are loaded now
    try (FewDescriptors few = new FewDescriptors()) {
      few.begin();
      ForwardStatus added = add(Address.parse("127.0.0.2"));
      few.end();
      assertThat(added.listening()).isFalse();
      assertThat(added.problem()).contains("no descriptors are left");
    }
  }

  @Test
  void aForwardThatCannotAcceptListensAndSaysWhatIsMissing() throws Exception {
    LogWatch.expect("event=forward-cannot-accept .*Too many open files.*LimitNOFILE");
    LoadedClasses.ofAcceptFailures();
    int port = await(status -> status.listening() && status.port() != 0).port();
    try (FewDescriptors few = new FewDescriptors();
        SocketChannel loadsClasses = connect(SocketChannel.open(), port);
        SocketChannel late = SocketChannel.open()) {
      await(status -> status.accepted() == 1);
      few.begin();
      connect(late, port);
      ForwardStatus failing = await(status -> status.problem() != null);
      assertThat(failing.listening()).isTrue();
      assertThat(failing.problem()).contains("no client can be accepted", "LimitNOFILE");
      few.end();
      pause();
      assertThat(on(() -> nat.forwards().list().getFirst().accepted())).isEqualTo(2);
      pause();
      assertThat(on(() -> nat.forwards().list().getFirst().problem())).isNull();
      assertThat(loadsClasses.isOpen()).isTrue();
    }
    assertThat(LogWatch.count("event=forward-cannot-accept")).isEqualTo(1);
  }
}
