package io.lanyard;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.lanyard.base.LogEvent;
import io.lanyard.control.api.ProblemInfo;
import io.lanyard.control.api.Role;
import java.lang.foreign.Linker;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The rules of DESIGN section 1: who may see whom. */
@AnalyzeClasses(packages = "io.lanyard", importOptions = ArchitectureTest.NoTests.class)
final class ArchitectureTest {
  /** Leaves out tests, the jars of the test kits, and benchmarks, which may see all. */
  static final class NoTests implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return Predefined.DO_NOT_INCLUDE_TESTS.includes(location)
          && !location.contains("-tests.jar")
          && !location.contains("/test/io/lanyard/") // of a build that is not Maven's
          && !location.contains("/bench/");
    }
  }

  /** The rooms of the house, from the bottom up: a room may see those that it names. */
  @SuppressWarnings("ImmutableEnumChecker") // Set.of and List.of
  private enum Room {
    BASE(Set.of(), "base", "net", "linux", "virtio"),
    VMM_PLUGIN_API(Set.of(), "vmm"),
    CONTROL_API(
        Set.of(BASE),
        "control.api",
        "control.client",
        "control.json",
        "control.launch",
        "control.token"),
    IMAGES(Set.of(BASE), "image"),
    CONFIG(Set.of(BASE), "config"),
    VSWITCH(Set.of(BASE), "vswitch"),
    /** Found by its interface in the switch's room; nobody sees it. */
    PCAP(Set.of(BASE, VSWITCH), "pcap"),
    NAT_DHCP(Set.of(BASE, CONFIG, VSWITCH), "nat", "dhcp", "dns"),
    VMM_DEFAULT(Set.of(BASE, VMM_PLUGIN_API), "machine"),
    VMM_QEMU(Set.of(BASE, VMM_PLUGIN_API), "qemu"),
    DAEMON(
        Set.of(BASE, CONFIG, CONTROL_API, IMAGES, NAT_DHCP, VMM_PLUGIN_API, VSWITCH),
        "daemon",
        "control",
        "control.http"),
    CLI(Set.of(BASE, CONFIG, CONTROL_API, IMAGES), "cli", "demo");

    private final Set<Room> sees;
    private final List<String> parts;

    Room(Set<Room> sees, String... parts) {
      this.sees = sees;
      this.parts = List.of(parts);
    }

    boolean has(JavaClass type) {
      String name = type.getPackageName();
      return name.startsWith("io.lanyard.") && of(type) == this;
    }

    /** The room whose part is the longest beginning of a class's package. */
    static Room of(JavaClass type) {
      String name = type.getPackageName();
      Room best = null;
      int length = 0;
      for (Room room : values()) {
        for (String part : room.parts) {
          String prefix = "io.lanyard." + part;
          if ((name.equals(prefix) || name.startsWith(prefix + ".")) && prefix.length() > length) {
            best = room;
            length = prefix.length();
          }
        }
      }
      if (best == null) {
        throw new AssertionError(name + " is in no room of DESIGN section 1");
      }
      return best;
    }
  }

  @ArchTest
  static void aRoomSeesOnlyWhatItsPlaceAllows(JavaClasses all) {
    Set<String> wrong = new TreeSet<>();
    for (JavaClass type : all) {
      Room room = Room.of(type);
      type.getDirectDependenciesFromSelf().stream()
          .map(dependency -> dependency.getTargetClass().getBaseComponentType())
          .filter(target -> target.getPackageName().startsWith("io.lanyard"))
          .filter(target -> !room.has(target) && !room.sees.contains(Room.of(target)))
          .forEach(target -> wrong.add(type.getName() + " sees " + target.getName()));
    }
    assertThat(wrong).isEmpty();
  }

  @ArchTest
  static void everyRoomIsLookedAt(JavaClasses all) {
    Set<Room> seen = EnumSet.noneOf(Room.class);
    all.forEach(type -> seen.add(Room.of(type)));
    assertThat(seen).containsExactly(Room.values());
  }

  /** Packages of these rooms, for rules about libraries. */
  private static String[] packages(Room... rooms) {
    return Arrays.stream(rooms)
        .flatMap(room -> room.parts.stream())
        .map(part -> "io.lanyard." + part + "..")
        .toArray(String[]::new);
  }

  private static String[] and(String[] packages, String... more) {
    return Stream.concat(Arrays.stream(packages), Arrays.stream(more)).toArray(String[]::new);
  }

  @ArchTest
  static final ArchRule WHAT_ALL_STAND_ON_AND_WHAT_OTHERS_PLUG_INTO_KNOW_THE_JDK_ONLY =
      noClasses()
          .that(resideInAnyPackage(packages(Room.BASE, Room.VMM_PLUGIN_API)))
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                      and(
                          packages(Room.BASE, Room.VMM_PLUGIN_API),
                          "java..",
                          "javax..",
                          "org.jspecify.."))));

  @ArchTest
  static final ArchRule THE_MACHINE_KNOWS_NO_LIBRARY =
      noClasses()
          .that(resideInAnyPackage(packages(Room.VMM_DEFAULT)))
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                      and(
                          packages(Room.BASE, Room.VMM_PLUGIN_API, Room.VMM_DEFAULT),
                          "java..",
                          "javax..",
                          "com.sun.management..",
                          "org.jspecify.."))));

  @ArchTest
  static final ArchRule ONLY_THE_DAEMON_DECIDES_HOW_IS_LOGGED =
      noClasses()
          .that(
              resideInAnyPackage(
                  packages(
                      Room.BASE,
                      Room.CONFIG,
                      Room.CONTROL_API,
                      Room.IMAGES,
                      Room.NAT_DHCP,
                      Room.PCAP,
                      Room.VMM_DEFAULT,
                      Room.VMM_QEMU,
                      Room.VMM_PLUGIN_API,
                      Room.VSWITCH)))
          .should()
          .dependOnClassesThat(resideInAnyPackage("java.util.logging..", "org.slf4j.."));

  @ArchTest
  static final ArchRule LINES_OF_THE_LOG_ARE_EVENTS =
      noClasses()
          .that(not(type(LogEvent.class)))
          .should()
          .callMethodWhere(target(owner(type(System.Logger.class))).and(target(name("log"))))
          .because("LogEvent quotes and escapes its values");

  @ArchTest
  static final ArchRule ONE_PLACE_CALLS_THE_SYSTEM =
      noClasses()
          .that(not(resideInAnyPackage("io.lanyard.linux..")))
          .should()
          .dependOnClassesThat(type(Linker.class));

  @ArchTest
  static final ArchRule NETTY_IS_FOR_WHAT_CARRIES_FRAMES_AND_ANSWERS_THE_API =
      noClasses()
          .that(
              resideInAnyPackage(
                  packages(
                      Room.BASE,
                      Room.CONFIG,
                      Room.CONTROL_API,
                      Room.IMAGES,
                      Room.PCAP,
                      Room.VMM_DEFAULT,
                      Room.VMM_QEMU,
                      Room.VMM_PLUGIN_API)))
          .should()
          .dependOnClassesThat(resideInAnyPackage("io.netty.."));

  @ArchTest
  static final ArchRule PCAP4J_IS_LOADED_WHEN_IT_IS_ASKED_FOR =
      noClasses()
          .that(not(resideInAnyPackage(packages(Room.PCAP))))
          .should()
          .dependOnClassesThat(resideInAnyPackage("org.pcap4j..", "com.sun.jna.."))
          .because("a start that needs neither does not pay for them (ADR 21)");

  @ArchTest
  static final ArchRule
      HTTP_KNOWS_NOTHING_OF_LANYARD_BUT_ROLES_PROBLEMS_AND_WHAT_EVERYBODY_STANDS_ON =
          noClasses()
              .that(resideInAnyPackage("io.lanyard.control.http"))
              .should()
              .dependOnClassesThat(
                  resideInAnyPackage("io.lanyard..")
                      .and(
                          not(
                              resideInAnyPackage(
                                  "io.lanyard.control.http",
                                  "io.lanyard.control.json",
                                  "io.lanyard.base",
                                  "io.lanyard.linux")))
                      .and(not(equivalentTo(Role.class)))
                      .and(not(equivalentTo(ProblemInfo.class))));

  /** Those that write JSON read a record by reflection, which needs its package exported. */
  @ArchTest
  static void theDaemonsRecordsThatBecomeJsonAreTheControlApis(JavaClasses all) {
    Set<String> writers = new TreeSet<>();
    for (JavaClass type : all) {
      boolean writes =
          type.getDirectDependenciesFromSelf().stream()
              .map(dependency -> dependency.getTargetClass().getName())
              .anyMatch(WRITERS_OF_JSON::contains);
      if (writes && Room.of(type) == Room.DAEMON) {
        writers.add(outermost(type));
      }
    }
    Set<String> wrong = new TreeSet<>();
    for (JavaClass type : all) {
      boolean isAnswer = type.isRecord() && type.getRawInterfaces().isEmpty();
      if (isAnswer && writers.contains(outermost(type))) {
        wrong.add(type.getName());
      }
    }
    assertThat(writers).isNotEmpty();
    assertThat(wrong).as("records that the module does not export").isEmpty();
  }

  private static final Set<String> WRITERS_OF_JSON =
      Set.of(
          "io.lanyard.control.http.Json",
          "io.lanyard.control.http.Response$Descriptor",
          "io.lanyard.control.json.JsonText");

  private static String outermost(JavaClass type) {
    return type.getEnclosingClass().map(ArchitectureTest::outermost).orElse(type.getName());
  }

  @ArchTest
  static void noRoomsPackagesHaveCycles(JavaClasses all) {
    for (Room room : Room.values()) {
      slices()
          .assignedFrom(new PackagesOf(room))
          .should()
          .beFreeOfCycles()
          .allowEmptyShould(false)
          .check(all);
    }
  }

  /** A slice for each package of a room. */
  private record PackagesOf(Room room) implements SliceAssignment {
    @Override
    public SliceIdentifier getIdentifierOf(JavaClass type) {
      return room.has(type) ? SliceIdentifier.of(type.getPackageName()) : SliceIdentifier.ignore();
    }

    @Override
    public String getDescription() {
      return "packages of " + room;
    }
  }
}
