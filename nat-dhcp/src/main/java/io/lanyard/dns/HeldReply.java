package io.lanyard.dns;

import java.util.function.Consumer;

/** Takes an answer, and holds memory until it comes. */
sealed interface HeldReply extends Consumer<byte[]> permits AliasReply, QueryLog.Line {
  /** The memory that it takes, in bytes. */
  long bytes();

  /** The memory that any taker of an answer holds beside itself, in bytes. */
  static long bytes(Consumer<byte[]> reply) {
    return reply instanceof HeldReply held ? held.bytes() : 0;
  }
}
