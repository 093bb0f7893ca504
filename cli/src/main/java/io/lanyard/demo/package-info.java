/**
 * The demo: a daemon of its own, a guest, and the checks that show that it works.
 *
 * <p>The daemon is a child process on a private directory, so that killing it is real. The guest
 * boots from the image store with the slim RAM disk; {@link io.lanyard.demo.GuestShell} types into
 * its console and reads what comes back, as a person would, so that what is checked is the guest's
 * own programs and not what the daemon believes. A small web server on the loopback is the world
 * that the guest reaches. Whatever happens, the child and the directory are gone at the end.
 */
package io.lanyard.demo;
