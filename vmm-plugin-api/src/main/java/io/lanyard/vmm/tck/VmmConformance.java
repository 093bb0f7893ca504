package io.lanyard.vmm.tck;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.VmmDescription;
import io.lanyard.vmm.VmmProvider;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/** The checks that apply to a plug-in. */
public final class VmmConformance {
  private final Fixture fixture;

  /**
   * Makes the kit.
   *
   * @param fixture the plug-in and its guests
   */
  public VmmConformance(Fixture fixture) {
    this.fixture = fixture;
  }

  /**
   * The version of the interface that these checks are for.
   *
   * @return the version
   */
  public static ApiVersion version() {
    return ApiVersion.CURRENT;
  }

  /**
   * The checks that follow from the plug-in's description.
   *
   * @return in a sensible order; each may be run alone, and again
   */
  public List<Check> checks() {
    List<Check> checks = new ArrayList<>();
    checks.add(new Check("the provider says who it is", this::provider));
    checks.addAll(new LifeChecks(fixture).checks());
    checks.addAll(new NicChecks(fixture).checks());
    checks.addAll(new PlugChecks(fixture).checks());
    checks.addAll(new SnapshotChecks(fixture).checks());
    if (fixture.provider().describe().capabilities().contains(Capability.CONSOLE)) {
      checks.addAll(new ConsoleChecks(fixture).checks());
    }
    return List.copyOf(checks);
  }

  private void provider() throws Exception {
    VmmProvider provider = fixture.provider();
    Bench.require(
        provider.name().matches("[a-z][a-z0-9-]{0,30}"),
        "name \"" + provider.name() + "\" is not short and lower-case");
    Bench.require(
        Bench.supported(provider.apiVersion()),
        "version " + provider.apiVersion() + " does not run under " + ApiVersion.CURRENT);
    VmmDescription description = provider.describe();
    Bench.require(!description.architectures().isEmpty(), "the VMM cannot run guests here");
    Bench.require(!description.boots().isEmpty(), "no guest could start with anything");
    same(description, provider.describe(), VmmDescription::architectures);
    same(description, provider.describe(), VmmDescription::boots);
    same(description, provider.describe(), VmmDescription::diskFormats);
    same(description, provider.describe(), VmmDescription::attachments);
    same(description, provider.describe(), VmmDescription::capabilities);
    try (var first = provider.open(fixture.context())) {
      Bench.require(first != null, "open gave nothing");
    }
    provider.open(fixture.context()).close();
  }

  private static void same(
      VmmDescription first, VmmDescription second, Function<VmmDescription, Collection<?>> part) {
    Collection<?> answer = part.apply(first);
    Bench.equal(answer, part.apply(second), "a description asked for again");
    Bench.refused(UnsupportedOperationException.class, "changing it", answer::clear);
  }
}
