package io.lanyard.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds, sets and removes values of a tree by their path. Trees are never changed: a new one shares
 * all that is not on the path.
 */
final class Overlay {
  private final DocumentPath path;
  private final List<String> steps;
  private final Place place;
  private final Problems problems;

  private Overlay(DocumentPath path, Place place, Problems problems) {
    this.path = path;
    this.steps = path.steps();
    this.place = place;
    this.problems = problems;
  }

  /** The value at a path, or null if there is none. */
  static @Nullable YamlNode find(YamlNode root, DocumentPath path) {
    YamlNode node = root;
    for (int i = 0; i < path.steps().size(); i++) {
      node = child(node, path.steps(), i);
      if (node == null) {
        return null;
      }
    }
    return node;
  }

  private static @Nullable YamlNode child(YamlNode node, List<String> steps, int i) {
    if (node instanceof YamlNode.Mapping mapping) {
      int at = entry(mapping, steps, i);
      return at < 0 ? null : mapping.entries().get(at).value();
    }
    if (node instanceof YamlNode.Sequence list) {
      int at = item(list, steps, i);
      return at < 0 ? null : list.items().get(at);
    }
    return null;
  }

  private static int entry(YamlNode.Mapping mapping, List<String> steps, int i) {
    List<YamlNode.Entry> entries = mapping.entries();
    String step = steps.get(i);
    // Asked once for all keys, of which a mapping of names may have thousands.
    ItemIdentity.StepForm form = ItemIdentity.formBelow(steps.subList(0, i));
    for (int at = 0; at < entries.size(); at++) {
      if (form.of(entries.get(at).key()).equals(step)) {
        return at;
      }
    }
    return -1;
  }

  private static int item(YamlNode.Sequence list, List<String> steps, int i) {
    ItemIdentity identity = ItemIdentity.ofContent(steps.subList(0, i));
    List<YamlNode> items = list.items();
    if (identity == null) {
      int at = ItemIdentity.place(steps.get(i));
      return at < items.size() ? at : -1;
    }
    for (int at = 0; at < items.size(); at++) {
      if (identity.isOf(items.get(at), steps.get(i))) {
        return at;
      }
    }
    return -1;
  }

  /**
   * The number of steps that lead to the first list on a path whose items are known by their place;
   * 0 if there is none.
   */
  static int orderedList(YamlNode root, DocumentPath path) {
    List<String> steps = path.steps();
    YamlNode node = root;
    for (int i = 0; i < steps.size(); i++) {
      List<String> above = steps.subList(0, i);
      boolean isList = ItemIdentity.of(above) != null || node instanceof YamlNode.Sequence;
      if (isList && ItemIdentity.ofContent(above) == null) {
        return i;
      }
      boolean isLast = i + 1 == steps.size();
      node = node == null || isLast ? null : child(node, steps, i);
    }
    return 0;
  }

  /**
   * Sets a value; mappings and items that lead to it are made where they are missing.
   *
   * @param place stands for what is made
   * @return the new tree, or null after a problem
   */
  static @Nullable YamlNode set(
      YamlNode root, DocumentPath path, YamlNode value, Place place, Problems problems) {
    return new Overlay(path, place, problems).set(root, 0, value);
  }

  private @Nullable YamlNode set(@Nullable YamlNode node, int i, YamlNode value) {
    if (i == steps.size()) {
      return value;
    }
    if (node == null || (node instanceof YamlNode.Scalar scalar && scalar.isNull())) {
      ItemIdentity identity = ItemIdentity.of(steps.subList(0, i));
      node =
          identity == null
              ? new YamlNode.Mapping(List.of(), place)
              : new YamlNode.Sequence(List.of(), place);
    }
    if (node instanceof YamlNode.Mapping mapping) {
      return setEntry(mapping, i, value);
    }
    if (node instanceof YamlNode.Sequence list) {
      return setItem(list, i, value);
    }
    return problem(above(i) + " is " + node.found() + " and has nothing below it");
  }

  private @Nullable YamlNode setEntry(YamlNode.Mapping mapping, int i, YamlNode value) {
    int at = entry(mapping, steps, i);
    YamlNode.Entry old = at < 0 ? null : mapping.entries().get(at);
    YamlNode inner = set(old == null ? null : old.value(), i + 1, value);
    if (inner == null) {
      return null;
    }
    boolean isWhole = i + 1 == steps.size();
    List<YamlNode.Entry> entries = new ArrayList<>(mapping.entries());
    if (old == null) {
      entries.add(new YamlNode.Entry(steps.get(i), place, inner));
    } else {
      entries.set(at, new YamlNode.Entry(old.key(), isWhole ? place : old.keyPlace(), inner));
    }
    return new YamlNode.Mapping(entries, mapping.place());
  }

