package io.lanyard.config;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlVersionException;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * Builds a tree of values from the parser's events.
 *
 * <p>The engine's own composer is not used, because it recurses (a deep file overflows the stack)
 * and follows aliases (a small file becomes a large tree). Here the size of the tree is bounded
 * while it grows, and what the format does not need is refused: tags, anchors, aliases, keys that
 * are not scalars, a second document.
 */
final class YamlReader {
  /** Characters. A thousand networks with ten reservations each are a tenth of it. */
  static final int LONGEST_TEXT = 4 << 20;

  /** The format nests less than 10 deep. */
  private static final int DEEPEST = 32;

  private static final int MOST_NODES = 200_000;

  /** An escape with fewer hexadecimal digits than it needs (YAML 1.2 section 5.7), in group 1. */
  private static final Pattern CUT_ESCAPE =
      Pattern.compile(
          "(?<!\\\\)(?:\\\\\\\\)*(\\\\(?:x(?!\\p{XDigit}{2})|u(?!\\p{XDigit}{4})|U(?!\\p{XDigit}{8})))");

  private static final String TOO_MANY = "there are more than " + MOST_NODES + " values";

  private final @Nullable Edit edit;
  private final Problems problems;
  private final Deque<Open> open = new ArrayDeque<>();
  private @Nullable YamlNode root;
  private int nodes;
  private int documents;

  private YamlReader(@Nullable Edit edit, Problems problems) {
    this.edit = edit;
    this.problems = problems;
  }

  /** A collection whose end has not been seen. */
  private static final class Open {
    final Place place;
    final boolean isMapping;
    final List<YamlNode.Entry> entries = new ArrayList<>();
    final Map<String, Place> seen = new HashMap<>();
    final List<YamlNode> items = new ArrayList<>();
    @Nullable String key;
    Place keyPlace = Place.NOWHERE;

    /** Set while the value of a key that cannot be kept goes by. */
    boolean skipValue;

    Open(Place place, boolean isMapping) {
      this.place = place;
      this.isMapping = isMapping;
    }

    boolean wantsKey() {
      return isMapping && key == null && !skipValue;
    }
  }

  /** Signals that reading further makes no sense; the problem is already recorded. */
  private static final class Stop extends RuntimeException {
    private static final long serialVersionUID = 1;

    Stop() {
      super(null, null, false, false);
    }
  }

  /** Reads the text of a file, as {@link #read(String, Edit, Problems)} does. */
  static @Nullable YamlNode read(String text, Problems problems) {
    return read(text, null, problems);
  }

  /**
   * Reads a text.
   *
   * @param edit the change whose value it is, or null for a file
   * @return its only document's value, or null when it has none or problems were found that leave
   *     nothing to read
   */
  static @Nullable YamlNode read(String text, @Nullable Edit edit, Problems problems) {
    if (text.length() > LONGEST_TEXT) {
      problems.add(
          new Place(0, 0, edit), "", "the file is longer than " + LONGEST_TEXT + " characters");
      return null;
    }
    return new YamlReader(edit, problems).read(text);
  }

  private @Nullable YamlNode read(String text) {
    LoadSettings settings =
        LoadSettings.builder()
            .setUseMarks(true)
            .setCodePointLimit(LONGEST_TEXT + 1)
            // All of it at once: the engine copies a token that goes beyond what it has read with
            // each piece that follows, so that a long line would take time by its square.
            .setBufferSize(text.length() + 2)
            .build();
    try {
      ParserImpl parser = new ParserImpl(settings, new StreamReader(settings, text));
      while (parser.hasNext()) {
        take(parser.next());
      }
      return root;
    } catch (Stop e) {
      return null;
    } catch (MarkedYamlEngineException e) {
      Optional<Mark> mark = e.getProblemMark().or(e::getContextMark);
      String context = e.getContext() == null ? "" : e.getContext() + ", ";
      String hint =
          context.contains("scanning an alias") ? " (put a text that begins with * in quotes)" : "";
      problems.add(place(mark), "", "not YAML: " + oneLine(context + e.getProblem()) + hint);
      return null;
    } catch (ReaderException e) {
      problems.add(
          here(placeOf(text, e.getPosition())),
          "",
          "not YAML: the character " + String.format("U+%04X", e.getCodePoint()) + " must not be");
      return null;
    } catch (YamlVersionException e) {
      int directive = Math.max(0, text.indexOf("%YAML"));
      problems.add(
          here(placeOf(text, text.codePointCount(0, directive))),
          "",
          "expected YAML 1.2, found the directive %YAML "
              + e.getSpecVersion().getMajor()
              + "."
              + e.getSpecVersion().getMinor());
      return null;
    } catch (NumberFormatException e) {
      // The library's, where the text ends within an escape.
      Matcher cut = CUT_ESCAPE.matcher(text);
      int at = cut.find() ? text.codePointCount(0, cut.start(1)) : 0;
      problems.add(
          here(placeOf(text, at)),
          "",
          "not YAML: an escape has fewer hexadecimal digits than it needs");
      return null;
    } catch (YamlEngineException e) {
      problems.add(
          new Place(0, 0, edit), "", "not YAML: " + oneLine(String.valueOf(e.getMessage())));
      return null;
    }
  }

