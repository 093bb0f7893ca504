/**
 * The command line: {@code lanyard NOUN VERB}.
 *
 * <p>A command is a picocli class that either works here ({@code check}, images, the demo) or asks
 * a running daemon over its socket and prints the answer: as a table, or with {@code --json} as the
 * API gave it. What goes wrong is a {@link io.lanyard.cli.Failure} with a sentence that says what,
 * where and what to do, or with {@code --json} a problem as RFC 9457 has it; nobody is shown a
 * stack trace. Exit codes: 0 done, 1 failed, 2 bad usage.
 *
 * <p>{@link io.lanyard.cli.Lanyard} knows the nouns and a {@link io.lanyard.cli.Noun} its verbs; of
 * both only the one that runs is given to picocli, which keeps the start short.
 *
 * <p>Commands that change the configuration make {@link io.lanyard.cli.Edits}, which are paths of
 * the file and values, and a {@link io.lanyard.cli.Change} sends them as one transaction:
 *
 * <pre>
 *   edits ──▶ PATCH ──▶ done: the plan is printed
 *               │
 *               ├──▶ ends something, nobody at a terminal: exit 1 with the list
 *               ├──▶ ends something, a {@link io.lanyard.cli.Person} there: plan shown, asked,
 *               │      sent again for the plan's revision only
 *               └──▶ outdated, and the edits came from the present configuration: read it, again
 *   done, {@code --confirm} ──▶ {@link io.lanyard.cli.Confirmation}: Enter keeps, all else takes back
 * </pre>
 */
package io.lanyard.cli;
