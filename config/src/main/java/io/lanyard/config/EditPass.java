package io.lanyard.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lays edits over a document, one after the other, and keeps few: an edit replaces earlier ones of
 * what it sets or removes, and is dropped if the document says the same without it.
 *
 * <p>The edits are found by their path, so that one costs as much among a thousand as alone. Two
 * things that need all edits are done once, at the end. A value that returns to its place in the
 * text has the right content at once, but the order and the {@link Place}s are right only after all
 * edits are laid anew. And a list whose items are known by their place is written as one edit.
 *
 * <p>After a {@link ConfigException} the pass is no longer usable. Thread: one.
 */
final class EditPass {
  /** Each request that changes something copies and keeps them all; a file holds more. */
  static final int MOST_EDITS = 2000;

  /** More than the format has. */
  private static final int MOST_STEPS = 16;

  /** Characters of the text and all edits together. */
  private static final int LONGEST = YamlReader.LONGEST_TEXT;

  private final BaseText base;
  private final Node root = new Node();
  private YamlNode tree;
  private long length;
  private long nextOrder;
  private boolean isOutOfOrder;

  /** A step of the paths of edits. */
  private static final class Node {
    private final Map<String, Node> below = new HashMap<>();
    private @Nullable LaidEdit laid;

    /** Whether the edit's text is still to be made from its value. */
    private boolean isUnwritten;

    /** Later edits have higher numbers; one that replaces others has the lowest of theirs. */
    private long order;

    /** Edits here and below. */
    private int count;

    void collect(List<Node> nodes) {
      if (count == 0) {
        return;
      }
      if (laid != null) {
        nodes.add(this);
      }
      for (Node node : below.values()) {
        node.collect(nodes);
      }
    }
  }

  /** Begins with a document's edits and the tree that they make. */
  EditPass(BaseText base, List<LaidEdit> laid, YamlNode tree) {
    this.base = base;
    this.tree = tree;
    this.length = base.text().length();
    for (LaidEdit edit : laid) {
      put(edit, way(edit.edit().path()), nextOrder++);
    }
  }

  /** Whether something is at a path. */
  boolean has(DocumentPath path) {
    return Overlay.find(tree, path) != null;
  }

  /** Lays an edit, as {@link Document#with(Edit)} says. */
  void lay(Edit edit) throws ConfigException {
    Problems problems = new Problems(edit.source());
    LaidEdit one = read(edit, problems);
    YamlNode changed = one.over(tree, problems);
    if (changed == null) {
      throw problems.exception();
    }
    int list = Overlay.orderedList(tree, edit.path());
    if (list > 0) {
      DocumentPath path = edit.path().first(list);
      YamlNode whole = Overlay.find(changed, path);
      if (whole != null) {
        add(new LaidEdit(Edit.set(path, "", edit.who(), edit.when()), whole), changed, true);
        return;
      }
    }
    add(one, changed, false);
  }

  private LaidEdit read(Edit edit, Problems problems) throws ConfigException {
    Place place = new Place(1, 1, edit);
    String path = edit.path().toString();
    if (edit.path().steps().size() > MOST_STEPS) {
      problems.add(place, "", "the path has more than " + MOST_STEPS + " steps");
    }
    if (length + edit.value().length() > LONGEST) {
      problems.add(place, path, "file and changes are longer than " + LONGEST + " characters");
    }
    YamlNode value = null;
    if (problems.isEmpty() && edit.operation() == Edit.Operation.SET) {
      value = YamlReader.read(edit.value(), edit, problems);
      if (value == null && problems.isEmpty()) {
        problems.add(place, path, "expected a value, found nothing");
      }
    }
    if (!problems.isEmpty()) {
      throw problems.exception();
    }
    return new LaidEdit(edit, value);
  }

  /**
   * Adds an edit that can be laid over the tree.
   *
   * @param changed the tree with the edit
   */
  private void add(LaidEdit one, YamlNode changed, boolean isUnwritten) throws ConfigException {
    DocumentPath path = one.edit().path();
    List<Node> way = way(path);
    Node end = way.getLast();
    boolean isAlone = end.count == 0;
    boolean wasRemoved = end.laid != null && end.laid.value() == null;
    // The edits within the path have no say in what is there without them.
    YamlNode rest = isAlone ? tree : base.with(above(way));
    YamlNode there = Overlay.find(rest, path);
    boolean isNews =
        one.value() == null ? there != null : there == null || !isThere(changed, path, there);
    long order = isAlone ? nextOrder++ : clear(way);
    if (isNews) {
      if (root.count >= MOST_EDITS) {
        throw tooMany(one);
      }
      put(one, way, order);
      end.isUnwritten = isUnwritten;
      tree = changed;
      // An edit that is replaced now had made the way to the value, which has its place.
      isOutOfOrder |= wasRemoved || (!isAlone && !hasParent(rest, path));
    } else if (one.value() == null) {
      tree = withoutMade(one, way, rest, changed);
    } else if (!isAlone) {
      tree = changed;
      isOutOfOrder = true;
    }
  }

