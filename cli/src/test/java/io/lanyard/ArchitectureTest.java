package io.lanyard;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.lanyard.base.LogEvent;
import io.lanyard.control.api.ProblemInfo;
import io.lanyard.control.api.Role;
import java.io.IOException;
import java.lang.foreign.Linker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The rules of DESIGN section 1: who may see whom. */
@AnalyzeClasses(packages = "io.lanyard", importOptions = ArchitectureTest.NoTests.class)
final class ArchitectureTest {
  private static final Path ROOT = Path.of("..");
  private static final HouseMap MAP = HouseMap.read();

  /** Leaves out tests, the jars of the test kits, and benchmarks, which no test has at hand. */
  static final class NoTests implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return Predefined.DO_NOT_INCLUDE_TESTS.includes(location)
          && !location.contains("-tests.jar")
          && !location.contains("/test/io/lanyard/") // of a build that is not Maven's
          && !location.contains("/bench/");
    }
  }

  private static final Pattern IMPORT =
      Pattern.compile("import (?:static )?((io\\.lanyard(?:\\.[a-z]\\w*)+)\\.[A-Z][\\w.]*);");

  /** The sources of each module's packages, by its directory. */
  private static Map<String, Map<String, List<Path>>> sources() throws IOException {
    Map<String, Map<String, List<Path>>> modules = new TreeMap<>();
    for (Path module : list(ROOT)) {
      Path root = module.resolve("src/main/java");
      if (Files.isDirectory(root)) {
        try (Stream<Path> files = Files.walk(root.resolve("io"))) {
          modules.put(
              module.getFileName().toString(),
              files
                  .filter(file -> file.toString().endsWith(".java"))
                  .collect(
                      groupingBy(
                          file -> root.relativize(file.getParent()).toString().replace('/', '.'))));
        }
      }
    }
    return modules;
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  @ArchTest
  static void everyPackageStandsOnTheMap(JavaClasses all) throws IOException {
    Map<String, Set<String>> packages = new TreeMap<>();
    sources().forEach((module, files) -> packages.put(module, files.keySet()));
    assertThat(MAP.differences(packages)).isEmpty();
    packages.remove("bench");
    assertThat(all)
        .as("classes of every module")
        .extracting(JavaClass::getPackageName)
        .containsOnly(packages.values().stream().flatMap(Set::stream).toArray(String[]::new));
  }

  /** The arrows of imports, for constants leave none in a class file, and of what classes use. */
  @ArchTest
  static void aPackageUsesWhatTheMapSaysAndNothingElse(JavaClasses all) throws IOException {
    List<HouseMap.Arrow> arrows = new ArrayList<>();
    for (Map<String, List<Path>> packages : sources().values()) {
      for (Map.Entry<String, List<Path>> each : packages.entrySet()) {
        for (Path file : each.getValue()) {
          arrows.addAll(imports(each.getKey(), file));
        }
      }
    }
    for (JavaClass type : all) {
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        String to = dependency.getTargetClass().getBaseComponentType().getPackageName();
        if (to.startsWith("io.lanyard.")) {
          arrows.add(new HouseMap.Arrow(type.getPackageName(), to, dependency.getDescription()));
        }
      }
    }
    assertThat(MAP.differences(arrows)).isEmpty();
  }

  private static List<HouseMap.Arrow> imports(String from, Path file) throws IOException {
    List<HouseMap.Arrow> arrows = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      Matcher line = IMPORT.matcher(lines.get(i));
      if (line.matches()) {
        String where = "%s:%d imports %s".formatted(ROOT.relativize(file), i + 1, line.group(1));
        arrows.add(new HouseMap.Arrow(from, line.group(2), where));
      }
    }
    return arrows;
  }

  /** Packages of these modules, for rules about libraries. */
  private static String[] packages(String... modules) {
    return MAP.packages(modules).toArray(String[]::new);
  }

  private static String[] and(String[] packages, String... more) {
    return Stream.concat(Arrays.stream(packages), Arrays.stream(more)).toArray(String[]::new);
  }

  @ArchTest
  static final ArchRule WHAT_ALL_STAND_ON_AND_WHAT_OTHERS_PLUG_INTO_KNOW_THE_JDK_ONLY =
      noClasses()
          .that(resideInAnyPackage(packages("base", "vmm-plugin-api")))
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                      and(
                          packages("base", "vmm-plugin-api"),
                          "java..",
                          "javax..",
                          "org.jspecify.."))));

  @ArchTest
  static final ArchRule THE_MACHINE_KNOWS_NO_LIBRARY =
      noClasses()
          .that(resideInAnyPackage(packages("vmm-default")))
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                      and(
                          packages("base", "vmm-plugin-api", "vmm-default"),
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
                      "base",
                      "config",
                      "control-api",
                      "images",
                      "nat-dhcp",
                      "pcap",
                      "vmm-default",
                      "vmm-qemu",
                      "vmm-plugin-api",
                      "vswitch")))
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
                      "base",
                      "config",
                      "control-api",
                      "images",
                      "pcap",
                      "vmm-default",
                      "vmm-qemu",
                      "vmm-plugin-api")))
          .should()
          .dependOnClassesThat(resideInAnyPackage("io.netty.."));

  @ArchTest
  static final ArchRule PCAP4J_IS_LOADED_WHEN_IT_IS_ASKED_FOR =
      noClasses()
          .that(not(resideInAnyPackage(packages("pcap"))))
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
      if (writes && MAP.packages("daemon").contains(type.getPackageName())) {
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
}
