package io.lanyard.daemon.adversary;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Attacks that go on at once, each by its own port. */
final class Assault implements AutoCloseable {
  private final List<Hostile> hostiles = new ArrayList<>();
  private final List<FutureTask<Hostile>> acting = new ArrayList<>();

  /** Connects the attackers, and has them act until they are closed. */
  Assault(DaemonUnderAttack daemon, List<Attack> attacks, Victim victim) throws IOException {
    try {
      for (Attack attack : attacks) {
        hostiles.add(daemon.hostile(attack, victim));
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
    for (Hostile hostile : hostiles) {
      acting.add(
          Background.begin(
              "hostile",
              () -> {
                hostile.act();
                return hostile;
              }));
    }
  }

  /** Fails if one of them has ended, with what ended it: they should go on. */
  void assertGoesOn() throws ExecutionException, InterruptedException {
    for (FutureTask<Hostile> one : acting) {
      if (one.isDone()) {
        throw new AssertionError("an attacker has ended by itself: " + one.get());
      }
    }
  }

  /** Has them all go on as fast as their ports take it. */
  void wantAll() {
    hostiles.forEach(Hostile::wantAll);
  }

  @Override
  public void close() throws IOException {
    for (Hostile hostile : hostiles) {
      hostile.close();
    }
  }
}
