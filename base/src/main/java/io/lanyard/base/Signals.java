package io.lanyard.base;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * The process's reaction to a signal that would end it otherwise.
 *
 * <p>The JDK's way to do that, {@code sun.misc.Signal}, is there for everybody but counts as
 * internal, so that compiling against it is a warning that nothing turns off: hence by reflection.
 *
 * <p>Thread: any.
 */
public final class Signals {
  private Signals() {}

  /**
   * Does something on a signal instead of ending.
   *
   * @param name without {@code SIG}
   * @param action runs on a thread of its own, each time that the signal comes
   */
  public static void on(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> listener = Class.forName("sun.misc.SignalHandler");
      InvocationHandler handler =
          (proxy, method, arguments) -> {
            action.run();
            return null;
          };
      Object listening =
          Proxy.newProxyInstance(listener.getClassLoader(), new Class<?>[] {listener}, handler);
      var _ =
          signal
              .getMethod("handle", signal, listener)
              .invoke(null, signal.getConstructor(String.class).newInstance(name), listening);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      // Another JVM, or one that was told to leave signals alone (-Xrs): the signal ends the
      // process as usual, which is clean too.
      LogEvent.of("signal-not-handled")
          .with("signal", name)
          .log(System.getLogger(Signals.class.getName()), System.Logger.Level.DEBUG, e);
    }
  }
}
