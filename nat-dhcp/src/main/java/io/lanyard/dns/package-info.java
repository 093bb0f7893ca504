/** The DNS forwarder. */
package io.lanyard.dns;
