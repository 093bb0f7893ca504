package io.lanyard.config;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A mapping whose keys depend on the value of one of them.
 *
 * @param decider the key's name; every section has it, with the section's own name as its value
 * @param sections the kinds that there are
 * @param choice the choice among their names
 */
record Variants(String decider, List<Section> sections, Choice<String> choice)
    implements Form<Fields> {
  /**
   * Makes one.
   *
   * @param later names of the format that this version does not have, with a message for each
   */
  static Variants of(
      String decider, String noun, Map<String, String> later, List<Section> sections) {
    List<String> names = sections.stream().map(Section::name).toList();
    return new Variants(decider, sections, new Choice<>(noun, names, names, later));
  }

  @Override
  public @Nullable Fields read(Problems problems, String path, Place place, YamlNode node) {
    if (!(node instanceof YamlNode.Mapping mapping)) {
      problems.malformed(node.place(), path, "expected a mapping, found " + node.found());
      return null;
    }
    for (YamlNode.Entry entry : mapping.entries()) {
      if (entry.key().equals(decider)) {
        String inner = Fields.join(path, decider);
        String name = choice.read(problems, inner, entry.keyPlace(), entry.value());
        return name == null
            ? null
            : sections.get(choice.values().indexOf(name)).read(problems, path, place, node);
      }
    }
    problems.malformed(node.place(), path, "the key " + Quoted.quote(decider) + " is missing");
    return null;
  }
}
