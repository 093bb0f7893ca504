/**
 * How a program asks a running daemon.
 *
 * <p>{@link io.lanyard.control.client.LanyardClient} and its clients of networks, guests and the
 * configuration have a method for each request of the API, and answer with the records of {@code
 * io.lanyard.control.api}. They stand on {@link io.lanyard.control.client.HttpClient}, which is
 * blocking and small, on the JDK's sockets: the JDK's own client does not speak to UNIX sockets,
 * and a command line must start at once. It makes one connection per request: an answer is read as
 * it comes, which is how captures and consoles are streamed, and closing it ends the request.
 * {@link io.lanyard.control.client.EventStream} goes on over many connections.
 *
 * <p>A {@link io.lanyard.control.client.DaemonAddress} is a UNIX socket, or a TCP port with TLS and
 * a token. Over TLS the server's certificate has to carry the name that was asked for, signed by
 * the JDK's authorities or those of a file.
 */
package io.lanyard.control.client;
