package io.lanyard.cli;

import io.lanyard.base.EnumText;
import io.lanyard.config.Configuration;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.PortConfig;
import io.lanyard.net.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A completion script: tables of the commands, their options and their parameters, and a function
 * that looks words up in them. Names come from the daemon when they are asked for.
 */
final class CompletionScript {
  /** The values of parameters that have few. */
  private static final Map<String, String> VALUES =
      Map.of(
          "PROTOCOL",
          words(Transport.values()),
          "LEVEL",
          String.join("|", Configuration.Log.levels()),
          "MODE",
          words(NetworkMode.Word.values()),
          "KIND",
          String.join("|", PortConfig.kinds()));

  /** Files, and what {@link CompletionCommand} knows the names of. */
  private static final Set<String> ASKED =
      Set.of(
          "FILE",
          "PATH",
          "DIR",
          "NETWORK",
          "GUEST",
          "GUEST[:NETWORK]",
          "PORT",
          "ADDRESS",
          "ID",
          "REVISION",
          "NETWORK/PORT",
          "NETWORK[/PORT]",
          "GROUP",
          "NETWORK/GROUP",
          "FORWARD",
          "MAC",
          "NAME");

  private static final String FUNCTION =
      """
      _lanyard() {
        local current path='' kind='' word prefix='' i last
        local -a words positions
        [ -z "${ZSH_VERSION:-}" ] || setopt localoptions ksharrays shwordsplit
        words=() positions=()
        for ((i = 0; i <= COMP_CWORD; i++)); do
          word=${COMP_WORDS[i]}
          # bash breaks words at colons and equals signs.
          if [ -n "${BASH_VERSION:-}" ] && [ ${#words[@]} -gt 1 ] &&
            { [[ $word == [:=]* ]] || [[ ${words[${#words[@]}-1]} == *[:=] ]]; }; then
            words[${#words[@]}-1]+=$word
          else
            words+=("$word")
          fi
        done
        last=$((${#words[@]} - 1))
        current=${words[last]}
        for ((i = 1; i < last; i++)); do
          word=${words[i]}
          if [ -n "$kind" ]; then
            kind=''
          elif [[ $word == -* ]]; then
            kind=$(_lanyard_option "$path" "$word")
          elif [[ " $(_lanyard_commands "$path") " == *" $word "* ]]; then
            path="${path:+$path }$word"
          else
            positions+=("$word")
          fi
        done
        COMPREPLY=()
        if [ -z "$kind" ]; then
          if [[ $current == -* ]]; then
            COMPREPLY=($(compgen -W "$(_lanyard_options "$path")" -- "$current"))
            return
          fi
          word=$(_lanyard_commands "$path")
          if [ -n "$word" ]; then
            COMPREPLY=($(compgen -W "$word" -- "$current"))
            return
          fi
          kind=$(_lanyard_position "$path" ${#positions[@]})
        fi
        case $kind in
          '' | -) return ;;
          *[a-z]*) word=${kind//|/ } ;;
          FILE | PATH | DIR)
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -f -- "$current"))
            return
            ;;
          *) word=$("${words[0]}" completion --names "$kind" "${positions[@]}" 2>/dev/null) ;;
        esac
        COMPREPLY=($(compgen -W "$word" -- "$current"))
        if [ -n "${BASH_VERSION:-}" ] && [[ $current == *[:=]* ]]; then
          prefix=${current%"${current##*[:=]}"}
          for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
            COMPREPLY[i]=${COMPREPLY[i]#"$prefix"}
          done
        fi
      }
      if [ -n "${ZSH_VERSION:-}" ]; then
        autoload -Uz compinit bashcompinit && compinit && bashcompinit
      fi
      complete -F _lanyard lanyard
      """;

  private final StringBuilder commands = new StringBuilder();
  private final StringBuilder options = new StringBuilder();
  private final StringBuilder values = new StringBuilder();
  private final StringBuilder positions = new StringBuilder();

  private final String all;

  private CompletionScript(CommandSpec root) {
    all = String.join("|", root.subcommands().keySet());
  }

  static String of(CommandSpec root) {
    CompletionScript script = new CompletionScript(root);
    script.add(root, "");
    return "# Completion of lanyard for bash and zsh: source <(lanyard completion)\n"
        + table("_lanyard_commands", "$1", script.commands)
        + table("_lanyard_options", "$1", script.options)
        + table("_lanyard_option", "$1 $2", script.values)
        + table("_lanyard_position", "$1 $2", script.positions)
        + FUNCTION;
  }

  private static String words(Enum<?>[] values) {
    return Stream.of(values).map(EnumText::word).collect(Collectors.joining("|"));
  }

  private static String table(String function, String key, CharSequence cases) {
    return function + "() {\n  case \"" + key + "\" in\n" + cases + "  esac\n}\n";
  }

  private void add(CommandSpec command, String path) {
    Map<String, CommandLine> inner = command.subcommands();
    row(commands, "'" + path + "'", String.join(" ", inner.keySet()));
    List<String> names = new ArrayList<>();
    for (OptionSpec option : command.options()) {
      if (option.hidden()) {
        continue;
      }
      names.add(option.longestName());
      if (option.arity().max() > 0) {
        String keys =
            List.of(option.names()).stream()
                .map(name -> "'" + path + " " + name + "'")
                .collect(Collectors.joining(" | "));
        String kind = kind(option.paramLabel());
        row(values, keys, kind.isEmpty() ? "-" : kind);
      }
    }
    row(options, "'" + path + "'", String.join(" ", names));
    command.positionalParameters().stream()
        .filter(parameter -> !parameter.hidden())
        .forEach(parameter -> {
          boolean isLast = parameter.index().max() > parameter.index().min();
          String key = "'" + path + " '" + (isLast ? "*" : parameter.index().min());
          row(positions, key, kind(parameter.paramLabel()));
        });
    inner.forEach(
        (name, line) -> add(line.getCommandSpec(), path.isEmpty() ? name : path + " " + name));
  }

  private String kind(String label) {
    String values = label.equals("COMMAND") ? all : VALUES.getOrDefault(label, label);
    return values.contains("|") || ASKED.contains(label) ? values : "";
  }

  private static void row(StringBuilder table, String key, String words) {
    if (!words.isEmpty()) {
      table.append("    ").append(key).append(") echo '").append(words).append("' ;;\n");
    }
  }
}
