package io.lanyard.vmm.tck;

import static io.lanyard.vmm.tck.Bench.equal;
import static io.lanyard.vmm.tck.Bench.require;

import io.lanyard.vmm.Console;
import io.lanyard.vmm.Guest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The serial console: history, order, and bytes both ways. */
final class ConsoleChecks {
  private static final int LINES = 300;

  private final Fixture fixture;

  ConsoleChecks(Fixture fixture) {
    this.fixture = fixture;
  }

  List<Check> checks() {
    return List.of(
        new Check("who attaches late sees what went before", this::history),
        new Check("what is typed reaches the guest, in order and whole", this::echo),
        new Check("two listeners see the same, each from its place on", this::listeners),
        new Check("nothing comes after an attachment was closed", this::detached),
        new Check("a listener that throws harms nobody else", this::thrower),
        new Check("a guest that does not run takes no typing", this::notRunning));
  }

  /** Collects output. */
  private static final class Screen implements Console.Output {
    private final StringBuilder text = new StringBuilder();

    @Override
    public synchronized void accept(ByteBuffer bytes) {
      text.append(StandardCharsets.ISO_8859_1.decode(bytes));
    }

    synchronized String text() {
      return text.toString();
    }

    void await(String wanted) {
      Bench.await(
          () -> text().contains(wanted),
          "\"" + wanted + "\" on the console, which shows " + text());
    }
  }

  private static void type(Guest guest, String text) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    Bench.await(
        () -> {
          guest.console().write(bytes);
          return !bytes.hasRemaining();
        },
        "the guest to take what is typed");
  }

  private void history() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.echoing());
      Screen first = new Screen();
      guest.console().attach(first);
      first.await("ready");
      Screen late = new Screen();
      guest.console().attach(late);
      late.await("ready");
      guest.kill();
      Screen later = new Screen();
      guest.console().attach(later);
      later.await("ready");
    }
  }

  private void echo() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.echoing());
      Screen screen = new Screen();
      guest.console().attach(screen);
      screen.await("ready");
      StringBuilder all = new StringBuilder();
      for (int i = 0; i < LINES; i++) {
        all.append("line ").append(i).append(" of what was typed;");
      }
      type(guest, all.toString());
      screen.await(all.toString());
    }
  }

  private void listeners() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.echoing());
      Screen first = new Screen();
      guest.console().attach(first);
      first.await("ready");
      for (int i = 0; i < 10; i++) {
        type(guest, "(" + i + ")");
        Screen more = new Screen();
        guest.console().attach(more);
        first.await("(" + i + ")");
        more.await("(" + i + ")");
        Bench.await(() -> first.text().equals(more.text()), "both listeners to show the same");
      }
    }
  }

  private void detached() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.echoing());
      Screen gone = new Screen();
      Screen stays = new Screen();
      Console.Attachment attachment = guest.console().attach(gone);
      guest.console().attach(stays);
      gone.await("ready");
      attachment.close();
      attachment.close();
      String seen = gone.text();
      type(guest, "unseen");
      stays.await("unseen");
      equal(seen, gone.text(), "output after the attachment was closed");
    }
  }

  private void thrower() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.started(fixture.echoing());
      guest
          .console()
          .attach(bytes -> {
            throw new IllegalStateException("a listener that fails, on purpose");
          });
      Screen screen = new Screen();
      guest.console().attach(screen);
      screen.await("ready");
      type(guest, "still here");
      screen.await("still here");
    }
  }

  private void notRunning() throws Exception {
    try (Bench bench = new Bench(fixture)) {
      Guest guest = bench.create("one", fixture.echoing());
      ByteBuffer bytes = ByteBuffer.wrap(new byte[] {'x'});
      guest.console().write(bytes);
      require(bytes.remaining() == 1, "a guest that was never started took a byte");
    }
  }
}
