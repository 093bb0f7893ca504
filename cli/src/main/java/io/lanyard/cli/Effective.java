package io.lanyard.cli;

import io.lanyard.config.DocumentPath;
import io.lanyard.control.api.ConfigurationInfo;
import io.lanyard.control.api.SettingInfo;
import io.lanyard.control.client.Reply;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The configuration that runs, value by value.
 *
 * @param revision its number
 * @param values in the order of the file
 */
record Effective(long revision, List<Value> values) {
  /**
   * A value.
   *
   * @param path its key
   * @param text the value as the file has it
   * @param origin where it comes from
   */
  record Value(DocumentPath path, String text, String origin) {
    /** The key behind another path, which leads to this one, as the file writes it. */
    String key(DocumentPath base) {
      String key = path.toString().substring(base.toString().length());
      return key.startsWith(".") ? key.substring(1) : key;
    }

    /** The steps behind another path, which leads to this one. */
    List<String> stepsBelow(DocumentPath base) {
      return path.steps().subList(base.steps().size(), path.steps().size());
    }
  }

  static Effective of(ConfigurationInfo config) {
    return new Effective(config.revision(), values(config.settings()));
  }

  /** The API's settings with their paths read. */
  static List<Value> values(List<SettingInfo> settings) {
    List<Value> values = new ArrayList<>();
    for (SettingInfo setting : settings) {
      try {
        values.add(
            new Value(DocumentPath.parse(setting.path()), setting.value(), setting.origin()));
      } catch (IllegalArgumentException e) {
        throw new Failure("the daemon has a setting that cannot be read: " + e.getMessage());
      }
    }
    return values;
  }

  static Effective of(Api api, boolean defaults) {
    return of(api.ask(daemon -> daemon.configuration().get(defaults)).value());
  }

  /** The number of the configuration that runs. */
  static long revision(Api api) {
    return api.ask(daemon -> daemon.configuration().get(false)).value().revision();
  }

  /** The values at a path and below it. */
  List<Value> below(DocumentPath base) {
    return below(values, base);
  }

  /** Those values that are at a path or below it. */
  static List<Value> below(List<Value> values, DocumentPath base) {
    List<String> steps = base.steps();
    List<Value> found = new ArrayList<>();
    for (Value value : values) {
      List<String> its = value.path().steps();
      if (its.size() >= steps.size() && its.subList(0, steps.size()).equals(steps)) {
        found.add(value);
      }
    }
    return found;
  }

  boolean has(DocumentPath path) {
    return !below(path).isEmpty();
  }

  /** The mapping at a path as plain values; null if there is none. */
  @Nullable Map<String, Object> mapping(DocumentPath base) {
    Map<String, Object> mapping = new LinkedHashMap<>();
    List<Value> found = below(base);
    for (Value value : found) {
      List<String> steps = value.stepsBelow(base);
      Map<String, Object> at = mapping;
      for (int i = 0; i + 1 < steps.size(); i++) {
        at = inner(at, steps.get(i));
      }
      if (!steps.isEmpty()) {
        at.put(steps.getLast(), Edits.value(value.text()));
      }
    }
    return found.isEmpty() ? null : mapping;
  }

  @SuppressWarnings("unchecked") // every map in a mapping is made here
  private static Map<String, Object> inner(Map<String, Object> outer, String key) {
    if (!(outer.get(key) instanceof Map<?, ?>)) {
      outer.put(key, new LinkedHashMap<String, Object>());
    }
    return (Map<String, Object>) outer.get(key);
  }

  /** Prints the API's object for a thing, with the thing's settings. */
  static void show(Api api, Output output, Object info, DocumentPath path) {
    Map<Object, Object> all = new LinkedHashMap<>((Map<?, ?>) info);
    Map<String, String> settings = of(api, true).texts(path);
    if (!settings.isEmpty()) {
      all.put("settings", settings);
    }
    if (output.json()) {
      output.print((Object) all);
    } else {
      output.properties(all);
    }
  }

  /** As {@link #show(Api, Output, Object, DocumentPath)}, of an answer as it came. */
  static void show(Api api, Output output, Reply<?> info, DocumentPath path) {
    show(api, output, Output.plain(info.json()), path);
  }

  /** The values below a path by their keys, for people. */
  Map<String, String> texts(DocumentPath base) {
    Map<String, String> texts = new LinkedHashMap<>();
    below(base).forEach(value -> texts.put(value.key(base), value.text()));
    return texts;
  }

  /**
   * The values below a path that somebody has said, by their keys: the text itself, without the
   * quotes that the file may need.
   */
  Map<String, String> plain(DocumentPath base) {
    Map<String, String> plain = new LinkedHashMap<>();
    for (Value value : below(base)) {
      Object known = value.origin().equals("default") ? null : Edits.value(value.text());
      if (known != null) {
        plain.put(value.key(base), known.toString());
      }
    }
    return plain;
  }

  /** The origins of those values below a path that somebody has said, there or elsewhere. */
  Map<String, String> origins(DocumentPath base) {
    Map<String, String> origins = new LinkedHashMap<>();
    for (Value value : below(base)) {
      if (!value.origin().equals("default")) {
        origins.put(value.key(base), value.origin());
      }
    }
    return origins;
  }
}
