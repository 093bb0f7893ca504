package io.lanyard.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lists all values of a configuration, in the order of the reference: those that a tree says, and
 * the defaults of keys that it leaves out. What is inherited from a port group or a network is
 * listed with the place where it is said. A default that depends on other values is what it comes
 * to, or in words and parentheses where only the daemon knows.
 */
final class SettingsWithDefaults {
  private static final Origin DEFAULT = new Origin.Default();

  private final String source;
  private final Inheritance inheritance;
  private final Configuration configuration;
  private final List<Setting> settings = new ArrayList<>();
  private final List<String> steps = new ArrayList<>();

  private SettingsWithDefaults(String source, YamlNode root, Configuration configuration) {
    this.source = source;
    this.inheritance = new Inheritance(root);
    this.configuration = configuration;
  }

  /**
   * All values of a document.
   *
   * @param source the file's name
   * @param root the document's tree
   * @param configuration what it comes to
   */
  static List<Setting> of(String source, YamlNode root, Configuration configuration) {
    SettingsWithDefaults all = new SettingsWithDefaults(source, root, configuration);
    all.said(Configuration.Keys.SECTION, root);
    return all.settings;
  }

  private void section(Section section, YamlNode.@Nullable Mapping mapping) {
    for (Key<?> key : section.keys()) {
      YamlNode value = mapping == null ? null : value(mapping, key.name());
      steps.add(key.name());
      if (value != null) {
        said(key.form(), value);
      } else if (!isRefused(section, key, mapping)) {
        unsaid(key);
      }
      steps.removeLast();
    }
  }

  private static @Nullable YamlNode value(YamlNode.Mapping mapping, String key) {
    for (YamlNode.Entry entry : mapping.entries()) {
      if (entry.key().equals(key)) {
        return entry.value();
      }
    }
    return null;
  }

  /** Whether the mapping cannot have the key, because of what other keys are there. */
  private static boolean isRefused(
      Section section, Key<?> key, YamlNode.@Nullable Mapping mapping) {
    for (KeyRule rule : section.rules()) {
      boolean refuses =
          switch (rule) {
            case KeyRule.ExactlyOne(List<Key<?>> keys) -> keys.contains(key);
            case KeyRule.AtMostOne(List<Key<?>> keys) ->
                keys.contains(key) && keys.stream().anyMatch(other -> has(mapping, other));
            case KeyRule.OnlyWith(Key<?> one, Key<?> other, String _) ->
                one == key && !has(mapping, other);
            case KeyRule.NotWith(Key<?> one, Key<?> other, String _) ->
                one == key && has(mapping, other);
            case KeyRule.NotWhere(Key<?> one, Key<?> decider, String word, String _) ->
                one == key
                    && mapping != null
                    && value(mapping, decider.name()) instanceof YamlNode.Scalar scalar
                    && scalar.text().equals(word);
            case KeyRule.AtLeastOne _, KeyRule.NeededWhere _ -> false;
          };
      if (refuses) {
        return true;
      }
    }
    return false;
  }

  private static boolean has(YamlNode.@Nullable Mapping mapping, Key<?> key) {
    return mapping != null && value(mapping, key.name()) != null;
  }

  private void said(Form<?> form, YamlNode node) {
    switch (node) {
      case YamlNode.Mapping mapping -> {
        Section section = section(form, mapping);
        if (section != null) {
          section(section, mapping);
        } else if (form instanceof Form.NamedMap<?> named && !mapping.entries().isEmpty()) {
          mapping.entries().forEach(entry -> below(entry.key(), named.value(), entry.value()));
        } else {
          add(node);
        }
      }
      case YamlNode.Sequence list
          when form instanceof Form.ListOf<?> items
              && !items.sections().isEmpty()
              && !list.items().isEmpty() -> {
        ItemIdentity identity = ItemIdentity.ofContent(steps);
        for (int i = 0; i < list.items().size(); i++) {
          YamlNode item = list.items().get(i);
          String known = identity == null ? null : identity.of(item);
          below(known == null ? Integer.toString(i) : known, items.item(), item);
        }
      }
      default -> add(node);
    }
  }

  /** The section of a mapping; null if it has none. */
  private static @Nullable Section section(Form<?> form, YamlNode.Mapping mapping) {
    return switch (form) {
      case Section section -> section;
      case Form.OffOr(Section section, boolean _) -> section;
      case Variants variants ->
          value(mapping, variants.decider()) instanceof YamlNode.Scalar scalar
              ? variants.sections().get(variants.choice().words().indexOf(scalar.text()))
              : null;
      default -> null;
    };
  }

  private void below(String step, Form<?> form, YamlNode node) {
    steps.add(ItemIdentity.canonicalStep(steps, step));
    said(form, node);
    steps.removeLast();
  }

  private void add(YamlNode node) {
    settings.add(
        new Setting(
            new DocumentPath(steps), YamlText.inLine(node), SaidSettings.origin(source, node)));
  }

  private <T> void unsaid(Key<T> key) {
    if (key.form().sections().size() == 1 && key.unlessSaid().equals(Key.DEFAULTS_OF_ITS_KEYS)) {
      section(key.form().sections().getFirst(), null);
      return;
    }
    Inheritance.Found inherited = inheritance.of(steps);
    if (inherited != null) {
      settings.add(
          new Setting(
              new DocumentPath(steps),
              YamlText.inLine(inherited.value()),
              new Origin.Inherited(
                  inherited.from(), SaidSettings.origin(source, inherited.value()))));
      return;
    }
    String value =
        key.hasDefault()
            ? key.form().text(key.otherwise())
            : DerivedDefaults.of(configuration, steps);
    settings.add(
        new Setting(
            new DocumentPath(steps),
            value == null ? "(" + key.unlessSaid().replace("`", "") + ")" : value,
            DEFAULT));
  }
}
