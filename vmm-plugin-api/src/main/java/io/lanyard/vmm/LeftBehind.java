package io.lanyard.vmm;

/**
 * A guest that an earlier daemon has left running, and that nobody has made again.
 *
 * @param guest its name
 * @param process the number of the process that it runs in
 */
public record LeftBehind(String guest, long process) {}
