package io.lanyard.base;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds the known word that a misspelt one was meant to be.
 *
 * <p>Thread: any.
 */
public final class Nearest {
  /** No known word is longer than half of this. */
  private static final int LONGEST = 64;

  private Nearest() {}

  /**
   * The nearest known word.
   *
   * @param word what was written; anything
   * @param known the words that there are, in kebab-case
   * @return the word, or null when none is so near that it could be meant
   */
  public static @Nullable String to(String word, Collection<String> known) {
    if (word.isEmpty() || word.length() > LONGEST) {
      return null;
    }
    String lower = word.toLowerCase(Locale.ROOT).replace('_', '-');
    int least = 1 + word.length() / 4;
    String nearest = null;
    for (String candidate : known) {
      boolean isBeginning = word.length() >= 3 && candidate.startsWith(lower);
      int distance = isBeginning ? 1 : distance(lower, candidate.toLowerCase(Locale.ROOT));
      if (distance < least || (distance == least && nearest == null)) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest;
  }

  /** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
  private static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int replace = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        cost[i][j] = Math.min(replace, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
