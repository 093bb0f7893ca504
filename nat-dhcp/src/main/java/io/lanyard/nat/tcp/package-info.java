/** TCP: an endpoint towards the guest, spliced to a stream of the host. */
package io.lanyard.nat.tcp;
