package io.lanyard.image;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A Debian mirror that the host's apt uses.
 *
 * @param uri the archive's root, as in the host's configuration
 * @param origin what the archive calls itself; empty when apt has never been there
 * @param release the suite that the host takes from it
 * @param component main, contrib...
 * @param signedBy the keyring that the host checks it with, or empty
 */
record AptSource(String uri, String origin, String release, String component, String signedBy) {
  /** The format that {@link #parse} reads, for {@code apt-get indextargets --format}. */
  static final String FORMAT =
      "$(REPO_URI)|$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)|$(CREATED_BY)";

  /**
   * Picks the mirror of Debian's main archive among what apt lists.
   *
   * @param lines lines in the form of {@link #FORMAT}
   * @return the mirror, if the host has one
   */
  static Optional<AptSource> parse(List<String> lines) {
    return lines.stream()
        .map(line -> line.split("\\|", -1))
        .filter(fields -> fields.length == 6 && fields[5].equals("Packages"))
        .map(fields -> Arrays.stream(fields).map(AptSource::known).toArray(String[]::new))
        .map(fields -> new AptSource(fields[0], fields[1], fields[2], fields[3], fields[4]))
        .filter(AptSource::isMainArchive)
        .min(Comparator.comparingInt(AptSource::doubt));
  }

  /** apt leaves a field as it is when it knows nothing to put there. */
  private static String known(String field) {
    return field.startsWith("$(") ? "" : field;
  }

  private boolean isMainArchive() {
    return component.equals("main")
        && !uri.isEmpty()
        && (origin.isEmpty() || origin.equals("Debian"))
        && !release.contains("-")
        && !release.contains("/")
        && !uri.toLowerCase(Locale.ROOT).contains("security");
  }

  /** An archive that has said that it is Debian comes before one that only looks like it. */
  private int doubt() {
    if (origin.equals("Debian")) {
      return 0;
    }
    return uri.toLowerCase(Locale.ROOT).contains("debian") ? 1 : 2;
  }
}