  private static boolean isThere(YamlNode tree, DocumentPath path, YamlNode value) {
    YamlNode found = Overlay.find(tree, path);
    return found != null && Overlay.isSame(value, found);
  }

  private static boolean hasParent(YamlNode tree, DocumentPath path) {
    int above = path.steps().size() - 1;
    YamlNode parent = above == 0 ? tree : Overlay.find(tree, path.first(above));
    return parent != null && !(parent instanceof YamlNode.Scalar);
  }

  private static ConfigException tooMany(LaidEdit one) {
    Problems problems = new Problems(one.edit().source());
    problems.add(
        one.place(),
        one.edit().path().toString(),
        "there are " + MOST_EDITS + " changes over the file already; apply a file instead");
    return problems.exception();
  }

  /**
   * The tree after the removal of a value that an edit had made, without the mappings and lists
   * that were made on the way to it and that no other edit needs.
   *
   * @param rest the tree with the edits above it alone
   */
  private YamlNode withoutMade(LaidEdit removal, List<Node> way, YamlNode rest, YamlNode changed)
      throws ConfigException {
    DocumentPath path = removal.edit().path();
    Problems problems = new Problems(removal.edit().source());
    YamlNode result = changed;
    for (int i = path.steps().size() - 1; i > 0; i--) {
      DocumentPath above = path.first(i);
      YamlNode was = Overlay.find(rest, above);
      if (was != null && !(was instanceof YamlNode.Scalar)) {
        break;
      }
      isOutOfOrder = true;
      Node node = way.get(i);
      if (node.count > (node.laid == null ? 0 : 1)) {
        break;
      }
      // An empty value becomes a mapping only while something is below it.
      YamlNode next =
          was == null
              ? Overlay.remove(tree, above, removal.place(), problems)
              : Overlay.set(tree, above, was, removal.place(), problems);
      if (next == null) {
        throw problems.exception();
      }
      result = next;
      if (was != null) {
        break;
      }
    }
    return result;
  }

  /** The nodes that lead to a path: the root first, its own last. */
  private List<Node> way(DocumentPath path) {
    List<Node> way = new ArrayList<>(path.steps().size() + 1);
    Node node = root;
    way.add(node);
    for (String step : path.steps()) {
      Node next = node.below.get(step);
      if (next == null) {
        next = new Node();
        node.below.put(step, next);
      }
      node = next;
      way.add(node);
    }
    return way;
  }

  private static List<LaidEdit> above(List<Node> way) {
    // An edit is never older than one above it: that one would have replaced it.
    List<LaidEdit> above = new ArrayList<>();
    for (Node node : way.subList(0, way.size() - 1)) {
      if (node.laid != null) {
        above.add(node.laid);
      }
    }
    return above;
  }

  private void put(LaidEdit edit, List<Node> way, long order) {
    Node end = way.getLast();
    end.laid = edit;
    end.order = order;
    length += edit.edit().value().length();
    for (Node node : way) {
      node.count++;
    }
  }

  /** Drops the edits within a path, of which there is one at least; their lowest number. */
  private long clear(List<Node> way) {
    Node end = way.getLast();
    List<Node> dropped = new ArrayList<>();
    end.collect(dropped);
    long order = nextOrder;
    for (Node node : dropped) {
      if (node.laid != null) {
        length -= node.laid.edit().value().length();
      }
      order = Math.min(order, node.order);
    }
    int count = end.count;
    for (Node node : way) {
      node.count -= count;
    }
    end.laid = null;
    end.isUnwritten = false;
    end.below.clear();
    return order;
  }

  /** The document with the edits. */
  Document end() throws ConfigException {
    List<Node> nodes = new ArrayList<>(root.count);
    root.collect(nodes);
    nodes.sort(Comparator.comparingLong((Node node) -> node.order));
    List<LaidEdit> edits = new ArrayList<>(nodes.size());
    for (Node node : nodes) {
      LaidEdit laid = node.laid;
      if (laid != null) {
        edits.add(node.isUnwritten ? written(laid) : laid);
      }
    }
    return new Document(base, edits, isOutOfOrder ? base.with(edits) : tree);
  }

  /**
   * Writes a whole list as an edit, and lays it again, because its places are those of its text.
   */
  private LaidEdit written(LaidEdit whole) throws ConfigException {
    Edit edit = whole.edit();
    YamlNode value = whole.value();
    String text = value == null ? "" : YamlText.inLine(value);
    Edit set = Edit.set(edit.path(), text, edit.who(), edit.when());
    Problems problems = new Problems(set.source());
    LaidEdit one = read(set, problems);
    length += text.length();
    YamlNode next = one.over(tree, problems);
    if (next == null) {
      throw problems.exception();
    }
    tree = next;
    return one;
  }
}
