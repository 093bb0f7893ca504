package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.Clock;
import io.lanyard.base.Directories;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.control.api.ChangeInfo;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.RevisionInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import io.lanyard.daemon.network.Network;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Revisions outlive the daemon and its crashes, and come back when they are asked for. */
@Timeout(240)
class KeptRevisionsTest extends ConductorScene {
  private int edits;

  @Test
  void nothingIsLeftOutOfAnAppliedFile() throws Exception {
    Daemon.Settings settings =
        new Daemon.Settings(
            Document.builtIn(),
            all -> all.without("vmnet1").without("vmnet8").without("a"),
            directories(),
            null,
            Clock.system());
    daemon = Daemon.open(settings);
    PlanInfo done = apply(START.replace("PORT", "0").replaceAll("(?m)^ *forwards.*$", ""));
    assertThat(done.changes()).extracting(ChangeInfo::subject).containsExactly("networks.a");
    daemon.close();
    daemon = Daemon.open(settings);
    assertThat(daemon.networks()).extracting(Network::name).containsExactly("a");
  }

  @Test
  void whatWasAppliedRunsAgainAfterTheNextStart() throws Exception {
    LogWatch.expect("event=applied-file-left-out");
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    daemon.close();
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
    assertThat(daemon.conductor().present().revision()).isEqualTo(1);
    daemon.close();
    // A file that was changed since has the last word.
    daemon = InProcessDaemon.open(home, document(START.replace("10.9.8.9:80", "10.9.8.11:80")));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.11:80");
    assertThat(get(daemon.conductor().history()))
        .extracting(RevisionInfo::revision)
        .containsExactly(2L, 1L, 0L);
  }

  @Test
  void aFileThatWasReadAgainIsNoNewsToTheNextStart() throws Exception {
    Path own = home.resolve("own.yaml");
    start(START);
    daemon.close();
    Files.writeString(own, document(START).text());
    Directories directories =
        new Directories(home.resolve("s2"), home.resolve("r"), home.resolve("i"));
    daemon = Daemon.open(Daemon.Settings.of(Document.load(own), directories));
    String edited = document(START.replace("10.9.8.9:80", "10.9.8.10:80")).text();
    Files.writeString(own, edited);
    get(
        daemon
            .conductor()
            .apply(
                new ChangeRequest(daemon::reread, "SIGHUP", "", -1, false, false, Duration.ZERO)));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
    get(daemon.conductor().apply(request(START.replace("10.9.8.9:80", "10.9.8.11:80"), false)));
    daemon.close();
    daemon = Daemon.open(Daemon.Settings.of(Document.load(own), directories));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.11:80");
  }

  private void edit(String path, String value) throws Exception {
    Instant when = Instant.EPOCH.plusSeconds(edits++);
    Edit edit = Edit.set(DocumentPath.parse(path), value, "test", when);
    get(
        daemon
            .conductor()
            .apply(
                new ChangeRequest(
                    before -> before.with(edit), "test", "", -1, false, false, Duration.ZERO)));
  }

  @Test
  void aChangeThatNoLongerFitsTheEditedFileIsAProblemUntilTheNextChange() throws Exception {
    LogWatch.expect("event=change-left-out");
    start(START);
    edit("networks.a.ports[q].isolated", "true");
    edit("networks.a.dns.hosts.printer", "10.9.8.77");
    daemon.close();
    String edited = START.replaceAll("(?m)^ *ports.*$", "");
    daemon = InProcessDaemon.open(home, document(edited));
    assertThat(daemon.conductor().present().document().effectiveText()).contains("printer");
    assertThat(ports("a")).containsExactly("gateway");
    assertThat(daemon.status().problems())
        .singleElement()
        .asString()
        .contains("no longer fits the edited file")
        .contains("networks.a.ports[q].isolated");
    edit("networks.a.dns.hosts.printer", "10.9.8.78");
    assertThat(daemon.status().problems()).isEmpty();
  }

  /** Edits that one command makes, as {@code path = value}. */
  private void command(int second, String... edits) throws Exception {
    Instant when = Instant.EPOCH.plusSeconds(second);
    List<Edit> all =
        Stream.of(edits)
            .map(edit -> edit.split(" = ", 2))
            .map(edit -> Edit.set(DocumentPath.parse(edit[0]), edit[1], "test", when))
            .toList();
    get(
        daemon
            .conductor()
            .apply(
                new ChangeRequest(
                    before -> before.with(all), "test", "", -1, true, false, Duration.ZERO)));
  }

  @Test
  void aConflictWithTheEditedFileLeavesOutItsOwnCommandAlone() throws Exception {
    LogWatch.expect("event=change-left-out");
    start(START);
    command(
        1,
        "networks.a.ports[vx].kind = vxlan",
        "networks.a.ports[vx].vni = 42",
        "networks.a.ports[vx].remotes = [127.9.9.9]",
        "networks.a.ports[vx].local = 127.0.0.1",
        "networks.a.ports[vx].port = " + port);
    command(
        2,
        "networks.a.dhcp.reservations[52:54:00:00:01:09].address = 10.9.8.77",
        "networks.a.dhcp.reservations[52:54:00:00:01:09].hostname = r9");
    command(3, "networks.a.ports[vx].vni = 43");
    daemon.close();
    String edited =
        START + "    dhcp: {reservations: [{mac: '52:54:00:00:01:10', address: 10.9.8.77}]}\n";
    daemon = InProcessDaemon.open(home, document(edited));
    assertThat(ports("a")).contains("vx", "q");
    assertThat(daemon.conductor().present().document().effectiveText()).contains("vni: 43");
    assertThat(daemon.status().problems())
        .singleElement()
        .asString()
        .contains("networks.a.dhcp.reservations[52:54:00:00:01:09] (change by test at ")
        .doesNotContain("\n", "vx");
  }

