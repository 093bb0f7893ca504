package io.lanyard.vswitch.port;

import io.lanyard.base.Timers;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEventLoop;
import java.util.concurrent.Executor;

/**
 * The objects that a network lends to its ports.
 *
 * @param loop the network's loop, one whose I/O is epoll
 * @param timers the network's timers
 * @param network the switch that the ports are attached to
 * @param allocator where frames are kept; direct and pooled
 * @param blocking runs what may wait: opening a device, entering a namespace
 */
public record PortContext(
    IoEventLoop loop,
    Timers timers,
    Switch network,
    ByteBufAllocator allocator,
    Executor blocking) {}
