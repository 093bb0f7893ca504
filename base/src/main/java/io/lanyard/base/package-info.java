/**
 * The foundation of every module, and nothing that only some of them need. It knows the JDK alone.
 *
 * <p><b>Time.</b> A {@link io.lanyard.base.Clock} is injected everywhere. {@link
 * io.lanyard.base.TimerWheel} turns it into {@link io.lanyard.base.Timers} that cost nothing while
 * they are pushed back; the wheel says when it next has work and looks when it is told to, so that
 * a thread, an event loop or a test can drive it:
 *
 * <pre>
 *   create ---> idle --arm--> armed --expire--> idle
 *                 ^             |  ^
 *                 +---cancel----+  +--arm: moved
 * </pre>
 *
 * <p><b>What happened</b> is in {@link io.lanyard.base.Counters}, one to each constant of an enum,
 * and every part shows itself as a {@link io.lanyard.base.DumpNode} of one tree.
 *
 * <p><b>The log.</b> A line is a {@link io.lanyard.base.LogEvent}: a name, keys, quoted values. A
 * line that a guest can cause goes through a {@link io.lanyard.base.RateLimitedLog}.
 *
 * <p><b>This host and this build</b>: {@link io.lanyard.base.Directories} says where a user's
 * daemon keeps its files, on which the daemon and its clients have to agree, {@link
 * io.lanyard.base.BuildVersion} which Lanyard this is, {@link io.lanyard.base.Causes} what an
 * exception means.
 */
package io.lanyard.base;
