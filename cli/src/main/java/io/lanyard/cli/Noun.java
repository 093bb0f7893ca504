package io.lanyard.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A noun of the command line, with its verbs.
 *
 * @param name as {@code forward}
 * @param description for the usage
 * @param verbs in the order of the usage
 */
record Noun(String name, String description, List<Verb> verbs) {
  /**
   * A verb.
   *
   * @param name as {@code add}
   * @param command its class, which has a constructor without arguments
   */
  record Verb(String name, Class<?> command) {}

  static Verb verb(String name, Class<?> command) {
    return new Verb(name, command);
  }

  static Noun of(String name, String description, Verb... verbs) {
    return new Noun(name, description, List.of(verbs));
  }

  /**
   * Adds the noun to a command line. Only the verb that is asked for, where one is: picocli looks
   * at every command by reflection, and a start should not pay for those that it does not run.
   */
  void addTo(CommandLine line, String asked) {
    CommandLine noun = new CommandLine(new Missing(this));
    noun.getCommandSpec().usageMessage().description(description).commandListHeading("Verbs:%n");
    line.addSubcommand(name, noun);
    for (Verb verb : verbs) {
      if (verb.name().equals(asked)) {
        noun.addSubcommand(verb.name(), verb.command());
        return;
      }
    }
    verbs.forEach(verb -> noun.addSubcommand(verb.name(), verb.command()));
  }

  /** A noun without a verb. */
  @Command(synopsisSubcommandLabel = "VERB")
  private static final class Missing implements Runnable {
    private final Noun noun;

    @Spec private CommandSpec spec = CommandSpec.create();

    Missing(Noun noun) {
      this.noun = noun;
    }

    @Override
    public void run() {
      throw new ParameterException(
          spec.commandLine(),
          "a verb is missing: "
              + String.join(", ", noun.verbs().stream().map(Verb::name).toList()));
    }
  }
}
