package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.StormLimits;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The far end is a second network with a loop of its own, and a port in memory there. */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
class PatchPortTest extends PortSuite {
  private final Patches patches = new Patches();
  private PatchPort here;

  /** A storm is one soon. */
  private static final PortRules RULES =
      new PortRules(
          PortRules.PLAIN.ingress(),
          PortRules.PLAIN.egress(),
          PortRules.PLAIN.reach(),
          PortRules.PLAIN.macLimit(),
          PortRules.PLAIN.holdsMacs(),
          new StormLimits(2000, 2000, 2000));

  @Override
  Port start() {
    here = new PatchPort("out", 1500, "far", "back", patches, context());
    network.attach(here, RULES);
    here.start();
    return here;
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitState(port, "no-carrier");
    FarNetwork far = new FarNetwork("far");
    far.patch("back", "suite", "out");
    awaitState(port, "up");
    return far;
  }

  @Override
  boolean guestsEndHasItsMtu() {
    return true;
  }

  /** A network on a thread of its own. */
  private final class FarNetwork implements Guest {
    private final LoopFaults faults = new LoopFaults("far", Clock.system());
    private final AfterBatch later = new AfterBatch(faults);
    private final MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(1, later.around(EpollIoHandler.newFactory()));
    private final IoEventLoop loop = group.next();
    private final Switch network;
    private final InMemoryPort host;
    private final PortContext context;
    private final BlockingQueue<byte[]> arrived = new LinkedBlockingQueue<>();

    FarNetwork(String name) throws Exception {
      var timers = on(() -> LoopAlarm.wheel(loop, Clock.system(), faults));
      network = on(() -> new Switch(name, timers, later, PooledByteBufAllocator.DEFAULT));
      host = on(() -> InMemoryPort.attached("host", Offloads.NONE, network));
      context =
          new PortContext(loop, timers, network, PooledByteBufAllocator.DEFAULT, Runnable::run);
    }

    <T> T on(Callable<T> task) throws Exception {
      return loop.submit(task).get(60, TimeUnit.SECONDS);
    }

    PatchPort patch(String name, String to, String peer) throws Exception {
      return on(() -> {
        PatchPort made = new PatchPort(name, 1500, to, peer, patches, context);
        network.attach(made);
        made.start();
        return made;
      });
    }

    Port port(String name) throws Exception {
      return on(() ->
          network.ports().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow());
    }

    void remove(Port port) throws Exception {
      on(() -> {
        network.detach(port);
        port.close();
        return 0;
      });
    }

    @Override
    public void send(byte[] frame) throws Exception {
      on(() -> {
        ByteBuf b = Frames.blank(frame.length);
        b.setBytes(OffloadHeader.LENGTH, frame);
        host.send(b);
        return 0;
      });
    }

    @Override
    public byte[] receive() throws Exception {
      for (long end = System.nanoTime() + 60_000_000_000L; arrived.isEmpty(); ) {
        assertThat(System.nanoTime()).as("a frame within 60 s").isLessThan(end);
        arrived.addAll(on(host::drain));
      }
      return arrived.take();
    }

    @Override
    public void close() throws Exception {
      on(() -> {
        for (Port port : List.copyOf(network.ports())) {
          network.detach(port);
          port.close();
        }
        network.close();
        return 0;
      });
      group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
    }
  }

  private FarNetwork far() {
    return (FarNetwork) guest;
  }

  @Test
  void anEndThatLeavesAndComesBackIsJoinedAgain() throws Exception {
    Port back = far().port("back");
    far().remove(back);
    awaitState(here, "no-carrier");
    assertThat(here.state().toString()).contains("network far has no patch port back");
    far().patch("back", "suite", "elsewhere");
    far().on(() -> 0);
    assertThat(onLoop(() -> here.state().hasCarrier())).isFalse(); // it leads elsewhere
    far().remove(far().port("back"));
    far().patch("back", "suite", "out");
    awaitState(here, "up");
  }

  @Test
  void aFullRingDropsAndCounts() throws Exception {
    far()
        .on(() -> {
          onLoop(() -> { // while the far loop is busy here
            for (int i = 0; i < 400; i++) {
              peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
            }
            return 0;
          });
          return 0;
        });
    assertThat(onLoop(() -> here.counters().transmitDrops(DropCause.QUEUE_FULL))).isEqualTo(144);
    for (int i = 0; i < 256; i++) {
      assertThat(far().receive()).hasSize(60);
    }
  }

  @Test
  void aLoopOfTwoPatchesIsHeldDownByStormControl() throws Exception {
    PatchPort second =
        onLoop(() -> {
          PatchPort made = new PatchPort("out2", 1500, "far", "back2", patches, context());
          network.attach(made);
          made.start();
          return made;
        });
    LogWatch.expect("broadcast-storm");
    far().patch("back2", "suite", "out2");
    awaitState(second, "up");
    onLoop(() -> {
      peer.send(Frames.ethernet(Ethernet.BROADCAST, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    try {
      awaitOnLoop(
          "the storm is held down",
          () -> {
            peer.clear();
            return here.counters().receiveDrops(DropCause.BROADCAST_STORM) > 0
                || second.counters().receiveDrops(DropCause.BROADCAST_STORM) > 0;
          });
    } finally {
      onLoop(() -> {
        network.detach(second);
        second.close();
        peer.clear();
        return 0;
      });
    }
  }

  @Override
  void randomFramesFromTheGuestHurtNobody() {
    // The far switch drops what is malformed, so that none of it comes by the patch.
  }
}
