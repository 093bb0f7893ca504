package io.lanyard.control.http;

import io.lanyard.control.api.Role;

/**
 * The sender of a request.
 *
 * @param name how history and logs name the sender, for example {@code user 1000} or {@code token
 *     backup}
 * @param role the requests that the sender may make
 */
public record Caller(String name, Role role) {}
