package io.lanyard.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of this host that no socket has, for a test that opens one later or wants it closed.
 *
 * <p>The kernel chooses a port from 32,768 on for a socket that asks for none, so any connection of
 * another test may take a port that was free there a moment ago. These ports lie below. They also
 * lie below 20,000, where the guests of the tests have theirs, which the NAT keeps on the host.
 * Each process starts at a random place, and gives no port twice before it has given all.
 *
 * <p>Thread: any.
 */
public final class FreePorts {
  private static final int FIRST = 10_000;
  private static final int COUNT = 10_000;

  /** Behind the last that was given, counted from the first. */
  private static int next = ThreadLocalRandom.current().nextInt(COUNT);

  private FreePorts() {}

  /**
   * A port that is free for TCP and UDP, at all addresses of both families.
   *
   * @return not given before
   */
  public static int one() {
    return range(1);
  }

  /**
   * Some free ports, each of them like {@link #one}.
   *
   * @param count how many
   * @return all different
   */
  public static int[] some(int count) {
    int[] ports = new int[count];
    for (int i = 0; i < count; i++) {
      ports[i] = one();
    }
    return ports;
  }

  /**
   * Free ports that follow each other, each of them like {@link #one}.
   *
   * @param count how many
   * @return the first
   */
  public static synchronized int range(int count) {
    for (int tried = 0; tried < COUNT; tried += count) {
      int first = next + count > COUNT ? 0 : next;
      next = first + count;
      if (areFree(FIRST + first, count)) {
        return FIRST + first;
      }
    }
    throw new IllegalStateException("the host has no " + count + " free ports from " + FIRST);
  }

  private static boolean areFree(int first, int count) {
    for (int port = first; port < first + count; port++) {
      if (!isFree(port)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isFree(int port) {
    try (ServerSocket _ = new ServerSocket(port);
        DatagramSocket _ = new DatagramSocket(port)) {
      return true;
    } catch (BindException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
