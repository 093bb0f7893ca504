package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import io.lanyard.base.Timers;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Turns;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A network with a stopped clock, for services that answer through a peer. */
public final class SteppedLink implements GuestLink, Timers, Clock {
  private final @Nullable EventLoop loop;
  private final List<SteppedTimer> armed = new ArrayList<>();
  private final Turn noPort = new Turns(this, Runnable::run).unowned();
  private ByteBufAllocator allocator = UnpooledByteBufAllocator.DEFAULT;
  private long nanos = 1;
  private Instant wall = Instant.parse("2026-01-01T00:00:00Z");
  private long bootedAt;
  private String bootId = "boot-1";

  /** A network without a loop: nothing under test opens a socket. */
  public SteppedLink() {
    this(null);
  }

  /**
   * A network whose sockets live on a loop.
   *
   * @param loop the loop
   */
  public SteppedLink(@Nullable EventLoop loop) {
    this.loop = loop;
  }

  /**
   * Takes another allocator than Netty's.
   *
   * @param other the allocator
   */
  public void allocateFrom(ByteBufAllocator other) {
    allocator = other;
  }

  /**
   * Lets time pass, and the timers expire that are due.
   *
   * @param time how much
   */
  public void step(Duration time) {
    long end = nanos + time.toNanos();
    while (true) {
      SteppedTimer next =
          armed.stream().min(Comparator.comparingLong(timer -> timer.due)).orElse(null);
      if (next == null || next.due > end) {
        break;
      }
      advanceTo(Math.max(next.due, nanos));
      armed.remove(next);
      next.action.run();
    }
    advanceTo(end);
  }

  /**
   * Sets the wall clock, as an administrator does; timers do not care.
   *
   * @param time how far forward; negative for back
   */
  public void setClock(Duration time) {
    wall = wall.plus(time);
  }

  /**
   * Suspends the host: time passes that its monotonic clock does not count.
   *
   * @param time how long
   */
  public void suspend(Duration time) {
    wall = wall.plus(time);
    bootedAt -= time.toNanos();
  }

  /**
   * Boots the host again.
   *
   * @param down how long it was off
   */
  public void reboot(Duration down) {
    wall = wall.plus(down);
    armed.clear();
    bootedAt = nanos;
    bootId = bootId + "+";
  }

  @Override
  public long uptimeNanos() {
    return nanos - bootedAt;
  }

  @Override
  public String bootId() {
    return bootId;
  }

  private void advanceTo(long to) {
    wall = wall.plusNanos(to - nanos);
    nanos = to;
  }

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public Instant now() {
    return wall;
  }

  @Override
  public Timer create(Runnable action) {
    return new SteppedTimer(action);
  }

  @Override
  public Clock clock() {
    return this;
  }

  @Override
  public EventLoop loop() {
    if (loop == null) {
      throw new IllegalStateException("this network has no loop");
    }
    return loop;
  }

  @Override
  public Timers timers() {
    return this;
  }

  @Override
  public ByteBufAllocator allocator() {
    return allocator;
  }

  @Override
  public int mtu() {
    return 1500;
  }

  @Override
  public Address addressTowards(Address guest) {
    return Address.parse("192.168.127.2");
  }

  @Override
  public Neighbour neighbour(Address guest) {
    throw new UnsupportedOperationException("services answer through their peer");
  }

  @Override
  public Turn unlocatedTurn() {
    throw new UnsupportedOperationException("services open no sockets");
  }

  @Override
  public Turn turn(String port) {
    return noPort;
  }

  @Override
  public void send(ByteBuf frame, Neighbour guest) {
    throw new UnsupportedOperationException("services answer through their peer");
  }

  @Override
  public void flush() {}

  private final class SteppedTimer implements Timer {
    private final Runnable action;
    private long due;

    SteppedTimer(Runnable action) {
      this.action = action;
    }

    @Override
    public void arm(long delayNanos) {
      due = nanos + delayNanos;
      if (!armed.contains(this)) {
        armed.add(this);
      }
    }

    @Override
    public void cancel() {
      armed.remove(this);
    }

    @Override
    public boolean armed() {
      return armed.contains(this);
    }
  }
}
