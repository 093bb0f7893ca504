package io.lanyard.demo;

/**
 * One thing that the demo shows.
 *
 * @param name what is checked
 * @param held whether it held
 * @param detail what was seen
 * @param seconds how long it took
 */
public record Check(String name, boolean held, String detail, double seconds) {}
