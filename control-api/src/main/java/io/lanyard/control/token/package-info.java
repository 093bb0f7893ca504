/**
 * Who may use the API over TCP: a file of tokens, each with a name and a role.
 *
 * <p>A token is 256 random bits, shown once, when it is made. The file has its salted SHA-256: a
 * slow hash protects secrets that people choose, and nobody guesses 256 random bits.
 *
 * <pre>
 *   # name     role      salt                              SHA-256 of the salt and the token
 *   backup     viewer    9f86d081884c7d659a2feaa0c55ad015  2cf24dba5fb0a30e26e83b2ac5b9e29e...
 * </pre>
 */
package io.lanyard.control.token;