  private void take(Event event) {
    // No pattern switch: the JVM would spin a class for it in each start of the daemon.
    if (event instanceof DocumentStartEvent start) {
      if (++documents > 1) {
        throw stop(place(start.getStartMark()), "expected one document, found a second");
      }
    } else if (event instanceof AliasEvent alias) {
      throw stop(
          place(alias.getStartMark()),
          "aliases (*name) are not supported; write the value out, or in quotes if it is a text");
    } else if (event instanceof ScalarEvent scalar) {
      check(scalar, scalar.getTag().isPresent());
      scalar(scalar);
    } else if (event instanceof CollectionStartEvent start) {
      check(start, start.getTag().isPresent());
      start(start);
    } else if (event.getEventId() == Event.ID.MappingEnd
        || event.getEventId() == Event.ID.SequenceEnd) {
      end();
    }
  }

  private void check(NodeEvent event, boolean tagged) {
    Place place = place(event.getStartMark());
    if (event.getAnchor().isPresent()) {
      throw stop(place, "anchors (&name) are not supported; write the value out");
    }
    if (tagged) {
      throw stop(place, "tags (!name) are not supported; leave it out");
    }
    if (++nodes > MOST_NODES) {
      throw stop(place, TOO_MANY);
    }
  }

  private void scalar(ScalarEvent event) {
    Place place = place(event.getStartMark());
    Open parent = open.peek();
    if (parent == null || !parent.wantsKey()) {
      put(
          new YamlNode.Scalar(
              event.getValue(), event.getScalarStyle() == ScalarStyle.PLAIN, place));
      return;
    }
    Place before = parent.seen.putIfAbsent(event.getValue(), place);
    if (before == null) {
      parent.key = event.getValue();
      parent.keyPlace = place;
    } else {
      problems.add(
          place,
          path(),
          "the key "
              + Quoted.quote(event.getValue())
              + " is there twice; the first is in line "
              + before.line());
      parent.skipValue = true;
    }
  }

  private void start(CollectionStartEvent event) {
    Place place = place(event.getStartMark());
    Open parent = open.peek();
    if (parent != null && parent.wantsKey()) {
      throw stop(place, "expected a key, found a collection (quote a key that begins with [ or {)");
    }
    if (open.size() >= DEEPEST) {
      throw stop(place, "values are nested more than " + DEEPEST + " deep");
    }
    open.push(new Open(place, event.getEventId() == Event.ID.MappingStart));
  }

  private void end() {
    Open done = open.pop();
    put(
        done.isMapping
            ? new YamlNode.Mapping(List.copyOf(done.entries), done.place)
            : new YamlNode.Sequence(List.copyOf(done.items), done.place));
  }

  private void put(YamlNode value) {
    Open parent = open.peek();
    if (parent == null) {
      root = value;
    } else if (!parent.isMapping) {
      parent.items.add(value);
    } else if (parent.skipValue) {
      parent.skipValue = false;
    } else if (parent.key != null) {
      parent.entries.add(new YamlNode.Entry(parent.key, parent.keyPlace, value));
      parent.key = null;
    }
  }

  private Stop stop(Place place, String message) {
    problems.add(place, path(), message);
    return new Stop();
  }

  /** The path of what is being read. */
  private String path() {
    String path = "";
    for (Iterator<Open> outermostFirst = open.descendingIterator(); outermostFirst.hasNext(); ) {
      Open collection = outermostFirst.next();
      if (!collection.isMapping) {
        path = path + "[" + collection.items.size() + "]";
      } else if (collection.key != null) {
        path = Fields.join(path, collection.key);
      }
    }
    return path;
  }

  private Place place(Optional<Mark> mark) {
    return mark.map(m -> new Place(m.getLine() + 1, m.getColumn() + 1, edit))
        .orElse(new Place(0, 0, edit));
  }

  private Place here(Place place) {
    return new Place(place.line(), place.column(), edit);
  }

  /** Reports a tree that has grown beyond the size of a text's by changes. */
  static void checkSize(YamlNode root, Problems problems) {
    if (size(root, 0) > MOST_NODES) {
      problems.add(Place.NOWHERE, "", TOO_MANY);
    }
  }

  private static int size(YamlNode node, int before) {
    int size = before + 1;
    if (node instanceof YamlNode.Mapping mapping) {
      for (YamlNode.Entry entry : mapping.entries()) {
        size = size(entry.value(), size);
      }
    } else if (node instanceof YamlNode.Sequence list) {
      for (YamlNode item : list.items()) {
        size = size(item, size);
      }
    }
    return size;
  }

  static Place placeOf(String text, int codePoints) {
    int line = 1;
    int column = 1;
    int i = 0;
    for (int n = 0; n < codePoints && i < text.length(); n++) {
      boolean isEnd = text.charAt(i) == '\n';
      line += isEnd ? 1 : 0;
      column = isEnd ? 1 : column + 1;
      i += Character.charCount(text.codePointAt(i));
    }
    return new Place(line, column);
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("[\\p{Cntrl}\\p{Cf}\\s]+", " ");
  }
}
