package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.Errno;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortListener;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.ScarceAllocator;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A port whose device, or the way to it, fails as no real device can be made to fail. */
@SuppressWarnings("NullAway.Init") // the port is set by each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DevicePortTest {
  private final Error onPurpose = new NoClassDefFoundError("on purpose");

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final IoEventLoop loop = group.next();
  private final SteppedTimers timers = new SteppedTimers();
  private final Switch network =
      new Switch("devices", timers, loop, PooledByteBufAllocator.DEFAULT);
  private final Source source = new Source();
  private DevicePort port;

  private void start(Executor blocking) throws Exception {
    start(new PortContext(loop, timers, network, PooledByteBufAllocator.DEFAULT, blocking));
  }

  private void start(PortContext context) throws Exception {
    onLoop(() -> {
      port = new DevicePort("tap", "tap", 1500, source, context);
      network.attach(port);
      port.start();
      return 0;
    });
  }

  @AfterEach
  void end() throws Exception {
    onLoop(() -> {
      network.detach(port);
      port.close();
      network.close();
      return 0;
    });
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
    assertThat(source.open).as("devices that are open").isZero();
  }

  private <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private void await(String label) throws Exception {
    await(() -> port.state().label().equals(label));
  }

  private void await(Callable<Boolean> condition) throws Exception {
    Await.until(() -> onLoop(condition));
  }

  /** Lets the port try again, or look after its device. */
  private void advance(int millis) throws Exception {
    onLoop(() -> {
      timers.advance(Duration.ofMillis(millis + 10));
      return 0;
    });
  }

  private String problem() throws Exception {
    await("failed");
    return onLoop(() -> port.state().problem());
  }

  @Test
  void anErrorWhileTheDeviceIsOpenedIsAReasonAndItIsTriedAgain() throws Exception {
    source.openFails = onPurpose;
    start(task -> Thread.ofVirtual().start(task));
    assertThat(problem()).contains("NoClassDefFoundError: on purpose");
    source.openFails = null;
    advance(DevicePort.FIRST_RETRY_MILLIS);
    await("up");
  }

  @Test
  void anErrorOfTheMadeDeviceClosesItAndIsAReason() throws Exception {
    source.addressFails = onPurpose;
    start(task -> Thread.ofVirtual().start(task));
    assertThat(problem()).contains("on purpose");
    assertThat(onLoop(() -> source.open)).isZero();
  }

  @Test
  void aHostWithoutThreadsIsAReasonAndItIsTriedAgain() throws Exception {
    boolean[] full = {true};
    start(task -> {
      if (full[0]) {
        throw new RejectedExecutionException("no thread is left");
      }
      task.run();
    });
    assertThat(problem()).contains("no thread is left");
    full[0] = false;
    advance(DevicePort.FIRST_RETRY_MILLIS);
    await("up");
    full[0] = true;
    advance(DevicePort.CHECK_MILLIS);
    assertThat(problem()).contains("replaced: no thread is left");
    full[0] = false;
    advance(DevicePort.FIRST_RETRY_MILLIS);
    await("up");
  }

  @Test
  void anErrorInTheLookWhetherTheDeviceWasReplacedIsAReasonAndItIsOpenedAgain() throws Exception {
    start(Runnable::run);
    await("up");
    source.replacedFails = onPurpose;
    advance(DevicePort.CHECK_MILLIS);
    assertThat(problem()).contains("on purpose");
    source.replacedFails = null;
    advance(DevicePort.FIRST_RETRY_MILLIS);
    await("up");
    advance(DevicePort.CHECK_MILLIS);
    await("up");
    assertThat(source.made).isEqualTo(2);
  }

  @Test
  void aDeviceWhoseFramesAlwaysThrowIsLostAndOpenedAgainLater() throws Exception {
    LogWatch.expect("loop-task-failed network=\"devices\" port=\"tap\"");
    source.readFails = new IllegalStateException("on purpose");
    start(Runnable::run);
    assertThat(problem()).contains("frames cannot be handed over: on purpose");
    int reads = onLoop(() -> source.reads);
    assertThat(reads).isGreaterThan(1); // once may happen
    source.readFails = null;
    advance(DevicePort.FIRST_RETRY_MILLIS);
    await("up");
    await(() -> source.reads > reads);
  }

  @Test
  void aDeviceWhoseFramesEndInAnErrorIsLostAtOnce() throws Exception {
    LogWatch.expect("loop-task-failed network=\"devices\" port=\"tap\"");
    source.readFails = onPurpose;
    start(Runnable::run);
    assertThat(problem()).contains("NoClassDefFoundError: on purpose");
    assertThat(onLoop(() -> source.reads)).isEqualTo(1);
  }

  @Test
  void aPortThatFindsNoMemoryForItsBuffersHasFailedAndKeepsNone() throws Exception {
    ScarceAllocator scarce = new ScarceAllocator(20);
    start(new PortContext(loop, timers, network, scarce, Runnable::run));
    assertThat(problem()).contains("no memory is left");
    assertThat(scarce.held()).isZero();
    scarce.grant(1000);
    advance(DevicePort.FIRST_RETRY_MILLIS);
    await("up");
  }

  @Test
  void aLookThatFindsNoCarrierIsTheStateUntilAnotherFindsOne() throws Exception {
    start(Runnable::run);
    await("up");
    assertThat(onLoop(port::limitation)).isEqualTo("no way to the host");
    source.down = "no link";
    source.missed = 7;
    advance(DevicePort.CHECK_MILLIS);
    await("no-carrier");
    assertThat(onLoop(port::limitation)).isEqualTo("no link");
    assertThat(port.counters().receiveDrops(DropCause.NO_BUFFERS)).isEqualTo(7);
    source.down = "";
    advance(DevicePort.CHECK_MILLIS);
    await("up");
    assertThat(source.made).isEqualTo(1);
  }

  @Test
  void anotherAddressOfTheDeviceIsToldOnce() throws Exception {
    List<String> told = new ArrayList<>();
    start(Runnable::run);
    await("up");
    onLoop(() -> {
      port.addListener(
          new PortListener() {
            @Override
            public void stateChanged(Port changed, PortState before, PortState now) {}

            @Override
            public void addressChanged(Port changed) {
              told.add(Long.toHexString(port.hardwareAddress()));
            }
          });
      return 0;
    });
    source.mac = 0x525400000002L;
    advance(DevicePort.CHECK_MILLIS);
    advance(DevicePort.CHECK_MILLIS);
    assertThat(onLoop(() -> List.copyOf(told))).containsExactly("525400000002");
    assertThat(source.made).isEqualTo(1);
  }

  /** An event of the device may wait in the present batch; it must not meet another's number. */
  @Test
  void theNumberOfAClosedDeviceStaysTakenUntilTheBatchIsOver() throws Exception {
    start(Runnable::run);
    await("up");
    int number = source.number;
    assertThat(
            onLoop(() -> {
              port.close();
              return numbersGiven(number);
            }))
        .doesNotContain(number);
  }

  /** The numbers that descriptors get now, up to one and a few more. */
  private static List<Integer> numbersGiven(int upTo) throws IOException {
    List<FileDescriptor> made = new ArrayList<>();
    while (made.isEmpty() || made.getLast().intValue() <= upTo + 2) {
      made.addAll(List.of(FileDescriptor.pipe()));
    }
    for (FileDescriptor each : made) {
      each.close();
    }
    return made.stream().map(FileDescriptor::intValue).toList();
  }

  /** Opens devices that are always ready and have no frame, or fails. */
  private static final class Source implements DeviceSource {
    private volatile @Nullable Throwable openFails;
    private volatile @Nullable Throwable addressFails;
    private volatile @Nullable Throwable replacedFails;
    private volatile @Nullable Throwable readFails;
    private volatile @Nullable String down;
    private volatile int missed;
    private volatile long mac;
    private int open;
    private int made;
    private int reads;
    private int number;

    private static void fail(@Nullable Throwable cause) {
      switch (cause) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalStateException(cause);
      }
    }

    @Override
    public FrameDevice open(long mac, PortBuffers buffers) throws IOException {
      fail(openFails);
      return new Device(this);
    }

    @Override
    public boolean mayBeReplaced() {
      return true;
    }

    @Override
    public Look look(FrameDevice device) {
      fail(replacedFails);
      return new Look("", down, mac);
    }
  }

  /** The end of a pipe that has a byte in it, which nobody reads. */
  private static final class Device implements FrameDevice {
    private final Source source;
    private final FileDescriptor[] pipe;
    private boolean closed;

    Device(Source source) throws IOException {
      this.source = source;
      pipe = FileDescriptor.pipe();
      pipe[1].write(ByteBuffer.allocateDirect(1), 0, 1);
      source.made++;
      source.number = pipe[0].intValue();
      source.open++;
    }

    @Override
    public String name() {
      return "pipe";
    }

    @Override
    public int fd() {
      return pipe[0].intValue();
    }

    @Override
    public int read(long vectors, int count) {
      source.reads++;
      Source.fail(source.readFails);
      return -Errno.EAGAIN;
    }

    @Override
    public int write(Passage passage, long address, int length) {
      return length;
    }

    @Override
    public boolean isGone(int errno) {
      return false;
    }

    @Override
    public boolean isDown(int errno) {
      return false;
    }

    @Override
    public boolean tellsCarrier() {
      return false;
    }

    @Override
    public String downReason() {
      return "";
    }

    @Override
    public int missed() {
      return source.missed;
    }

    @Override
    public String limitation() {
      return "no way to the host";
    }

    @Override
    public Offloads offloads() {
      return Offloads.NONE;
    }

    @Override
    public long hardwareAddress() {
      Source.fail(source.addressFails);
      return 0x525400000001L;
    }

    @Override
    public void close() {
      if (closed) {
        return;
      }
      closed = true;
      source.open--;
      try {
        pipe[0].close();
        pipe[1].close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
