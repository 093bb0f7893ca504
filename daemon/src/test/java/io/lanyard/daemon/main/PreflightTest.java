package io.lanyard.daemon.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class PreflightTest {
  private static final Configuration BUILT_IN = builtIn();

  private final Preflight unprivileged = new Preflight(BUILT_IN, device -> "no " + device);

  @Test
  void aBuiltInNetworkThatTheHostDoesNotPermitIsLeftOut() {
    assertThat(unprivileged.apply(BUILT_IN).networks()).containsOnlyKeys("vmnet8");
    assertThat(new Preflight(BUILT_IN, device -> "").apply(BUILT_IN)).isEqualTo(BUILT_IN);
  }

  @Test
  void aNetworkThatSomebodyAddedIsNotLeftOut() throws Exception {
    Configuration said = changed("networks.h", "{mode: host-only, ipv4: {subnet: 10.3.0.0/24}}");
    assertThat(unprivileged.apply(said).networks()).containsOnlyKeys("vmnet8", "h");
  }

  @Test
  void aBuiltInNetworkThatSomebodyChangedIsNotLeftOut() throws Exception {
    Configuration said = changed("networks.vmnet1.mtu", "1400");
    assertThat(unprivileged.apply(said).networks()).containsOnlyKeys("vmnet8", "vmnet1");
  }

  @Test
  void aBuiltInNetworkThatSomebodyRemovedStaysRemoved() throws Exception {
    Edit removal = Edit.remove(DocumentPath.parse("networks.vmnet1"), "test", Instant.EPOCH);
    Configuration said = Document.builtIn().with(List.of(removal)).configuration();
    assertThat(unprivileged.apply(said).networks()).containsOnlyKeys("vmnet8");
  }

  private static Configuration builtIn() {
    try {
      return Document.builtIn().configuration();
    } catch (ConfigException e) {
      throw new AssertionError(e);
    }
  }

  private static Configuration changed(String path, String value) throws Exception {
    Edit edit = Edit.set(DocumentPath.parse(path), value, "test", Instant.EPOCH);
    return Document.builtIn().with(List.of(edit)).configuration();
  }
}