  @Test
  void anotherCommentInTheFileIsNoRevision() throws Exception {
    start(START);
    edit("networks.a.dns.hosts.printer", "10.9.8.77");
    String commented = "# a word\n" + START;
    Document again = document(commented).with(daemon.conductor().present().document().edits());
    PlanInfo done =
        get(
            daemon
                .conductor()
                .apply(
                    new ChangeRequest(
                        before -> again, "test", "", -1, false, false, Duration.ZERO)));
    assertThat(done.revision()).isEqualTo(1);
    daemon.close();
    daemon = InProcessDaemon.open(home, document(commented));
    assertThat(daemon.conductor().present().revision()).isEqualTo(1);
    assertThat(daemon.conductor().present().document().text()).startsWith("# a word");
    assertThat(get(daemon.conductor().history())).hasSize(2);
  }

  @Test
  void theFirstConfigurationIsInTheHistoryWithTheTimeOfTheStart() throws Exception {
    Instant before = Instant.now();
    start(START);
    Instant after = Instant.now();
    List<RevisionInfo> first = get(daemon.conductor().history());
    assertThat(first).singleElement().satisfies(one -> assertThat(one.revision()).isZero());
    assertThat(Instant.parse(first.getFirst().at()))
        .isBetween(before.minusMillis(1), after.plusMillis(1));
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    assertThat(get(daemon.conductor().history()).getLast()).isEqualTo(first.getFirst());
  }

  /** The configuration of a daemon that starts with the files as they are now, as after a kill. */
  private Configuration afterACrash(String own) throws Exception {
    Path crashed = Files.createTempDirectory(home, "crashed");
    Path config = Files.createDirectory(crashed.resolve(Conductor.DIRECTORY));
    Path kept = directories().state().resolve(Conductor.DIRECTORY);
    if (Files.isDirectory(kept)) {
      try (Stream<Path> files = Files.list(kept)) {
        for (Path file : (Iterable<Path>) files::iterator) {
          Files.copy(file, config.resolve(file.getFileName()));
        }
      }
    }
    return RunningConfiguration.recover(document(own), crashed, Clock.system()).configuration();
  }

  @Test
  void aCrashInAChangeLeavesTheOldConfigurationUntilAllOfItIsDone() throws Exception {
    String before =
        START
            + "guests: {g: {vmm: echo, memory: 64M, program: /bin/true, stop-timeout: 1m,"
            + " options: {button: ignored}}}\n";
    start(before);
    String after =
        START.replace("10.9.8.9:80", "10.9.8.10:80")
            + "  b: {mode: nat, ipv4: {subnet: 10.9.9.0/24}}\n";
    CompletableFuture<PlanInfo> slow = daemon.conductor().apply(request(after, true));
    // Settings and additions are done; the guest that is to go does not stop.
    Await.until(() ->
        daemon.network("b") != null
            && forwards("a").equals(List.of("web listening -> 10.9.8.10:80")));
    assertThat(slow).isNotDone();
    assertThat(afterACrash(before)).isEqualTo(document(before).configuration());
    daemon.hurry();
    get(slow);
    assertThat(afterACrash(before)).isEqualTo(document("other.yaml", after).configuration());
  }

  @Test
  void whatRanAtFirstCanBeGoneBackTo() throws Exception {
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    get(daemon.conductor().rollBack(0, request(START, false)));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.9:80");
  }

  @Test
  void anEntryInTheWayOfTheHistoryCostsNoRevision() throws Exception {
    LogWatch.expect("event=revision-unreadable");
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    daemon.close();
    Files.createDirectories(home.resolve("s/config/000000007.json"));
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
    assertThat(apply(START).revision()).isEqualTo(8);
  }

  @Test
  void aFormerRevisionComesBack() throws Exception {
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    apply(START.replace("10.9.8.9:80", "10.9.8.11:80"));
    assertThat(get(daemon.conductor().planRollBack(1)).changes()).hasSize(1);
    assertThat(daemon.conductor().present().revision()).isEqualTo(2);
    PlanInfo back = get(daemon.conductor().rollBack(1, request(START, false)));
    assertThat(back.revision()).isEqualTo(3);
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
    assertThat(refusal(() -> get(daemon.conductor().rollBack(9, request(START, false)))).reason())
        .isEqualTo(Reason.UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "null", "{\"revision\":\"x\"}", "[1]", "{\"revision\":{}}"})
  void aRevisionThatCannotBeReadCostsNoStart(String content) throws Exception {
    LogWatch.expect("event=revision-unreadable");
    start(START);
    apply(START.replace("10.9.8.9:80", "10.9.8.10:80"));
    daemon.close();
    Files.writeString(home.resolve("s/config/000000002.json"), content);
    daemon = InProcessDaemon.open(home, document(START));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.10:80");
  }

  @Test
  void aFullStateDirectoryRefusesTheChange() throws Exception {
    start(START);
    Files.createDirectories(home.resolve("s"));
    Files.writeString(home.resolve("s/config"), "in the way");
    assertThatThrownBy(() -> apply(START.replace("10.9.8.9:80", "10.9.8.10:80")))
        .isInstanceOfSatisfying(
            ChangeRefusedException.class,
            refused -> assertThat(refused.reason()).isEqualTo(Reason.NOT_KEPT));
    assertThat(forwards("a")).containsExactly("web listening -> 10.9.8.9:80");
  }
}
