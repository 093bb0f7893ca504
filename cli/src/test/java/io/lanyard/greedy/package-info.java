/** A VMM plug-in that a test puts into a jar. */
package io.lanyard.greedy;
