package io.lanyard.control.http;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The media types of requests' bodies. */
enum BodyType {
  JSON,
  YAML,
  /** None is said. */
  UNSAID;

  /** The types of YAML before and since RFC 9512. */
  private static final List<String> OF_YAML =
      List.of("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml");

  /**
   * The type that a request says its body to be.
   *
   * @param mediaType its Content-Type, or empty
   * @param takesYaml whether the resource takes YAML beside JSON
   * @throws Problem 415 if the resource does not take it (RFC 9110 section 15.5.16)
   */
  static BodyType of(String mediaType, boolean takesYaml) {
    int end = mediaType.indexOf(';');
    String type =
        (end < 0 ? mediaType : mediaType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    // curl says that what it sends is a form unless it is told otherwise.
    if (type.isEmpty() || type.equals("application/x-www-form-urlencoded")) {
      return UNSAID;
    }
    if (type.equals("application/json") || type.endsWith("+json") || type.equals("text/json")) {
      return JSON;
    }
    if (takesYaml && (OF_YAML.contains(type) || type.endsWith("+yaml"))) {
      return YAML;
    }
    String taken = takesYaml ? Json.TYPE + ", " + OF_YAML.getFirst() : Json.TYPE;
    throw new Problem(
        415,
        "the request's body is " + mediaType + ", which this resource does not take",
        "",
        "send Content-Type: " + taken.replace(", ", " or "),
        Map.of("Accept", taken));
  }
}
