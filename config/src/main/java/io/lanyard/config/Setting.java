package io.lanyard.config;

/**
 * One value of the configuration.
 *
 * @param path its key
 * @param value the value as the file would have it, in one line; a list of values is one value
 * @param origin where it comes from
 */
public record Setting(DocumentPath path, String value, Origin origin) {}
