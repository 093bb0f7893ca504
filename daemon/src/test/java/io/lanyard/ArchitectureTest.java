package io.lanyard;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.foreign.Linker;

/** The rules of DESIGN section 1: who may see whom. */
@AnalyzeClasses(packages = "io.lanyard", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  private static final String[] VSWITCH = {"io.lanyard.vswitch.."};
  private static final String[] NAT = {"io.lanyard.nat..", "io.lanyard.dhcp..", "io.lanyard.dns.."};
  private static final String[] VMM = {"io.lanyard.vmm.."};
  private static final String[] MACHINE = {"io.lanyard.machine.."};
  private static final String[] CONFIG = {"io.lanyard.config.."};
  private static final String[] DAEMON = {
    "io.lanyard.daemon..",
    "io.lanyard.control..",
    "io.lanyard.cli..",
    "io.lanyard.image..",
    "io.lanyard.demo.."
  };

  @ArchTest
  static final ArchRule THE_SWITCH_KNOWS_NO_SERVICE_AND_NO_GUEST =
      noClasses()
          .that(resideInAnyPackage(VSWITCH))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(NAT)
                  .or(resideInAnyPackage(VMM))
                  .or(resideInAnyPackage(MACHINE))
                  .or(resideInAnyPackage(CONFIG))
                  .or(resideInAnyPackage(DAEMON)));

  @ArchTest
  static final ArchRule THE_GATEWAY_KNOWS_THE_SWITCH_ONLY =
      noClasses()
          .that(resideInAnyPackage(NAT))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(VMM)
                  .or(resideInAnyPackage(MACHINE))
                  .or(resideInAnyPackage(CONFIG))
                  .or(resideInAnyPackage(DAEMON)));

  @ArchTest
  static final ArchRule THE_PLUGIN_INTERFACE_KNOWS_THE_JDK_ONLY =
      noClasses()
          .that(resideInAnyPackage(VMM))
          .should()
          .dependOnClassesThat(
              not(resideInAnyPackage("io.lanyard.vmm..", "java..", "javax..", "org.jspecify..")));

  @ArchTest
  static final ArchRule THE_MACHINE_KNOWS_THE_PLUGIN_INTERFACE_AND_THE_JDK_ONLY =
      noClasses()
          .that(resideInAnyPackage(MACHINE))
          .should()
          .dependOnClassesThat(
              not(
                  resideInAnyPackage(
                      "io.lanyard.machine..",
                      "io.lanyard.vmm..",
                      "java..",
                      "javax..",
                      "com.sun.management..",
                      "org.jspecify..")));

  @ArchTest
  static final ArchRule THE_CONFIGURATION_IS_DATA =
      noClasses()
          .that(resideInAnyPackage(CONFIG))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(VSWITCH)
                  .or(resideInAnyPackage(NAT))
                  .or(resideInAnyPackage(VMM))
                  .or(resideInAnyPackage(MACHINE))
                  .or(resideInAnyPackage(DAEMON)));

  @ArchTest
  static final ArchRule ONLY_THE_DAEMON_DECIDES_HOW_IS_LOGGED =
      noClasses()
          .that(
              resideInAnyPackage(VSWITCH)
                  .or(resideInAnyPackage(VMM))
                  .or(resideInAnyPackage(MACHINE))
                  .or(resideInAnyPackage(CONFIG)))
          .should()
          .dependOnClassesThat(resideInAnyPackage("java.util.logging..", "org.slf4j.."));

  @ArchTest
  static final ArchRule ONLY_TWO_PLACES_CALL_THE_SYSTEM =
      noClasses()
          .that(not(resideInAnyPackage("io.lanyard.vswitch.linux..", "io.lanyard.machine.bus..")))
          .should()
          .dependOnClassesThat(type(Linker.class));

  @ArchTest
  static final ArchRule THE_DAEMONS_PACKAGES_HAVE_NO_CYCLES =
      slices()
          .matching("io.lanyard.(control.http|control.api|control|daemon|cli|image|demo)")
          .should()
          .beFreeOfCycles();

  @ArchTest
  static final ArchRule THE_GATEWAYS_PACKAGES_HAVE_NO_CYCLES =
      slices()
          .matching(
              "io.lanyard.(nat|nat.station|nat.flow|nat.gateway|nat.tcp|nat.udp|nat.icmp|nat.forward|dhcp|dns)")
          .should()
          .beFreeOfCycles();

  @ArchTest
  static final ArchRule THE_SWITCHS_PACKAGES_HAVE_NO_CYCLES =
      slices()
          .matching("io.lanyard.(vswitch|vswitch.frame|vswitch.linux|vswitch.port|vswitch.capture)")
          .should()
          .beFreeOfCycles();

  @ArchTest
  static final ArchRule THE_MACHINES_PARTS_HAVE_NO_CYCLES =
      slices()
          .matching(
              "io.lanyard.(machine|machine.boot|machine.bus|machine.device|machine.disk|machine.hart"
                  + "|machine.mmu|machine.sbi|machine.virtio)")
          .should()
          .beFreeOfCycles();

  @ArchTest
  static final ArchRule HTTP_KNOWS_NOTHING_OF_LANYARD =
      noClasses()
          .that(resideInAnyPackage("io.lanyard.control.http"))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.lanyard..")
                  .and(not(resideInAnyPackage("io.lanyard.control.http"))));

  @ArchTest
  static final ArchRule NETTY_IS_THE_EMBEDDERS_BUSINESS_NOT_THE_MACHINES =
      noClasses()
          .that(
              resideInAnyPackage(MACHINE)
                  .or(resideInAnyPackage(VMM))
                  .or(resideInAnyPackage(CONFIG)))
          .should()
          .dependOnClassesThat(resideInAnyPackage("io.netty.."));
}
