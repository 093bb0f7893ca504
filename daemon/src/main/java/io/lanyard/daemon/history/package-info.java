/**
 * The configurations that have run, on disk.
 *
 * <p>Each is a file of its own in the directory {@code config} of the state directory, named by its
 * number. It is written whole under another name, forced to the disk and then given its name, so
 * that after a crash it is there or not, and never in part. The newest one that can be read is what
 * the daemon goes on with. One that waits for a confirmation says so in its file, and is taken back
 * by the next start.
 */
package io.lanyard.daemon.history;
