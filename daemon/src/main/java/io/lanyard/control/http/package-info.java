/**
 * HTTP/1.1 over a UNIX socket, server and client, with nothing of Lanyard's in it.
 *
 * <p>The server ({@link io.lanyard.control.http.HttpServer}) parses on one Netty loop of its own
 * and answers on virtual threads, one request at a time for a connection, so that a resource may be
 * written as a plain method that blocks. A {@link io.lanyard.control.http.Response} is a body, a
 * stream (chunked, its writer held up while the client does not read), or an upgrade to a protocol
 * of bytes both ways. What a client may cost is bounded: connections, sizes of lines, headers and
 * bodies, the time to send a request, the time to take an answer.
 *
 * <p>The client ({@link io.lanyard.control.http.HttpClient}) is blocking and small, on the JDK's
 * socket channel, since the JDK's own does not speak to UNIX sockets and a command line must start
 * at once. One request a connection.
 */
package io.lanyard.control.http;
