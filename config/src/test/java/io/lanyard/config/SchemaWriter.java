package io.lanyard.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes the JSON Schema (draft 2020-12) from the declarations of the keys. */
final class SchemaWriter {
  private final Map<String, Kind<?>> kinds = new TreeMap<>();

  private SchemaWriter() {}

  /** The whole schema, as it is checked in. */
  static String text() {
    return JsonText.of(new SchemaWriter().schema()) + "\n";
  }

  private Map<String, Object> schema() {
    Section root = Configuration.Keys.SECTION;
    Map<String, Object> definitions = new LinkedHashMap<>();
    for (Section section : root.tree()) {
      definitions.put(section.name(), section(section));
    }
    kinds.forEach((name, kind) -> definitions.put("type-" + name, type(kind)));
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("$id", "urn:lanyard:config:" + Configuration.VERSION);
    schema.put("title", "lanyard.yaml");
    schema.put(
        "description",
        "The configuration of Lanyard, version " + Configuration.VERSION + " of the format.");
    schema.put("$ref", "#/$defs/" + root.name());
    schema.put("$defs", definitions);
    return schema;
  }

  private static Map<String, Object> type(Kind<?> kind) {
    Map<String, Object> type = new LinkedHashMap<>();
    type.put("type", kind.ports() ? List.of("string", "integer") : "string");
    type.put("pattern", kind.pattern());
    if (kind.ports()) {
      type.put("minimum", 1);
      type.put("maximum", 65_535);
    }
    if (!kind.examples().isEmpty()) {
      type.put("examples", kind.examples().stream().map(text -> text.replace("\"", "")).toList());
    }
    return type;
  }

  private Map<String, Object> section(Section section) {
    Map<String, Object> properties = new LinkedHashMap<>();
    section.keys().forEach(key -> properties.put(key.name(), property(key)));
    List<String> required = section.keys().stream().filter(Key::required).map(Key::name).toList();
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("description", section.meaning());
    schema.put("type", "object");
    schema.put("additionalProperties", false);
    if (!required.isEmpty()) {
      schema.put("required", required);
    }
    rules(section.rules(), schema);
    schema.put("properties", properties);
    return schema;
  }

  private <T> Map<String, Object> property(Key<T> key) {
    Map<String, Object> property = new LinkedHashMap<>(form(key.form()));
    StringBuilder description = new StringBuilder(key.meaning());
    Form<?> limited = key.form() instanceof Form.OrOff<?> orOff ? orOff.value() : key.form();
    if (limited instanceof Form.Within<?> within) {
      description.append(" From ").append(within.range(" to ")).append('.');
    }
    if (!key.unlessSaid().isEmpty()) {
      description.append(" Default: ").append(key.unlessSaid()).append('.');
    }
    property.put("description", description.toString());
    if (key.hasDefault()) {
      property.put("default", literal(key.form(), key.otherwise()));
    }
    return property;
  }

  private static <T> Object literal(Form<T> form, T value) {
    return switch (form) {
      case Form.Flag _, Form.Whole _ -> value;
      case Form.FlagOrServices _ -> ((HostLoopback) value).enabled();
      case Form.ListOf<?> _ -> value;
      case Form.NamedMap<?> _ -> Map.of();
      default -> form.text(value);
    };
  }

  private Map<String, Object> form(Form<?> form) {
    return switch (form) {
      case Kind<?> kind -> {
        Kind<?> other = kinds.putIfAbsent(kind.name(), kind);
        if (other != null && !other.equals(kind)) {
          throw new IllegalStateException("two kinds have the name " + kind.name());
        }
        yield Map.of("$ref", "#/$defs/type-" + kind.name());
      }
      case Choice<?> choice ->
          choice.words().size() == 1
              ? Map.of("const", choice.words().getFirst())
              : Map.of("enum", choice.words());
      case Section section -> Map.of("$ref", "#/$defs/" + section.name());
      case Variants variants -> variants(variants);
      case Form.Flag _ -> Map.of("type", "boolean");
      case Form.Whole(int least, int most) -> {
        Map<String, Object> number = new LinkedHashMap<>();
        number.put("type", "integer");
        number.put("minimum", least);
        number.put("maximum", most);
        yield number;
      }
      case Form.Only(int number, String _) -> Map.of("const", number);
      case Form.Within<?> within -> form(within.kind());
      case Form.AnyScalar _ -> Map.of("type", List.of("string", "number", "boolean"));
      case Form.ListOf<?> list -> {
        Map<String, Object> array = new LinkedHashMap<>();
        array.put("type", "array");
        if (list.most() < Integer.MAX_VALUE) {
          array.put("maxItems", list.most());
        }
        array.put("items", form(list.item()));
        yield array;
      }
      case Form.OneOrMore<?>(Form.ListOf<?> list) ->
          Map.of("anyOf", List.of(form(list.item()), form(list)));
      case Form.NamedMap<?> map -> {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("type", "object");
        if (map.most() < Integer.MAX_VALUE) {
          object.put("maxProperties", map.most());
        }
        object.put("propertyNames", form(map.names()));
        object.put("additionalProperties", form(map.value()));
        yield object;
      }
      case Form.OffOr offOr -> {
        List<String> words = offOr.words();
        Object word = words.size() == 1 ? Map.of("const", "off") : Map.of("enum", words);
        yield Map.of("anyOf", List.of(word, form(offOr.section())));
      }
      case Form.OrOff<?> orOff ->
          Map.of("anyOf", List.of(Map.of("const", Form.OrOff.WORD), form(orOff.value())));
      case Form.FlagOrServices(Form.ListOf<Service> services) ->
          Map.of("anyOf", List.of(Map.of("type", "boolean"), form(services)));
    };
  }

