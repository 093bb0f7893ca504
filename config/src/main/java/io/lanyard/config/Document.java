package io.lanyard.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A configuration document: the text of a file, or the built-in one, and the changes that are laid
 * over it.
 *
 * <p>Changes are kept apart from the text, so that they can be kept elsewhere, explained and taken
 * back, and so that they outlive an edit of the file. They are kept few: a change replaces earlier
 * ones of what it sets or removes, and one after which the document says what it says without it is
 * dropped. The items of a list that are known by their place are an exception: a change of one
 * becomes a change of the whole list, because places shift.
 *
 * <p>Immutable. Thread: any.
 */
public final class Document {
  /** Characters of the text and all changes together. */
  private static final int LONGEST = YamlReader.LONGEST_TEXT;

  /** More than the format has. */
  private static final int MOST_STEPS = 16;

  private final String source;
  private final String text;
  private final Path directory;
  private final Problems reading;
  private final YamlNode base;
  private final List<Laid> laid;
  private final YamlNode tree;

  /** A change and its value, which is null for a removal. */
  private record Laid(Edit edit, @Nullable YamlNode value) {
    Place place() {
      return new Place(1, 1, edit);
    }

    /** Lays it over a tree; null after a problem. */
    @Nullable YamlNode over(YamlNode tree, Problems problems) {
      return value == null
          ? Overlay.remove(tree, edit.path(), place(), problems)
          : Overlay.set(tree, edit.path(), value, place(), problems);
    }
  }

  private Document(Document of, List<Laid> laid, YamlNode tree) {
    this.source = of.source;
    this.text = of.text;
    this.directory = of.directory;
    this.reading = of.reading;
    this.base = of.base;
    this.laid = List.copyOf(laid);
    this.tree = tree;
  }

  private Document(String source, String text, Path directory, Problems reading, YamlNode base) {
    this.source = source;
    this.text = text;
    this.directory = directory;
    this.reading = reading;
    this.base = base;
    this.laid = List.of();
    this.tree = base;
  }

  /**
   * Reads a text.
   *
   * @param source the name of the text in problems
   * @param text YAML
   * @param directory the directory that relative paths of guests' files are relative to
   * @return the document, without changes; its content is not checked
   * @throws ConfigException if the text is not YAML
   */
  public static Document of(String source, String text, Path directory) throws ConfigException {
    Problems problems = new Problems(source);
    YamlNode node = YamlReader.read(text, problems);
    if (node == null) {
      if (problems.isEmpty()) {
        problems.add(
            new Place(1, 1), "", "the file is empty: expected \"version: 1\" and networks");
      }
      throw problems.exception();
    }
    return new Document(source, text, directory, problems, node);
  }

  /**
   * Reads a file.
   *
   * @param file a YAML file; relative paths in it that name files of guests are relative to its
   *     directory
   * @return the document, without changes; its content is not checked
   * @throws ConfigException if it cannot be read or is not YAML
   */
  public static Document load(Path file) throws ConfigException {
    Path directory = file.toAbsolutePath().getParent();
    return of(
        file.toString(), ConfigLoader.text(file), directory == null ? Path.of("/") : directory);
  }

  /**
   * The shipped configuration, which a daemon without a file has.
   *
   * @return the document, without changes
   */
  public static Document builtIn() {
    try {
      return of(ConfigLoader.BUILT_IN, ConfigLoader.builtInText(), Path.of("/"));
    } catch (ConfigException e) {
      throw new IllegalStateException("the shipped configuration has problems", e);
    }
  }

  /**
   * The name of the text.
   *
   * @return the file's name, as problems have it
   */
  public String source() {
    return source;
  }

  /**
   * Whether the text is the shipped configuration, and no file.
   *
   * @return true for {@link #builtIn}, whatever changes lie over it
   */
  public boolean isBuiltIn() {
    return source.equals(ConfigLoader.BUILT_IN);
  }

  /**
   * The text that the changes are laid over.
   *
   * @return YAML
   */
  public String text() {
    return text;
  }

  /**
   * The directory that relative paths of guests' files are relative to.
   *
   * @return a path
   */
  public Path directory() {
    return directory;
  }

  /**
   * The changes that are laid over the text.
   *
   * @return in their order
   */
  public List<Edit> edits() {
    return laid.stream().map(Laid::edit).toList();
  }

  /**
   * Lays a change over the document. It replaces earlier changes of what it sets or removes; if
   * that leaves what would be there without it, it is dropped itself.
   *
   * @param edit the change; its value and path may be anybody's
   * @return the changed document; its content is not checked
   * @throws ConfigException if the value is not YAML, if something is removed that is not there, if
   *     an item's content does not give it the identity that the path says, or if the path leads
   *     through a value that has nothing below it
   */
  public Document with(Edit edit) throws ConfigException {
    Problems problems = new Problems(edit.source());
    Laid one = laid(edit, problems);
    YamlNode changed = one.over(tree, problems);
    if (changed == null) {
      throw problems.exception();
    }
    int list = Overlay.orderedList(tree, edit.path());
    if (list > 0) {
      DocumentPath path = edit.path().first(list);
      YamlNode whole = Overlay.find(changed, path);
      if (whole != null) {
        return with(Edit.set(path, YamlText.inLine(whole), edit.who(), edit.when()));
      }
    }
    return with(one, changed);
  }

