package io.lanyard.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lanyard apply}. */
@Command(
    name = "apply",
    description = {
      "Makes what runs what a file says, all or nothing. What does not change is not touched.",
      "Changes that were made by commands stay over the daemon's own file when it is applied again;"
          + " another file takes their place."
    })
final class ApplyCommand implements Callable<Integer> {
  @Mixin Change change = new Change();

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "- is standard input. Default: the daemon's own file, read again.")
  @Nullable String file;

  @Override
  public Integer call() {
    FileText text = FileText.of(file);
    Integer status =
        FileText.said(
            change.output,
            () ->
                change.send(
                    (daemon, options) -> daemon.configuration().apply(text.text(), options)));
    return status == null ? Lanyard.FAILED : status;
  }
}
