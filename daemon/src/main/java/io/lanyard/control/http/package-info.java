/**
 * The server of HTTP/1.1 over a UNIX socket, with nothing of Lanyard's in it.
 *
 * <p>The server ({@link io.lanyard.control.http.HttpServer}) parses on one Netty loop of its own
 * and answers on virtual threads, one request at a time for a connection, so that a resource may be
 * written as a plain method that blocks. A {@link io.lanyard.control.http.Response} is a body, a
 * stream (chunked, its writer held up while the client does not read), or an upgrade to a protocol
 * of bytes both ways. What a client may cost is bounded: connections, sizes of lines, headers and
 * bodies, the time to send a request, the time to take an answer.
 */
package io.lanyard.control.http;
