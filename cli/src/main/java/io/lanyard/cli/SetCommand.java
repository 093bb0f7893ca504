package io.lanyard.cli;

import io.lanyard.config.DocumentPath;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard NOUN set}: gives keys of a thing values, or their defaults. */
abstract class SetCommand implements Callable<Integer> {
  @Mixin Change change = new Change();

  @Option(names = "--unset", paramLabel = "KEY", description = "Give this key its default.")
  List<String> unset = new ArrayList<>();

  /** The thing, which has to be there. */
  abstract Target target();

  /** The arguments {@code KEY=VALUE}. */
  abstract List<String> keys();

  /** Where the keys of a thing begin. */
  DocumentPath base(Target target) {
    return target.path();
  }

  /** The values as the configuration has them. */
  List<KeyValue> values(List<KeyValue> said) {
    return said;
  }

  /** The thing as the present configuration has it. */
  Target target(Effective present) {
    Target target = target();
    Change.require(present, target);
    return target;
  }

  @Override
  public Integer call() {
    List<KeyValue> values = values(change.pairs(keys()));
    return change.make(present -> {
      DocumentPath base = base(target(present));
      return new Edits().setAll(base, values).unsetAll(base, unset);
    });
  }

  /** Of a thing with one name. */
  abstract static class OfOneName extends SetCommand {
    @Parameters(
        index = "1..*",
        arity = "0..*",
        paramLabel = "KEY=VALUE",
        description = "A key of the file, below the thing.")
    List<String> keys = new ArrayList<>();

    @Override
    List<String> keys() {
      return keys;
    }
  }

  /** Of a thing on a network. */
  abstract static class OfNetwork extends SetCommand {
    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(
        index = "2..*",
        arity = "0..*",
        paramLabel = "KEY=VALUE",
        description = "A key of the file, below the thing.")
    List<String> keys = new ArrayList<>();

    @Override
    List<String> keys() {
      return keys;
    }
  }
}