  private @Nullable YamlNode setItem(YamlNode.Sequence list, int i, YamlNode value) {
    String step = steps.get(i);
    ItemIdentity identity = ItemIdentity.ofContent(steps.subList(0, i));
    int at = item(list, steps, i);
    if (at < 0 && identity == null && ItemIdentity.place(step) != list.items().size()) {
      return problem(
          "expected a place from 0 to "
              + list.items().size()
              + " in "
              + above(i)
              + ", found "
              + Quoted.quote(step));
    }
    YamlNode old = at >= 0 ? list.items().get(at) : null;
    if (old == null && identity != null) {
      old = new YamlNode.Mapping(identity.keys(step, place), place);
    }
    YamlNode item = set(old, i + 1, value);
    if (item == null) {
      return null;
    }
    if (identity != null && item instanceof YamlNode.Mapping mapping) {
      item = identity.complete(mapping, step, place);
    }
    String found = identity == null ? step : identity.of(item);
    if (found == null) {
      return problem(
          item instanceof YamlNode.Mapping
              ? "expected the item to say that it is " + Quoted.quote(step)
              : "expected a mapping, found " + item.found());
    }
    if (!found.equals(step)) {
      return problem(
          "expected the item to be "
              + Quoted.quote(step)
              + ", found "
              + Quoted.quote(found)
              + "; to rename it, remove it and add another");
    }
    List<YamlNode> items = new ArrayList<>(list.items());
    if (at < 0) {
      items.add(item);
    } else {
      items.set(at, item);
    }
    return new YamlNode.Sequence(items, list.place());
  }

  /**
   * Removes a value.
   *
   * @return the new tree, or null after a problem: there is no such value, or it gives an item its
   *     identity
   */
  static @Nullable YamlNode remove(
      YamlNode root, DocumentPath path, Place place, Problems problems) {
    return new Overlay(path, place, problems).remove(root, 0);
  }

  private @Nullable YamlNode remove(YamlNode node, int i) {
    boolean isLast = i + 1 == steps.size();
    YamlNode child = child(node, steps, i);
    if (child == null) {
      return problem("there is no " + (isLast ? "such value" : above(i + 1)) + " to remove");
    }
    YamlNode inner = isLast ? null : remove(child, i + 1);
    if (inner == null && !isLast) {
      return null;
    }
    if (node instanceof YamlNode.Mapping mapping) {
      int at = entry(mapping, steps, i);
      List<YamlNode.Entry> entries = new ArrayList<>(mapping.entries());
      if (inner == null) {
        entries.remove(at);
      } else {
        YamlNode.Entry old = entries.get(at);
        entries.set(at, new YamlNode.Entry(old.key(), old.keyPlace(), inner));
      }
      return new YamlNode.Mapping(entries, mapping.place());
    }
    YamlNode.Sequence list = (YamlNode.Sequence) node;
    int at = item(list, steps, i);
    List<YamlNode> items = new ArrayList<>(list.items());
    if (inner == null) {
      items.remove(at);
      return new YamlNode.Sequence(items, list.place());
    }
    ItemIdentity identity = ItemIdentity.ofContent(steps.subList(0, i));
    if (identity != null && !steps.get(i).equals(identity.of(inner))) {
      return problem("it tells the item from others; remove the whole item");
    }
    items.set(at, inner);
    return new YamlNode.Sequence(items, list.place());
  }

  private String above(int i) {
    return i == 0 ? "the file" : path.first(i).toString();
  }

  private @Nullable YamlNode problem(String message) {
    problems.add(place, path.toString(), message);
    return null;
  }

  /** Whether two values say the same, in whatever style and with keys in whatever order. */
  static boolean isSame(YamlNode a, YamlNode b) {
    if (a instanceof YamlNode.Scalar x && b instanceof YamlNode.Scalar y) {
      return x.text().equals(y.text()) && (x.plain() == y.plain() || x.isText() == y.isText());
    }
    if (a instanceof YamlNode.Sequence x && b instanceof YamlNode.Sequence y) {
      int size = x.items().size();
      for (int i = 0; i < size && size == y.items().size(); i++) {
        if (!isSame(x.items().get(i), y.items().get(i))) {
          return false;
        }
      }
      return size == y.items().size();
    }
    if (a instanceof YamlNode.Mapping x && b instanceof YamlNode.Mapping y) {
      Map<String, YamlNode> values = new HashMap<>();
      y.entries().forEach(entry -> values.put(entry.key(), entry.value()));
      for (YamlNode.Entry entry : x.entries()) {
        YamlNode other = values.get(entry.key());
        if (other == null || !isSame(entry.value(), other)) {
          return false;
        }
      }
      return x.entries().size() == y.entries().size();
    }
    return false;
  }
}
