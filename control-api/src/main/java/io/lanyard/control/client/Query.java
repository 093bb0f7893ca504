package io.lanyard.control.client;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** The part of a request's target behind the path. */
final class Query {
  private final StringBuilder text = new StringBuilder();

  /** Adds a parameter; one without a value is left out. */
  Query add(String name, String value) {
    if (!value.isEmpty()) {
      text.append(text.isEmpty() ? '?' : '&').append(name).append('=').append(encode(value));
    }
    return this;
  }

  /** A path from segments that may hold anything. */
  static String path(String... segments) {
    StringBuilder path = new StringBuilder("/v1");
    for (String segment : segments) {
      path.append('/').append(encode(segment));
    }
    return path.toString();
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
