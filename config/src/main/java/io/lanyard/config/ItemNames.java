package io.lanyard.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Names the items of lists by what they are instead of by their place. A change has no lines that
 * anybody could count, so {@code ports[8]} of one says nothing, and {@code ports[web]} is also what
 * {@code lanyard config set} takes.
 */
final class ItemNames {
  private ItemNames() {}

  /**
   * A path in the form of {@link DocumentPath}.
   *
   * @param tree the document, in which the path counts the items
   * @param path with places in brackets
   * @return the path with identities; as it was if it leads to an item without one
   */
  static String in(YamlNode tree, String path) {
    try {
      List<String> named = new ArrayList<>();
      YamlNode node = tree;
      for (String step : new PathReader(path).steps()) {
        String name = step;
        YamlNode next = null;
        if (node instanceof YamlNode.Mapping mapping) {
          next = value(mapping, step);
        } else if (node instanceof YamlNode.Sequence list) {
          int place = ItemIdentity.place(step);
          next = place >= 0 && place < list.items().size() ? list.items().get(place) : null;
          ItemIdentity identity = ItemIdentity.ofContent(named);
          String own = identity == null || next == null ? null : identity.of(next);
          name = own == null ? step : own;
        }
        named.add(name);
        node = next;
      }
      return new DocumentPath(named).toString();
    } catch (IllegalArgumentException e) {
      return path; // a key that nobody could write in a path
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
}
