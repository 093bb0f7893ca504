package io.lanyard.config;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The text of a document, below its edits. All documents with the same text share it. */
final class BaseText {
  private final String source;
  private final String text;
  private final Path directory;
  private final Problems reading;
  private final YamlNode tree;
  private final NicAddresses nicAddresses;

  /** Found when first asked for; two threads may both find them, which does no harm. */
  private volatile @Nullable Problems problems;

  /**
   * Keeps a text.
   *
   * @param source the name of the text in problems
   * @param text YAML
   * @param directory the directory that relative paths in it are relative to
   * @param reading what was wrong with the YAML
   * @param tree the text as a tree
   * @param nicAddresses those of NICs for which nothing is said
   */
  BaseText(
      String source,
      String text,
      Path directory,
      Problems reading,
      YamlNode tree,
      NicAddresses nicAddresses) {
    this.source = source;
    this.text = text;
    this.directory = directory;
    this.reading = reading;
    this.tree = tree;
    this.nicAddresses = nicAddresses;
  }

  /** The same text with other addresses of NICs for which nothing is said. */
  BaseText with(NicAddresses addresses) {
    return addresses.equals(nicAddresses)
        ? this
        : new BaseText(source, text, directory, reading, tree, addresses);
  }

  NicAddresses nicAddresses() {
    return nicAddresses;
  }

  String source() {
    return source;
  }

  String text() {
    return text;
  }

  Path directory() {
    return directory;
  }

  YamlNode tree() {
    return tree;
  }

  /** The problems of the YAML, to which others can be added. */
  Problems reading() {
    return reading.copy();
  }

  /** Everything that is wrong with the text without edits. The caller does not change it. */
  Problems problems() {
    Problems found = problems;
    if (found == null) {
      found = reading.copy();
      var _ = ConfigLoader.read(tree, directory, nicAddresses, found);
      problems = found;
    }
    return found;
  }

  /** The tree with edits laid over it, in their order. */
  YamlNode with(List<LaidEdit> edits) throws ConfigException {
    Problems failures = new Problems(source);
    YamlNode result = tree;
    for (LaidEdit edit : edits) {
      YamlNode next = edit.over(result, failures);
      if (next == null) {
        throw failures.exception();
      }
      result = next;
    }
    return result;
  }

  boolean isSame(BaseText other) {
    return this == other
        || (source.equals(other.source)
            && text.equals(other.text)
            && directory.equals(other.directory));
  }
}