  /**
   * Adds a change that can be laid over the tree.
   *
   * @param changed the tree with the change
   */
  private Document with(Laid one, YamlNode changed) throws ConfigException {
    DocumentPath path = one.edit().path();
    List<Laid> others = new ArrayList<>();
    List<Laid> above = new ArrayList<>();
    int at = -1;
    boolean wasRemoved = false;
    for (Laid other : laid) {
      if (other.edit().path().isWithin(path)) {
        at = at < 0 ? others.size() : at;
        wasRemoved |= other.value() == null && other.edit().path().equals(path);
        continue;
      }
      others.add(other);
      if (path.isWithin(other.edit().path())) {
        above.add(other);
      }
    }
    // What else is said of this path is said by the file and by changes of what is above it.
    YamlNode rest = at < 0 ? tree : replay(above);
    YamlNode there = Overlay.find(rest, path);
    YamlNode now = Overlay.find(changed, path);
    boolean isNews =
        one.value() == null
            ? there != null
            : there == null || now == null || !Overlay.isSame(there, now);
    if (!isNews) {
      boolean isGoneAlone = one.value() == null && hasParent(rest, path);
      return new Document(this, others, isGoneAlone ? changed : at < 0 ? tree : replay(others));
    }
    others.add(at < 0 ? others.size() : at, one);
    // What was removed returns to its place in the file.
    return new Document(this, others, wasRemoved ? replay(others) : changed);
  }

  private static boolean hasParent(YamlNode tree, DocumentPath path) {
    int above = path.steps().size() - 1;
    if (above == 0) {
      return true;
    }
    // An empty value becomes a mapping only while something is below it.
    YamlNode parent = Overlay.find(tree, path.first(above));
    return parent != null && !(parent instanceof YamlNode.Scalar);
  }

  private Laid laid(Edit edit, Problems problems) throws ConfigException {
    Place place = new Place(1, 1, edit);
    String path = edit.path().toString();
    if (edit.path().steps().size() > MOST_STEPS) {
      problems.add(place, "", "the path has more than " + MOST_STEPS + " steps");
    }
    long length = text.length() + (long) edit.value().length();
    for (Laid other : laid) {
      length += other.edit().value().length();
    }
    if (length > LONGEST) {
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
    return new Laid(edit, value);
  }

  private YamlNode replay(List<Laid> changes) throws ConfigException {
    Problems problems = new Problems(source);
    YamlNode result = base;
    for (Laid change : changes) {
      YamlNode next = change.over(result, problems);
      if (next == null) {
        throw problems.exception();
      }
      result = next;
    }
    return result;
  }

  /**
   * Lays changes over the document that were made to another one, such as an earlier text of the
   * same file. A removal of what is not there is dropped, because nothing is left to remove.
   *
   * @param edits the changes, in order
   * @return the changed document
   * @throws ConfigException if one cannot be laid, as for {@link #with}
   */
  public Document withKept(List<Edit> edits) throws ConfigException {
    Document changed = this;
    for (Edit edit : edits) {
      boolean isDone =
          edit.operation() == Edit.Operation.REMOVE
              && Overlay.find(changed.tree, edit.path()) == null;
      changed = isDone ? changed : changed.with(edit);
    }
    return changed;
  }

  /**
   * Takes changes back.
   *
   * @param which those to take back
   * @return the document without them
   * @throws ConfigException if another change cannot be laid without them
   */
  public Document without(Predicate<Edit> which) throws ConfigException {
    return new Document(this, List.of(), base)
        .withKept(edits().stream().filter(which.negate()).toList());
  }

  /**
   * The typed model of text and changes.
   *
   * @return the configuration
   * @throws ConfigException with everything that is wrong with it; a problem within a change names
   *     who made it when, and its place in the change's value
   */
  public Configuration configuration() throws ConfigException {
    Problems problems = reading.copy();
    if (!laid.isEmpty()) {
      YamlReader.checkSize(tree, problems);
    }
    return ConfigLoader.read(tree, directory, problems);
  }

  /**
   * The text of a file that says the same as text and changes: what is said, not the defaults, in
   * the order in which it is said. Comments are not kept. Relative paths remain relative to {@link
   * #directory}.
   *
   * @return YAML
   */
  public String effectiveText() {
    return YamlText.of(tree);
  }

  /**
   * The values of the configuration and their origins.
   *
   * @param defaults whether to list the defaults of keys that nobody said, too; a default that only
   *     the daemon knows is in words and parentheses
   * @return in the order of the document; with defaults, in the order of the reference
   * @throws ConfigException if defaults are wanted and the configuration has problems
   */
  public List<Setting> settings(boolean defaults) throws ConfigException {
    return defaults ? AllSettings.of(source, tree, configuration()) : Settings.of(source, tree);
  }

  /** Whether text, directory and changes are the same. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Document that
        && source.equals(that.source)
        && text.equals(that.text)
        && directory.equals(that.directory)
        && edits().equals(that.edits());
  }

  @Override
  public int hashCode() {
    return 31 * text.hashCode() + laid.size();
  }

  @Override
  public String toString() {
    return source + (laid.isEmpty() ? "" : " and " + laid.size() + " changes");
  }
}
