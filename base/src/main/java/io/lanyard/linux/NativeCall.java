package io.lanyard.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/**
 * A function of the C library, called with up to six integers or pointers.
 *
 * <p>All functions share one shape, six {@code long}s that return a {@code long}, and so one method
 * handle: the JVM spins about 15 classes for each further shape, which cost the daemon's start 20
 * ms apiece. On the 64-bit ABIs of Linux (x86-64, AArch64, RISC-V) six integer arguments travel in
 * registers, the callee ignores those that it does not have, and an {@code int} is the lower half
 * of its register. That holds for the variadic functions here too, open(2), fcntl(2) and ioctl(2).
 *
 * <p>Addresses are native, and the caller makes sure that the memory is there: nothing is checked.
 *
 * <p>Thread: any; the error number is captured into memory of the calling thread.
 */
final class NativeCall {
  private static final Linker LINKER = Linker.nativeLinker();

  /**
   * The state that the JVM keeps of a call: on Linux, errno alone. It is read at offset 0, because
   * the JVM spins classes for a layout's {@code VarHandle}.
   */
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();

  private static final MethodHandle CALL = handle();

  /** One per thread, for as long as the thread lives. */
  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

  private NativeCall() {}

  @SuppressWarnings("restricted") // the daemon is given native access on its command line
  private static MethodHandle handle() {
    return LINKER.downcallHandle(
        FunctionDescriptor.of(
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
        Linker.Option.captureCallState("errno"));
  }

  /**
   * Looks a function up.
   *
   * @param name its name in the C library
   * @return the function, for {@link #toInt} and {@link #toLong}
   */
  static MemorySegment function(String name) {
    return LINKER.defaultLookup().findOrThrow(name);
  }

  /** Calls a function that returns an {@code int}: the result, or -errno where it is negative. */
  static int toInt(MemorySegment function, long a, long b, long c, long d, long e, long f) {
    MemorySegment state = STATE.get();
    int result = (int) call(function, state, a, b, c, d, e, f);
    return result >= 0 ? result : -errno(state);
  }

  /** Calls a function that returns a {@code long}: the result, or -errno where it is negative. */
  static long toLong(MemorySegment function, long a, long b, long c, long d, long e, long f) {
    MemorySegment state = STATE.get();
    long result = call(function, state, a, b, c, d, e, f);
    return result >= 0 ? result : -errno(state);
  }

  private static long call(
      MemorySegment function, MemorySegment state, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(function, state, a, b, c, d, e, f);
    } catch (Error pending) {
      throw pending; // not the function's own: of an access before it (SharedMemory)
    } catch (Throwable thrown) {
      throw new AssertionError("a native call threw", thrown);
    }
  }

  private static int errno(MemorySegment state) {
    return state.get(JAVA_INT, 0);
  }
}
