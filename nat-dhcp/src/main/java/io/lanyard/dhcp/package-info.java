/** DHCPv4, and the leases that it gives. */
package io.lanyard.dhcp;
