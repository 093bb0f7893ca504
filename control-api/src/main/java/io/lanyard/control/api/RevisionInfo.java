package io.lanyard.control.api;

/**
 * A configuration that has run.
 *
 * @param revision its number; each change has the next one
 * @param at when it began to run
 * @param who who asked for it
 * @param why what was asked for
 * @param source the file that it stands on; empty for the built-in one
 * @param edits how many changes lie over the file
 */
public record RevisionInfo(
    long revision, String at, String who, String why, String source, int edits) {}
