package io.lanyard.control.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A component with its counters, and those below it: {@code GET /v1/dump}.
 *
 * @param name what it is
 * @param properties its counters and states by name: texts, numbers, truth values
 * @param children the components that it consists of
 */
public record ComponentInfo(
    String name, Map<String, Object> properties, List<ComponentInfo> children) {
  /** Copies the map and the list. */
  public ComponentInfo {
    properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    children = List.copyOf(children);
  }
}
