package io.lanyard.cli;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The text of a command's help, in which examples stay in one piece whatever the width is. */
final class UsageText {
  /** The first example of a description begins so. */
  static final String EXAMPLE = "For example: lanyard ";

  /** Each further one. */
  static final String ANOTHER = "             lanyard ";

  private UsageText() {}

  /** Sets it up for a command and all below it. */
  static void of(CommandLine line) {
    Map<String, IHelpSectionRenderer> sections = new HashMap<>(line.getHelpSectionMap());
    sections.put(UsageMessageSpec.SECTION_KEY_DESCRIPTION, UsageText::description);
    line.setHelpSectionMap(sections);
  }

  /** The description as wide as it may be, but for the examples, which are there to be pasted. */
  private static String description(Help help) {
    UsageMessageSpec usage = help.commandSpec().usageMessage();
    StringBuilder text = new StringBuilder();
    for (String line : List.of(usage.description())) {
      if (line.startsWith(EXAMPLE) || line.startsWith(ANOTHER)) {
        text.append(line.formatted()).append('\n');
      } else {
        Help.join(
            help.ansi(),
            usage.width(),
            usage.adjustLineBreaksForWideCJKCharacters(),
            new String[] {line},
            text);
      }
    }
    return text.toString();
  }
}
