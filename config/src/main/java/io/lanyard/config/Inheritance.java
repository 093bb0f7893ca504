package io.lanyard.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds what a port, a guest's NIC or a port group does not say itself, in the tree of a file. */
final class Inheritance {
  private static final int PLACE_STEPS = 4;

  private final YamlNode root;

  Inheritance(YamlNode root) {
    this.root = root;
  }

  /**
   * A value that is said elsewhere.
   *
   * @param from where
   * @param value the value
   */
  record Found(DocumentPath from, YamlNode value) {}

  /** The value that holds for a key that is not said; null if nothing else says it either. */
  @Nullable Found of(List<String> steps) {
    if (steps.size() <= PLACE_STEPS) {
      return null;
    }
    List<String> place = steps.subList(0, PLACE_STEPS);
    List<String> key = steps.subList(PLACE_STEPS, steps.size());
    boolean isNic = place.getFirst().equals("guests") && place.get(2).equals("nics");
    boolean isOfNetwork = place.getFirst().equals("networks");
    if (isNic || (isOfNetwork && place.get(2).equals("ports"))) {
      String network = isNic ? text(below(place, "network")) : place.get(1);
      String group = text(below(place, "port-group"));
      if (network == null) {
        return null;
      }
      Found shared =
          group == null ? null : said(List.of("networks", network, "port-groups", group), key);
      return shared == null ? ofNetwork(network, key) : shared;
    }
    return isOfNetwork && place.get(2).equals("port-groups") ? ofNetwork(place.get(1), key) : null;
  }

  private @Nullable Found ofNetwork(String network, List<String> key) {
    return switch (key.getFirst()) {
      case "guard", "mtu", "storm-control" -> said(List.of("networks", network), key);
      default -> null;
    };
  }

  /** A value below a place, or the word that stands in place of its mapping. */
  private @Nullable Found said(List<String> place, List<String> key) {
    // Rules add up: those of a port come before those of its group, and none takes their place.
    if (key.getFirst().equals("egress")) {
      return null;
    }
    List<String> steps = new ArrayList<>(place);
    for (String step : key) {
      steps.add(step);
      DocumentPath path = new DocumentPath(steps);
      YamlNode node = Overlay.find(root, path);
      if (node == null) {
        return null;
      }
      if (node instanceof YamlNode.Scalar || steps.size() == place.size() + key.size()) {
        return new Found(path, node);
      }
    }
    return null;
  }

  private static DocumentPath below(List<String> place, String key) {
    return new DocumentPath(place).child(key);
  }

  private @Nullable String text(DocumentPath path) {
    return Overlay.find(root, path) instanceof YamlNode.Scalar scalar ? scalar.text() : null;
  }
}
