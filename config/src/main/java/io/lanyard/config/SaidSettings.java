package io.lanyard.config;

import java.util.ArrayList;
import java.util.List;

/** Lists the values that a tree says, with their origins. */
final class SaidSettings {
  private final String source;
  private final List<Setting> settings = new ArrayList<>();
  private final List<String> steps = new ArrayList<>();

  private SaidSettings(String source) {
    this.source = source;
  }

  /**
   * The values of a document.
   *
   * @param source the file's name
   */
  static List<Setting> of(String source, YamlNode root) {
    SaidSettings all = new SaidSettings(source);
    all.walk(root);
    return all.settings;
  }

  private void walk(YamlNode node) {
    if (node instanceof YamlNode.Mapping mapping && !mapping.entries().isEmpty()) {
      for (YamlNode.Entry entry : mapping.entries()) {
        below(entry.key(), entry.value());
      }
    } else if (node instanceof YamlNode.Sequence list
        && !list.items().stream().allMatch(YamlNode.Scalar.class::isInstance)) {
      ItemIdentity identity = ItemIdentity.ofContent(steps);
      for (int i = 0; i < list.items().size(); i++) {
        YamlNode item = list.items().get(i);
        String known = identity == null ? null : identity.of(item);
        below(known == null ? Integer.toString(i) : known, item);
      }
    } else if (!steps.isEmpty()) {
      settings.add(
          new Setting(new DocumentPath(steps), YamlText.inLine(node), origin(source, node)));
    }
  }

  private void below(String step, YamlNode node) {
    steps.add(ItemIdentity.canonicalStep(steps, step));
    walk(node);
    steps.removeLast();
  }

  /**
   * The origin of a value.
   *
   * @param source the file's name
   */
  static Origin origin(String source, YamlNode node) {
    Place place = node.place();
    Edit edit = place.edit();
    return edit == null
        ? new Origin.File(source, place.line(), place.column())
        : new Origin.Change(edit.who(), edit.when());
  }
}