  private Map<String, Object> variants(Variants variants) {
    List<Object> branches = new ArrayList<>();
    for (Section section : variants.sections()) {
      Map<String, Object> branch = new LinkedHashMap<>();
      branch.put("if", where(variants.decider(), section.name()));
      branch.put("then", form(section));
      branches.add(branch);
    }
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("required", List.of(variants.decider()));
    schema.put("properties", Map.of(variants.decider(), Map.of("enum", variants.choice().words())));
    schema.put("allOf", branches);
    return schema;
  }

  private static Map<String, Object> where(String key, String word) {
    Map<String, Object> condition = new LinkedHashMap<>();
    condition.put("properties", Map.of(key, Map.of("const", word)));
    condition.put("required", List.of(key));
    return condition;
  }

  /** The conclusions from one value of a deciding key. */
  private record Branch(Map<String, Object> refused, List<List<String>> needed) {
    Map<String, Object> then() {
      Map<String, Object> then = new LinkedHashMap<>();
      if (!needed.isEmpty()) {
        then.put(
            "allOf",
            needed.stream()
                .map(one ->
                    Map.of(
                        "anyOf",
                        one.stream().map(key -> Map.of("required", List.of(key))).toList()))
                .toList());
      }
      if (!refused.isEmpty()) {
        then.put("properties", refused);
      }
      return then;
    }
  }

  @SuppressWarnings("unchecked")
  private static void refuse(Map<String, Object> schema, String other, String key) {
    Map<String, Object> all =
        (Map<String, Object>)
            schema.computeIfAbsent("dependentSchemas", _ -> new LinkedHashMap<String, Object>());
    all.put(other, Map.of("properties", Map.of(key, false)));
  }

  private static Map<String, Object> anyTwo(List<Key<?>> keys) {
    List<Object> pairs = new ArrayList<>();
    for (Key<?> one : keys) {
      for (Key<?> other : keys.subList(keys.indexOf(one) + 1, keys.size())) {
        pairs.add(Map.of("required", List.of(one.name(), other.name())));
      }
    }
    return Map.of("anyOf", pairs);
  }

  private static void rules(List<KeyRule> rules, Map<String, Object> schema) {
    Map<Map<String, Object>, Branch> branches = new LinkedHashMap<>();
    for (KeyRule rule : rules) {
      switch (rule) {
        case KeyRule.ExactlyOne(List<Key<?>> keys) ->
            schema.put(
                "oneOf",
                keys.stream().map(key -> Map.of("required", List.of(key.name()))).toList());
        case KeyRule.AtLeastOne(List<Key<?>> keys) ->
            schema.put(
                "anyOf",
                keys.stream().map(key -> Map.of("required", List.of(key.name()))).toList());
        case KeyRule.AtMostOne(List<Key<?>> keys) -> schema.put("not", anyTwo(keys));
        case KeyRule.OnlyWith(Key<?> key, Key<?> other, String _) ->
            schema.put("dependentRequired", Map.of(key.name(), List.of(other.name())));
        case KeyRule.NotWith(Key<?> key, Key<?> other, String _) ->
            refuse(schema, other.name(), key.name());
        case KeyRule.NotWhere(Key<?> key, Key<?> decider, String word, String _) ->
            branch(branches, decider, word).refused().put(key.name(), false);
        case KeyRule.NeededWhere(
                Key<?> key,
                Key<?> instead,
                Key<?> decider,
                String word,
                String _) ->
            branch(branches, decider, word).needed().add(List.of(key.name(), instead.name()));
      }
    }
    if (!branches.isEmpty()) {
      List<Object> all = new ArrayList<>();
      branches.forEach((condition, branch) -> {
        Map<String, Object> conditional = new LinkedHashMap<>();
        conditional.put("if", condition);
        conditional.put("then", branch.then());
        all.add(conditional);
      });
      schema.put("allOf", all);
    }
  }

  private static Branch branch(
      Map<Map<String, Object>, Branch> branches, Key<?> decider, String word) {
    return branches.computeIfAbsent(
        where(decider.name(), word), _ -> new Branch(new LinkedHashMap<>(), new ArrayList<>()));
  }
}
