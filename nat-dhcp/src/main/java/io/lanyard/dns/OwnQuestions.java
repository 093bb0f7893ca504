package io.lanyard.dns;

import io.lanyard.vswitch.Turn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Type;

/**
 * The questions to name servers that no guest waits for: whether a server answers at all, what the
 * daemon looks up for itself, and answers that are renewed before their time is over. They take no
 * place of a guest's question; a turn is charged for what comes of them.
 *
 * <p>Thread: the network's loop only.
 */
final class OwnQuestions {
  /** Every name server has the root's at hand. */
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private static final Question ROOT = Question.recursive(Name.root, Type.NS);

  private final HostResolver resolver;
  private final Function<Name, UpstreamRanking> servers;
  private final UpstreamQuery.Surroundings surroundings;
  private final Turn unowned;

  /** The questions under way, and perhaps some that have ended. */
  private final List<UpstreamQuery> underWay = new ArrayList<>();

  private boolean stopped;

  /**
   * Makes an object that has asked nothing.
   *
   * @param resolver knows the host's name servers
   * @param servers the servers that are asked for a name
   * @param unowned the turn that is charged for the daemon's own questions
   */
  OwnQuestions(
      HostResolver resolver,
      Function<Name, UpstreamRanking> servers,
      UpstreamQuery.Surroundings surroundings,
      Turn unowned) {
    this.resolver = resolver;
    this.servers = servers;
    this.surroundings = surroundings;
    this.unowned = unowned;
  }

  /**
   * Asks the servers that are asked for the question's name.
   *
   * @param turn charged for what comes of it
   * @param result told once; that the answer is local, where nothing is asked any more
   */
  void ask(Question question, Turn turn, UpstreamQuery.Result result) {
    ask(() -> servers.apply(question.name()), turn, question, result);
  }

  /** Asks for the root's name servers, which no guest has chosen and every server knows. */
  void probe(Consumer<UpstreamHealth.Probed> probed) {
    ask(
        resolver::ranking,
        unowned,
        ROOT,
        (response, local) ->
            probed.accept(
                local
                    ? UpstreamHealth.Probed.NOT_ASKED
                    : response == null
                        ? UpstreamHealth.Probed.SILENT
                        : UpstreamHealth.Probed.ANSWERED));
  }

  private void ask(
      Supplier<UpstreamRanking> of, Turn turn, Question question, UpstreamQuery.Result result) {
    resolver.servers(() -> {
      if (stopped) {
        result.ended(null, true);
        return;
      }
      UpstreamRanking ranking = of.get();
      begin(turn, question, ranking, ranking.order(), result);
    });
  }

  /** Asks a server whose rest is over whether it answers again. */
  void wake(UpstreamRanking ranking) {
    UpstreamServer due = ranking.due();
    if (due != null) {
      begin(
          unowned,
          ROOT,
          ranking,
          List.of(due),
          (response, local) -> {
            if (response == null || local) {
              ranking.failed(due);
            }
          });
    }
  }

  /**
   * Asks each server that is asked for a name, whatever the others say.
   *
   * @param answered takes all answers, once; null for a server that gave none
   */
  void askEach(Question question, Consumer<Map<UpstreamServer, @Nullable Message>> answered) {
    resolver.servers(() -> {
      UpstreamRanking ranking = servers.apply(question.name());
      List<UpstreamServer> asked = stopped ? List.of() : ranking.order();
      Map<UpstreamServer, @Nullable Message> answers = new LinkedHashMap<>();
      for (UpstreamServer server : asked) {
        begin(
            unowned,
            question,
            ranking,
            List.of(server),
            (response, local) -> {
              answers.put(server, local ? null : response);
              if (answers.size() == asked.size()) {
                answered.accept(answers);
              }
            });
      }
      if (asked.isEmpty()) {
        answered.accept(answers);
      }
    });
  }

  private void begin(
      Turn turn,
      Question question,
      UpstreamRanking ranking,
      List<UpstreamServer> asked,
      UpstreamQuery.Result result) {
    UpstreamQuery query =
        new UpstreamQuery(
            surroundings, null, turn, question, List.of(), ranking, asked, TIMEOUT, result);
    underWay.removeIf(UpstreamQuery::isDone);
    underWay.add(query);
    query.start(1);
  }

  /** Asks nothing any more; what is under way goes on until {@link #abandon}. */
  void stop() {
    stopped = true;
  }

  /** Ends what is under way, as if there were no socket to ask by. */
  void abandon() {
    List.copyOf(underWay).forEach(UpstreamQuery::abandon);
    underWay.clear();
  }
}
