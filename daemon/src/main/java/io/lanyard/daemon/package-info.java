/** The composition root: makes networks and guests from a configuration and keeps them running. */
package io.lanyard.daemon;
