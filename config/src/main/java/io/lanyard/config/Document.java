package io.lanyard.config;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

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
  private final BaseText base;
  private final List<LaidEdit> laid;
  private final YamlNode tree;

  /**
   * Makes one.
   *
   * @param tree what text and changes make together
   */
  Document(BaseText base, List<LaidEdit> laid, YamlNode tree) {
    this.base = base;
    this.laid = List.copyOf(laid);
    this.tree = tree;
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
    return new Document(
        new BaseText(source, text, directory, problems, node, NicAddresses.OF_NAMES),
        List.of(),
        node);
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
   * Reads a stream.
   *
   * @param in YAML; the caller closes it
   * @param source its name, for problems
   * @param directory what relative paths in it are relative to
   * @return the document, without changes; its content is not checked
   * @throws ConfigException if it cannot be read or is not YAML
   */
  public static Document read(InputStream in, String source, Path directory)
      throws ConfigException {
    return of(source, ConfigLoader.text(in, source), directory);
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
    return base.source();
  }

  /**
   * The same document with other MAC addresses of NICs for which it says none. Documents that are
   * made from it have them, too.
   *
   * @param addresses the addresses; {@link NicAddresses#OF_NAMES} unless this was called
   * @return a document that is equal to this one
   */
  public Document with(NicAddresses addresses) {
    return new Document(base.with(addresses), laid, tree);
  }

  /**
   * The MAC addresses of NICs for which the document says none.
   *
   * @return what was given to {@link #with(NicAddresses)}
   */
  public NicAddresses nicAddresses() {
    return base.nicAddresses();
  }

  /**
   * Whether the text is the shipped configuration, and no file.
   *
   * @return true for {@link #builtIn}, whatever changes lie over it
   */
  public boolean isBuiltIn() {
    return source().equals(ConfigLoader.BUILT_IN);
  }

  /**
   * The text that the changes are laid over.
   *
   * @return YAML
   */
  public String text() {
    return base.text();
  }

  /**
   * The directory that relative paths of guests' files are relative to.
   *
   * @return a path
   */
  public Path directory() {
    return base.directory();
  }

  /**
   * The changes that are laid over the text.
   *
   * @return in their order
   */
  public List<Edit> edits() {
    return laid.stream().map(LaidEdit::edit).toList();
  }

  /**
   * Lays a change over the document. It replaces earlier changes of what it sets or removes; if
   * that leaves what would be there without it, it is dropped itself.
   *
   * @param edit the change; its value and path may be anybody's
   * @return the changed document; its content is not checked
   * @throws ConfigException if the value is not YAML, if something is removed that is not there, if
   *     an item's content does not give it the identity that the path says, if the path leads
   *     through a value that has nothing below it, or if 2000 changes lie over the text already
   */
  public Document with(Edit edit) throws ConfigException {
    return with(List.of(edit));
  }

  /**
   * Lays changes over the document, each as {@link #with(Edit)} does, in one pass.
   *
   * @param edits the changes, in order; their values and paths may be anybody's
   * @return the changed document; its content is not checked
   * @throws ConfigException if one cannot be laid, with the problems of the first such one
   */
  public Document with(List<Edit> edits) throws ConfigException {
    EditPass pass = new EditPass(base, laid, tree);
    for (Edit edit : edits) {
      pass.lay(edit);
    }
    return pass.end();
  }

  /**
   * Lays changes over the document that were made to another one, such as an earlier text of the
   * same file. A removal of what is not there is dropped, because nothing is left to remove.
   *
   * @param edits the changes, in order
   * @return the changed document
   * @throws ConfigException if one cannot be laid, as for {@link #with(Edit)}
   */
  public Document withKept(List<Edit> edits) throws ConfigException {
    EditPass pass = new EditPass(base, laid, tree);
    for (Edit edit : edits) {
      if (edit.operation() == Edit.Operation.SET || pass.has(edit.path())) {
        pass.lay(edit);
      }
    }
    return pass.end();
  }

  /**
   * Takes changes back.
   *
   * @param which those to take back
   * @return the document without them
   * @throws ConfigException if another change cannot be laid without them
   */
  public Document without(Predicate<Edit> which) throws ConfigException {
    return new Document(base, List.of(), base.tree())
        .withKept(edits().stream().filter(which.negate()).toList());
  }

  /**
   * The typed model of text and changes. The text is checked without the changes as well, so that
   * it is still good when they are taken back.
   *
   * @return the configuration
   * @throws ConfigException with everything that is wrong with it; a problem within a change names
   *     who made it when, and its place in the change's value
   */
  public Configuration configuration() throws ConfigException {
    Problems problems = base.reading();
    if (!laid.isEmpty()) {
      YamlReader.checkSize(tree, problems);
    }
    Configuration configuration =
        ConfigLoader.read(tree, directory(), base.nicAddresses(), problems);
    if (!laid.isEmpty()) {
      problems.addOthers(base.problems());
    }
    if (configuration == null || !problems.isEmpty()) {
      throw problems.exception();
    }
    return configuration;
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
   * Something that is wrong with a value, found by somebody who knows more than the format.
   *
   * @param path leads to the value
   * @param message what was expected and what was found
   * @return the problem, at the value's place; if the document does not say the value, at the place
   *     of what is around it
   */
  public Problem problem(DocumentPath path, String message) {
    Place place = PlaceFinder.find(tree, path.steps());
    Edit edit = place.edit();
    return new Problem(
        edit == null ? source() : edit.source(),
        place.line(),
        place.column(),
        path.toString(),
        message);
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
    return defaults
        ? SettingsWithDefaults.of(source(), tree, configuration())
        : SaidSettings.of(source(), tree);
  }

  /**
   * Whether text or changes say something at a place.
   *
   * @param path leads to it
   * @return false for a default
   */
  public boolean says(DocumentPath path) {
    return Overlay.find(tree, path) != null;
  }

  /**
   * The value that text and changes say at a place, without defaults.
   *
   * @param path leads to it
   * @return JSON, with the keys of the file; empty if nothing is said there
   */
  public Optional<String> value(DocumentPath path) {
    return Optional.ofNullable(Overlay.find(tree, path)).map(ValueText::json);
  }

  /**
   * The values that the text says and that changes have removed, whether by themselves or with what
   * is around them.
   *
   * @return in the order of the text: the value as the text has it, and as its origin the change
   *     that has removed it
   */
  public List<Setting> removed() {
    if (laid.isEmpty()) {
      return List.of();
    }
    Set<List<String>> said = new HashSet<>();
    for (Setting present : SaidSettings.of(source(), tree)) {
      List<String> steps = present.path().steps();
      for (int i = 1; i <= steps.size(); i++) {
        said.add(steps.subList(0, i));
      }
    }
    List<Setting> removed = new ArrayList<>();
    for (Setting former : SaidSettings.of(source(), base.tree())) {
      if (!said.contains(former.path().steps())) {
        lastEditOf(former.path().steps())
            .map(edit -> new Origin.Change(edit.who(), edit.when()))
            .ifPresent(origin -> removed.add(new Setting(former.path(), former.value(), origin)));
      }
    }
    return removed;
  }

  /** The last change of a value, or of what is around it. */
  private Optional<Edit> lastEditOf(List<String> path) {
    for (LaidEdit one : laid.reversed()) {
      List<String> changed = one.edit().path().steps();
      if (changed.size() <= path.size() && path.subList(0, changed.size()).equals(changed)) {
        return Optional.of(one.edit());
      }
    }
    return Optional.empty();
  }

  /** Whether text, directory and changes are the same. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Document that && base.isSame(that.base) && edits().equals(that.edits());
  }

  @Override
  public int hashCode() {
    return 31 * text().hashCode() + laid.size();
  }

  @Override
  public String toString() {
    return source() + (laid.isEmpty() ? "" : " and " + laid.size() + " changes");
  }
}
