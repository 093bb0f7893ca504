package io.lanyard.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the place of a value in a document, or of what is around it. */
final class PlaceFinder {
  private PlaceFinder() {}

  /** The place that a path leads to: as far as it leads. */
  static Place find(YamlNode tree, List<String> steps) {
    YamlNode node = tree;
    for (int i = 0; i < steps.size(); i++) {
      YamlNode next = below(node, steps.subList(0, i), steps.get(i));
      if (next == null) {
        return node.place();
      }
      node = next;
    }
    return node.place();
  }

  private static @Nullable YamlNode below(YamlNode node, List<String> above, String step) {
    return switch (node) {
      case YamlNode.Mapping(List<YamlNode.Entry> entries, Place _) ->
          entries.stream()
              .filter(entry -> ItemIdentity.canonicalStep(above, entry.key()).equals(step))
              .findFirst()
              .map(YamlNode.Entry::value)
              .orElse(null);
      case YamlNode.Sequence(List<YamlNode> items, Place _) -> {
        int place = ItemIdentity.place(step);
        ItemIdentity identity = ItemIdentity.ofContent(above);
        if (identity == null) {
          yield place >= 0 && place < items.size() ? items.get(place) : null;
        }
        yield items.stream()
            .filter(item -> step.equals(identity.of(item)))
            .findFirst()
            .orElse(null);
      }
      case YamlNode.Scalar _ -> null;
    };
  }
}
