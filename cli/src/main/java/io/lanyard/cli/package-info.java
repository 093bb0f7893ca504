/**
 * The command line: {@code lanyard NOUN VERB}.
 *
 * <p>A command is a picocli class that either works here ({@code check}, images, the demo) or asks
 * a running daemon over its socket and prints the answer: as a table, or with {@code --json} as the
 * API gave it. What goes wrong is a {@link io.lanyard.cli.Failure} with a sentence that says what,
 * where and what to do; nobody is shown a stack trace. Exit codes: 0 done, 1 failed, 2 bad usage.
 */
package io.lanyard.cli;
