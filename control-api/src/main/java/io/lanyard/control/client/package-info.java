/**
 * How a program asks a running daemon.
 *
 * <p>{@link io.lanyard.control.client.HttpClient} is blocking and small, on the JDK's socket
 * channel, since the JDK's own client does not speak to UNIX sockets and a command line must start
 * at once. One request a connection: an answer is read as it comes, which is how captures and
 * consoles are streamed, and closing it ends the request. {@link
 * io.lanyard.control.client.EventReader} reads the events of a stream of them.
 */
package io.lanyard.control.client;
