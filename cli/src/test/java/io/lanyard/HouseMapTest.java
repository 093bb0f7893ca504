package io.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.HouseMap.Arrow;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HouseMapTest {
  private static final List<String> TABLE =
      List.of(
          "# A document",
          "| Package | What it is | Uses |",
          "|---|---|---|",
          "| **base** | the ground | |",
          "| `net` | addresses | |",
          "| `base` | clocks | net |",
          "| **daemon** | on top | base |",
          "| `daemon` | all of it | net base |");

  private static final List<Arrow> ARROWS =
      List.of(
          arrow("base", "net"),
          arrow("daemon", "net"),
          arrow("daemon", "base"),
          arrow("daemon", "daemon"));

  private final HouseMap map = HouseMap.of(TABLE);

  private static Arrow arrow(String from, String to) {
    return new Arrow("io.lanyard." + from, "io.lanyard." + to, "Some.java:7 calls Other.it()");
  }

  private static List<Arrow> and(Arrow more) {
    return Stream.concat(ARROWS.stream(), Stream.of(more)).toList();
  }

  private static HouseMap with(String row, String instead) {
    assertThat(TABLE).contains(row);
    return HouseMap.of(TABLE.stream().map(line -> line.equals(row) ? instead : line).toList());
  }

  @Test
  void whatTheMapSaysAndTheCodeHasIsNoDifference() {
    assertThat(map.modules()).containsExactly("base", "daemon");
    assertThat(map.packages("base")).containsExactly("io.lanyard.net", "io.lanyard.base");
    assertThat(map.contradictions()).isEmpty();
    assertThat(map.differences(ARROWS)).isEmpty();
    assertThat(
            map.differences(
                Map.of(
                    "base", Set.of("io.lanyard.net", "io.lanyard.base"),
                    "daemon", Set.of("io.lanyard.daemon"))))
        .isEmpty();
  }

  @Test
  void theProjectsMapHasNoCircle() {
    assertThat(HouseMap.read().contradictions()).isEmpty();
  }

  @Test
  void aNewArrowIsToldWithItsPlaceAndWhatToDo() {
    assertThat(map.differences(and(arrow("net", "base"))))
        .singleElement()
        .asString()
        .startsWith("The arrow net -> base is new: Some.java:7 calls Other.it(). Move the code");
  }

  @Test
  void anArrowThatNothingFollowsIsStale() {
    assertThat(map.differences(ARROWS.subList(0, 2)))
        .containsExactly("Nothing in daemon uses base now: take it out of its row.");
  }

  @Test
  void aPackageIsNewOrGoneByItsModule() {
    assertThat(
            map.differences(
                Map.of(
                    "base", Set.of("io.lanyard.net", "io.lanyard.base", "io.lanyard.time"),
                    "bench", Set.of("io.lanyard.bench"))))
        .containsExactlyInAnyOrder(
            "The package io.lanyard.time of base is new: give it a row, above those that use it.",
            "The package io.lanyard.bench of bench is new: give it a row, above those that use"
                + " it.",
            "There is no io.lanyard.daemon in daemon: take its row away.");
  }

  @Test
  void aLowerPartMayNotKnowAnUpperOne() {
    assertThat(with("| `net` | addresses | |", "| `net` | addresses | base |").contradictions())
        .containsExactly(
            "net uses base, which does not stand above it: a lower part knows no upper one.");
  }

  @Test
  void aModulesRowSaysWhatItsPackagesSay() {
    assertThat(with("| **daemon** | on top | base |", "| **daemon** | on top | |").contradictions())
        .containsExactly("The packages of daemon use [base], but its row says [].");
  }

  @Test
  void aPackageHasOneRowBelowItsModule() {
    assertThatThrownBy(() -> with("| `base` | clocks | net |", "| `net` | clocks | |"))
        .hasMessage("two rows for net");
    assertThatThrownBy(() -> with("| **base** | the ground | |", ""))
        .hasMessage("net stands below no module");
  }
}
