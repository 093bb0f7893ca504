package io.lanyard.base;

/**
 * A component that runs from its start to its end: its constructor makes it, {@link #start} starts
 * it, {@link #close} ends it.
 *
 * <p>A start does not fail. A component that cannot run yet says so in its state, with the remedy,
 * and tries again by itself.
 */
public interface LifeCycle extends AutoCloseable {
  /** Starts the component. Does not block; called once. */
  void start();

  /** Ends the component and gives back all that it holds. A second call does nothing. */
  @Override
  void close();
}
