package io.lanyard.cli;

import io.lanyard.image.PullProgress;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows a pull: a bar on a terminal, a line a step elsewhere, nothing when not wanted. */
final class PullBar implements PullProgress, AutoCloseable {
  private final boolean shown;
  private final boolean terminal = Terminal.isOn(2);
  private @Nullable ProgressBar bar;

  PullBar(boolean shown) {
    this.shown = shown;
  }

  @Override
  public void step(String name, long total) {
    finish();
    if (!shown) {
      return;
    }
    if (!terminal) {
      System.err.println(name + "...");
      return;
    }
    bar =
        new ProgressBarBuilder()
            .setTaskName(name)
            .setInitialMax(total)
            .setUnit(" MB", 1 << 20)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(200)
            .build();
  }

  @Override
  public void at(long done) {
    if (bar != null) {
      bar.stepTo(done);
    }
  }

  @Override
  public void close() {
    finish();
  }

  /** Leaves the present bar as it stands. */
  void finish() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
