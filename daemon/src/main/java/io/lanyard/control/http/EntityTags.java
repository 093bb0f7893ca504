package io.lanyard.control.http;

import org.jspecify.annotations.Nullable;

/** Lists of entity tags (RFC 9110 section 8.8.3). */
final class EntityTags {
  private EntityTags() {}

  /**
   * Whether the client of a GET has the present state already (section 13.1.2). Weak tags count.
   *
   * @param ifNoneMatch the request's If-None-Match header, or empty
   * @param tag the present state's entity tag with its quotes, or null if it has none
   */
  static boolean isKnown(String ifNoneMatch, @Nullable String tag) {
    if (tag == null) {
      return false;
    }
    if (ifNoneMatch.strip().equals("*")) {
      return true;
    }
    int open = ifNoneMatch.indexOf('"');
    while (open >= 0) {
      int close = ifNoneMatch.indexOf('"', open + 1);
      if (close < 0) {
        return false;
      }
      if (ifNoneMatch.substring(open, close + 1).equals(tag)) {
        return true;
      }
      open = ifNoneMatch.indexOf('"', close + 1);
    }
    return false;
  }
}
