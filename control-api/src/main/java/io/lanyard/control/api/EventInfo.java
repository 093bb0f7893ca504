package io.lanyard.control.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Something that has happened.
 *
 * @param id names it, also to the server that is asked to go on behind it
 * @param at when, as RFC 3339 writes it
 * @param type what, as {@code port-changed}
 * @param network the network that it happened on; empty for none
 * @param subject the thing that it happened to, by name; empty for none
 * @param data more about it, by name
 */
public record EventInfo(
    String id, String at, String type, String network, String subject, Map<String, String> data) {
  /** Copies the map. */
  public EventInfo {
    data = Collections.unmodifiableMap(new LinkedHashMap<>(data));
  }
}
