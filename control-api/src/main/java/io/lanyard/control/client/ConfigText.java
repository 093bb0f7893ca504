package io.lanyard.control.client;

/**
 * A configuration as a file has it.
 *
 * @param text YAML; empty for the daemon's own file, read again
 * @param source the absolute path of the file that the text is from, for messages and for relative
 *     paths in it; empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // a file's bytes, never compared
public record ConfigText(byte[] text, String source) {}
